import { useMemo } from 'react';
import type { LlcRecord } from '../analysis/llc-record';
import { count, counted, duration } from '../figure/number';
import { calibrationFigure, llcTraceFigure, MOST_CHAINS } from '../figure/llc-figure';
import { llcCsv } from '../store/csv';
import { download, stem } from './download';
import { ExperimentTable } from './ExperimentTable';
import { calibrationTable, llcWords, repeatsWords, settingsWords, short } from './llc-words';
import { LlcPlot } from './LlcPlot';
import { backendName } from './sentence';
import { readTheme } from './use-theme';

/** The value, whether to trust it, and what it rests on. */
export function LlcResult({ record, file, repeats, theme }: { record: LlcRecord; file: string | null; repeats: readonly LlcRecord[]; theme: string }) {
  const { problems, calibration, provenance, checkpoint, acceptance, effectiveDraws, chains } = record;
  // The theme's tokens are read from the document: its name stands for them.
  const traces = useMemo(() => llcTraceFigure({ record, theme: readTheme() }), [record, theme]);
  const sweep = useMemo(() => calibrationFigure({ record, theme: readTheme() }), [record, theme]);
  const scatter = repeatsWords(repeats);
  return (
    <section className="llc-result" aria-labelledby="llc-result-title">
      <div role="status">
        <h2 id="llc-result-title">LLC</h2>
        <p className="llc-value num" data-testid="llc-value" data-value={record.llc ?? ''} data-error={record.standardError ?? ''}>
          {llcWords(record)}
        </p>
        <div className={`llc-health${problems.length > 0 ? ' doubtful' : ''}`} data-testid="llc-health" data-problems={problems.length}>
          {problems.length > 0 ? (
            <>
              <p>
                <strong>{record.llc === null ? 'There is no value.' : 'Not to be trusted as it stands.'}</strong>
              </p>
              <ul>
                {problems.map((problem) => (
                  <li key={problem}>{problem}</li>
                ))}
              </ul>
            </>
          ) : (
            <p>
              <strong>The chains look right:</strong>{' '}
              {acceptance === null
                ? 'no drift, no divergence. Minibatches tell nothing of the acceptance, nor of dips under the initial loss.'
                : 'no drift, no divergence, no dips under the initial loss, steps of a good size.'}
            </p>
          )}
        </div>
      </div>
      <dl className="llc-facts">
        <Fact name="acceptance" value={acceptance === null ? 'unknown' : short(acceptance)} note={acceptance === null ? 'minibatches do not tell' : record.settings.adjusted ? 'of adjusted steps' : 'if steps were adjusted'} />
        <Fact name="independent draws" value={effectiveDraws === null ? '–' : `about ${count(Math.round(effectiveDraws))}`} note={`of ${count(chains.length * record.settings.draws)}`} />
        <Fact name="passes" value={count(Math.round(record.passes))} note={calibration ? `${count(Math.round(calibration.passes))} of them to calibrate` : 'forward and backward'} />
        <Fact name="time" value={duration(provenance.seconds)} note={backendName(provenance.backend)} />
        <Fact name="initial loss" value={record.initialLoss === null ? '–' : short(record.initialLoss)} note={record.probe.labels === 'own' ? 'on its own labels' : 'on the targets'} />
      </dl>
      {scatter !== null && (
        <p className="llc-repeats" data-testid="llc-repeats">
          {scatter}
        </p>
      )}
      <div className="experiment-plots">
        <LlcPlot
          title="Traces"
          name={checkpoint.name}
          figure={traces}
          alone={() => llcTraceFigure({ record, theme: readTheme(), title: `LLC traces · ${checkpoint.name}` })}
          label={`Traces of ${counted(chains.length, 'chain')}: nβ (loss − initial loss) against steps, burn-in shaded. The exported JSON has every point.`}
        >
          {chains.length > MOST_CHAINS && <p className="faint">{MOST_CHAINS} of {count(chains.length)} chains are drawn; the exported JSON has all.</p>}
        </LlcPlot>
        {sweep && calibration && (
          <LlcPlot title="Calibration" name={checkpoint.name} figure={sweep} alone={() => calibrationFigure({ record, theme: readTheme(), alone: true })!} label="LLC of short chains against step size, the chosen step marked. The table below has the numbers." />
        )}
      </div>
      {calibration && (
        <>
          <p className="llc-sentence" data-testid="llc-calibration">
            {calibration.sentence}
          </p>
          <div className="experiment-result">
            <ExperimentTable table={calibrationTable(record)} label="Calibration by step size" />
          </div>
        </>
      )}
      <div className="experiment-foot">
        <p className="muted" data-testid="llc-provenance">
          {file === null ? 'Sampled here' : <>Opened from <strong>{file}</strong>; sampled</>} by {provenance.app} on {backendName(provenance.backend)} ({provenance.device}). {settingsWords(record)}.
        </p>
        <div className="export-bar" role="group" aria-label="Export of the LLC">
          <span className="muted">Export</span>
          <button
            className="quiet"
            data-testid="export-llc-json"
            title="The whole record: opens here again"
            onClick={() => download(new Blob([JSON.stringify(record)], { type: 'application/json' }), `${stem(checkpoint.name)}.llc.json`)}
          >
            JSON
          </button>
          <button
            className="quiet"
            data-testid="export-llc-csv"
            title="Every repeat on a line"
            onClick={() => download(new Blob([llcCsv(repeats)], { type: 'text/csv' }), `${stem(checkpoint.name)}.llc.csv`)}
          >
            CSV
          </button>
        </div>
      </div>
    </section>
  );
}

function Fact({ name, value, note }: { name: string; value: string; note: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="num">{value}</dd>
      <dd className="faint">{note}</dd>
    </div>
  );
}
