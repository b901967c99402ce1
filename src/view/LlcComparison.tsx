import { useMemo, useRef } from 'react';
import type { LlcRecord } from '../analysis/llc-record';
import { experimentFigure } from '../figure/experiment-figure';
import { curvePlot } from '../figure/llc-figure';
import { count, counted, duration } from '../figure/number';
import { comparisonOf } from '../store/llc';
import { shownReport } from '../store/report';
import { selectedLayer } from '../store/selection';
import { useApp, useStore } from './app-context';
import { ExperimentLegend } from './ExperimentLegend';
import { ExperimentTable } from './ExperimentTable';
import { costTable, curveTable, ddsPasses, ddsSeconds } from './llc-words';
import { LlcPlot } from './LlcPlot';
import { readTheme } from './use-theme';

/** Spectra beside the LLC, and the LLC beside a curve that was made elsewhere. */
export function LlcComparison({ record, theme }: { record: LlcRecord | null; theme: string }) {
  const report = useApp(shownReport);
  const layer = useApp(selectedLayer);
  const table = useMemo(() => costTable(report, layer, record), [report, layer, record]);
  return (
    <>
      <section className="llc-comparison experiment-result" aria-labelledby="llc-comparison-title" data-testid="llc-comparison">
        <h2 id="llc-comparison-title">Beside the spectra</h2>
        <p className="muted">
          {record && report && report.spectra.length > 0 ? (
            <>
              All spectra of all layers together took {passWords(ddsPasses(report))} and {duration(ddsSeconds(report))}; the LLC took {count(Math.round(record.passes))} passes and {duration(record.provenance.seconds)}.{' '}
            </>
          ) : null}
          They measure different things: compare how each moves from checkpoint to checkpoint, against its spread.
        </p>
        <ExperimentTable table={table} label="Value, spread, passes and time of each reading" />
        <p className="faint">A pass is one forward and backward run over the probe. Spreads of spectra are jackknife errors over samples; that of the LLC is over chains.</p>
      </section>
      <Curve theme={theme} />
    </>
  );
}

function passWords(backward: number): string {
  return backward === 1 ? 'one pass' : `one forward and ${count(backward)} backward passes (the exact Fisher)`;
}

function Curve({ theme }: { theme: string }) {
  const store = useStore();
  const curve = useApp((s) => s.llcCurve);
  const llcResults = useApp((s) => s.llcResults);
  const input = useRef<HTMLInputElement>(null);
  const rows = useMemo(() => comparisonOf({ llcResults, llcCurve: curve }), [llcResults, curve]);
  const plot = useMemo(() => curve && curvePlot(curve.points, rows), [curve, rows]);
  const figure = useMemo(() => plot && experimentFigure({ plot, theme: readTheme() }), [plot, theme]);
  return (
    <section className="llc-curve" aria-labelledby="llc-curve-title">
      <h2 id="llc-curve-title">Beside a curve made elsewhere</h2>
      <p className="muted">
        {curve ? (
          <span data-testid="llc-curve-words">
            <strong>{curve.file}</strong>: {counted(curve.points.length, 'checkpoint')}. A checkpoint that was sampled here meets the line of its name.{' '}
          </span>
        ) : (
          <>
            CSV with the header <code>checkpoint,llc,std</code>, from devinterp or any other sampler.{' '}
          </>
        )}
        <button className="textual" data-testid="llc-import" onClick={() => input.current?.click()}>
          {curve ? 'Import another' : 'Import'}
        </button>
        {curve ? (
          <>
            {' '}
            <button className="textual" onClick={() => store.getState().forgetLlcCurve()}>
              Close
            </button>
          </>
        ) : (
          ' it, or drop it anywhere.'
        )}
      </p>
      <input
        ref={input}
        type="file"
        hidden
        accept=".csv,text/csv"
        data-testid="llc-curve-input"
        aria-label="Curve of local learning coefficients"
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) void store.getState().takeLlcCurves([{ file, name: /\.csv$/i.test(file.name) ? file.name : `${file.name}.csv` }]);
          event.target.value = '';
        }}
      />
      {plot && figure && (
        <LlcPlot
          title={plot.title}
          name={curve!.file}
          figure={figure}
          alone={() => experimentFigure({ plot, theme: readTheme(), alone: true })}
          label={`LLC of ${counted(curve!.points.length, 'checkpoint')} with error bars, imported from ${curve!.file}, and those that were sampled here.`}
        >
          <ExperimentLegend plot={plot} />
        </LlcPlot>
      )}
      {curve && rows.length > 0 && (
        <div className="experiment-result" data-testid="llc-curve-table">
          <ExperimentTable table={curveTable(rows)} label="LLC sampled here beside the imported one" />
        </div>
      )}
    </section>
  );
}
