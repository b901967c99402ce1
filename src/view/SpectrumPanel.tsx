import { useMemo } from 'react';
import type { Side, Spectrum } from '../analysis/report';
import { spectrumFigure } from '../figure/spectrum-figure';
import { sideLooks } from '../figure/theme';
import { shownReport, sidesOf, spectraByLayer } from '../store/report';
import { drawnSides, selectedLayer } from '../store/selection';
import { thresholdOf } from '../store/settings';
import type { App } from '../store/store';
import { useApp, useStore } from './app-context';
import { DigitsControl } from './DigitsControl';
import Plot from './Plot';
import { spectrumSentence } from './sentence';
import { Term } from './Term';
import { ThresholdControl } from './ThresholdControl';
import { useSteady } from './use-steady';
import { readTheme } from './use-theme';

/** Spectra of the selected layer that are to be drawn, in the order of their sides. */
export function drawnSpectra(state: App): Spectrum[] {
  const layer = selectedLayer(state);
  const spectra = spectraByLayer(shownReport(state)).get(layer ?? '') ?? [];
  const sides = drawnSides(
    state.view,
    spectra.map((s) => s.tap.side),
  );
  return spectra.filter((s) => sides.includes(s.tap.side));
}

const narrow = matchMedia('(max-width: 1240px)');

export function SpectrumPanel({ themeName }: { themeName: string }) {
  const store = useStore();
  const layer = useApp(selectedLayer);
  const view = useApp((s) => s.view);
  const threshold = useApp(thresholdOf);
  const report = useApp(shownReport);
  const running = useApp((s) => s.running !== null);
  const spectra = useSteady(useMemo(() => drawnSpectra(store.getState()), [store, report, view, layer]));
  const available = useSteady(sidesOf(report));
  const { scale, index, range } = view;
  const figure = useMemo(
    () => spectrumFigure({ spectra, view: { scale, index, range }, threshold, theme: readTheme(), narrow: narrow.matches }),
    // The theme's tokens are read from the document: its name stands for them.
    [spectra, scale, index, range, threshold, themeName],
  );
  const skipped = report?.skipped.filter((s) => s.layer === layer) ?? [];
  const label = `Spectrum of ${layer ?? 'no layer'}. ${spectra.map((s) => spectrumSentence(s, threshold)).join(' ')} The table below has the numbers.`;
  const { look } = store.getState();
  return (
    <section className="spectrum" aria-labelledby="spectrum-title">
      <div className="plot-head">
        <h1 id="spectrum-title" title={layer ?? undefined}>
          {layer ?? 'No layer'}
        </h1>
        <span className="muted caption">eigenvalues{scale === 'relative' ? ', relative to the largest' : ''}</span>
        <span className="spread" />
        <span className="side-toggles">
          {available.map((side) => (
            <SideToggle key={side} side={side} on={drawnSides(view, available).includes(side)} available={available} />
          ))}
        </span>
      </div>
      <div className="plot-box">
        {spectra.length > 0 ? (
          <Plot figure={figure} label={label} className="plot" onRange={(next) => look({ range: next })} />
        ) : (
          <p className="plot-empty muted">
            {skipped.length > 0
              ? skipped.map((s) => s.reason).join(' ')
              : running
                ? 'This layer has not been reached yet: it fills in here.'
                : 'There is no spectrum of this layer in this analysis.'}
          </p>
        )}
      </div>
      <div className="plot-foot">
        <Segments
          label="Scale"
          value={scale}
          options={['relative', 'absolute']}
          onChoose={(next) => look({ scale: next, range: null })}
        />
        <Segments
          label="Index"
          value={index}
          options={['linear', 'log']}
          onChoose={(next) => look({ index: next, range: null })}
        />
        {range && (
          <button className="quiet" onClick={() => look({ range: null })}>
            Whole range
          </button>
        )}
        <span className="spread" />
        <DigitsControl usual={spectra[0]?.digits ?? null} />
        <ThresholdControl />
      </div>
    </section>
  );
}

function SideToggle({ side, on, available }: { side: Side; on: boolean; available: readonly Side[] }) {
  const store = useStore();
  return (
    <button className={`side-toggle ${side}`} aria-pressed={on} onClick={() => store.getState().toggleSide(side, available)}>
      <SideMark side={side} />
      <Term name={side} focusable={false}>
        {sideLooks[side].word}
      </Term>
    </button>
  );
}

/** The marker that stands for a side in the plot. */
export function SideMark({ side }: { side: Side }) {
  const shapes = {
    circle: <circle cx="5" cy="5" r="4" />,
    square: <rect x="1.2" y="1.2" width="7.6" height="7.6" />,
    diamond: <path d="M5 0 10 5 5 10 0 5z" />,
    'triangle-up': <path d="M5 1 9.5 9h-9z" />,
  };
  return (
    <svg className={`mark ${side}`} width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      {shapes[sideLooks[side].symbol]}
    </svg>
  );
}

export function Segments<T extends string>({
  label,
  value,
  options,
  words,
  onChoose,
}: {
  label: string;
  value: T;
  options: readonly T[];
  words?: Partial<Record<T, string>>;
  onChoose: (value: T) => void;
}) {
  return (
    <div className="segments" role="group" aria-label={label}>
      {options.map((option) => (
        <button key={option} aria-pressed={option === value} onClick={() => onChoose(option)}>
          {words?.[option] ?? option}
        </button>
      ))}
    </div>
  );
}
