import { useMemo } from 'react';
import { OVERVIEWS } from '../analysis/link';
import { overviewFigure } from '../figure/overview-figure';
import { shownReport, sidesOf, spectraByLayer } from '../store/report';
import { drawnSides, selectedLayer } from '../store/selection';
import { useApp, useStore } from './app-context';
import Plot from './Plot';
import { Segments } from './SpectrumPanel';
import { useSteady, useThrottled } from './use-steady';
import { readTheme } from './use-theme';

const words = { logDetPlus: 'log det⁺', deficit: 'deficit', heatmap: 'all spectra' };

/** A figure of all layers costs more than a row of the table: during a run it follows in steps of this many milliseconds. */
const STEP = 2500;
/** After a run the solvers first leave the processor. */
const SETTLE = 300;

export function Overview({ themeName }: { themeName: string }) {
  const store = useStore();
  const current = useApp(shownReport);
  const running = useApp((s) => s.running !== null);
  const report = useThrottled(current, running ? STEP : SETTLE);
  const selected = useApp(selectedLayer);
  const view = useApp((s) => s.view);
  const kind = view.overview;
  const sides = useSteady(drawnSides(view, sidesOf(report)));
  const figure = useMemo(
    () =>
      report
        ? overviewFigure({ kind, layers: report.layers, spectra: spectraByLayer(report), sides, selected, theme: readTheme() })
        : null,
    [report, kind, sides, selected, themeName],
  );
  return (
    <section className="overview" aria-labelledby="overview-title">
      <div className="plot-head">
        <h2 id="overview-title">All layers</h2>
        <Segments
          label="What to compare"
          value={kind}
          options={OVERVIEWS}
          words={words}
          onChoose={(next) => store.getState().look({ overview: next })}
        />
        {kind === 'heatmap' && sides[0] && (
          <span className="muted caption">{sides[0]} side, log10 of the eigenvalues over the largest; empty where dead</span>
        )}
      </div>
      <div className="plot-box small">
        {figure && (
          <Plot
            figure={figure}
            className="plot"
            label={`${words[kind]} of every layer. The table has the numbers.`}
            onPick={(name) => store.getState().select(name)}
          />
        )}
      </div>
    </section>
  );
}
