import { useMemo } from 'react';
import { count, scientific } from '../figure/number';
import { sideLooks } from '../figure/theme';
import { shownReport, spectraByLayer } from '../store/report';
import { focusSpectrum, selectedLayer } from '../store/selection';
import { thresholdOf } from '../store/settings';
import { useApp, useStore } from './app-context';
import { glossary, type TermName } from './glossary';
import { limitWords, ReadingValue, Uncertainty } from './Numeral';
import { digitsWords, spectrumSentence } from './sentence';
import { Segments } from './SpectrumPanel';
import { Term } from './Term';

/** The selected spectrum in numbers, each with its uncertainty or the reason why it is limited. */
export function Readings() {
  const store = useStore();
  const report = useApp(shownReport);
  const layer = useApp(selectedLayer);
  const view = useApp((s) => s.view);
  const threshold = useApp(thresholdOf);
  const spectra = useMemo(() => spectraByLayer(report).get(layer ?? '') ?? [], [report, layer]);
  const spectrum = focusSpectrum(view, spectra);
  const sides = spectra.map((s) => s.tap.side);
  return (
    <aside className="right" aria-label="Readings of the selected layer">
      <h2>
        Readings <span className="of">{layer}</span>
      </h2>
      {sides.length > 1 && spectrum && (
        <Segments
          label="Side"
          value={spectrum.tap.side}
          options={sides}
          words={Object.fromEntries(sides.map((s) => [s, sideLooks[s].word]))}
          onChoose={(side) => store.getState().focusSide(side)}
        />
      )}
      {spectrum ? (
        <>
          <dl className="readings">
            {spectrum.readings.map((reading) => (
              <div
                key={reading.name}
                data-testid={`reading-${reading.name}`}
                data-value={reading.value ?? ''}
                data-limited={reading.limitedBy ?? ''}
              >
                <dt>{reading.name in glossary ? <Term name={reading.name as TermName} /> : reading.name}</dt>
                <dd>
                  <ReadingValue reading={reading} />
                </dd>
                <dd className="reason">
                  {reading.value === null ? (
                    'does not exist here'
                  ) : reading.limitedBy ? (
                    limitWords[reading.limitedBy]
                  ) : reading.uncertainty !== null ? (
                    <Term name="uncertainty">
                      <Uncertainty reading={reading} />
                    </Term>
                  ) : (
                    ''
                  )}
                </dd>
              </div>
            ))}
            <div data-testid="reading-floor" data-value={spectrum.floor}>
              <dt>
                <Term name="floor" />
              </dt>
              <dd className="num">{scientific(spectrum.floor, 2)}</dd>
              <dd className="reason">
                {spectrum.eigenvalues[0]! > 0
                  ? `${scientific(spectrum.floor / spectrum.eigenvalues[0]!, 2)} of the largest, ${digitsWords(spectrum.digits)}`
                  : ''}
              </dd>
            </div>
            <div>
              <dt>
                <Term name="rows" /> · <Term name="width" />
              </dt>
              <dd className="num">
                {count(spectrum.rows)} · {count(spectrum.dimension)}
              </dd>
              <dd className="reason">{spectrum.sampleLimited ? 'fewer rows than units' : ''}</dd>
            </div>
          </dl>
          <h2>In one sentence</h2>
          <p data-testid="sentence">{spectrumSentence(spectrum, threshold)}</p>
          <p className="faint method">{spectrum.method}</p>
        </>
      ) : (
        <p className="muted">The numbers of the selected layer appear here when it is finished.</p>
      )}
    </aside>
  );
}
