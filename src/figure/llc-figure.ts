/** Pictures of a sampling: the trace of every chain, the LLC against the step size, and a curve of checkpoints with ours on it. */
import type { ExperimentPlot } from '../analysis/experiment-record';
import type { LlcComparison, LlcPoint } from '../analysis/llc-curve';
import type { LlcRecord } from '../analysis/llc-record';
import { experimentFigure } from './experiment-figure';
import { plain, type Figure } from './figure';
import { baseAxis, baseLayout, type Theme } from './theme';

/** More chains than these are no picture. */
export const MOST_CHAINS = 12;

const MARGIN = { l: 64, r: 16, t: 10, b: 46, pad: 0 };

/** n beta (loss - initial loss) of every chain against its steps, each point the mean of a block; the burn-in is shaded, the LLC dashed. */
export function llcTraceFigure({ record, theme, title }: { record: LlcRecord; theme: Theme; title?: string }): Figure {
  const { burnIn, draws } = record.settings;
  const data = record.chains.slice(0, MOST_CHAINS).map(({ opening, trace }, chain) => {
    const x = [...opening.means.map((_, k) => (k + 0.5) * opening.length), ...trace.means.map((_, k) => burnIn + (k + 0.5) * trace.length)];
    return {
      type: 'scatter',
      mode: 'lines',
      name: `chain ${chain + 1}`,
      x,
      y: [...opening.means, ...trace.means],
      line: { width: 1, color: theme.activation },
      opacity: Math.max(0.3, 0.9 - 0.1 * Math.min(record.chains.length, MOST_CHAINS)),
      hovertemplate: `chain ${chain + 1}<br>step %{x:.0f}<br>%{y:.4g}<extra></extra>`,
    };
  });
  const band = { type: 'rect', xref: 'x', yref: 'paper', x0: 0, x1: burnIn, y0: 0, y1: 1, fillcolor: theme.band, line: { width: 0 }, layer: 'below' };
  const level = { type: 'line', xref: 'x', yref: 'y', x0: burnIn, x1: burnIn + draws, y0: record.llc, y1: record.llc, line: { color: theme.ink, width: 1.5, dash: 'dash' } };
  const axis = (text: string) => ({ ...baseAxis(theme), nticks: 8, title: { text, font: { size: 12, color: theme.muted }, standoff: 8 } });
  return {
    data,
    layout: {
      ...baseLayout(theme, title === undefined ? undefined : plain(title)),
      margin: { ...MARGIN, t: title === undefined ? 10 : 48 },
      xaxis: { ...axis('step'), range: [0, burnIn + draws], showgrid: false },
      yaxis: { ...axis('nβ (loss − initial loss)'), zeroline: true, zerolinecolor: theme.hairline },
      shapes: [...(burnIn > 0 ? [band] : []), ...(record.llc === null ? [] : [level])],
      annotations: burnIn > 0 ? [{ xref: 'x', yref: 'paper', x: 0, y: 1, xanchor: 'left', yanchor: 'top', xshift: 4, showarrow: false, text: 'burn-in', font: { size: 11, color: theme.muted } }] : [],
    },
  };
}

/** The sweep of a calibration as a plot; null where there was none. */
export function calibrationPlot({ calibration }: LlcRecord): ExperimentPlot | null {
  if (!calibration) return null;
  const gammas = [...new Set(calibration.rows.map((row) => row.gamma))];
  return {
    title: 'LLC against step size',
    x: { title: 'step size ε', log: true },
    y: { title: 'LLC of short chains', log: false },
    series: gammas.map((gamma) => {
      const rows = calibration.rows.filter((row) => row.gamma === gamma).sort((a, b) => a.step - b.step);
      return {
        name: `γ = ${gamma}`,
        x: rows.map((row) => row.step),
        y: rows.map((row) => row.llc),
        error: rows.map((row) => row.standardError),
        labels: rows.map((row) => (row.acceptance === null ? '' : `acceptance ${Number(row.acceptance.toPrecision(3))}`)),
        mark: 'points' as const,
      };
    }),
  };
}

/** The sweep with a line at the step that was chosen. */
export function calibrationFigure({ record, theme, alone }: { record: LlcRecord; theme: Theme; alone?: boolean }): Figure | null {
  const plot = calibrationPlot(record);
  if (!plot) return null;
  const figure = experimentFigure({ plot, theme, alone });
  const x = Math.log10(record.settings.step);
  return {
    data: figure.data,
    layout: {
      ...figure.layout,
      shapes: [{ type: 'line', xref: 'x', yref: 'paper', x0: record.settings.step, x1: record.settings.step, y0: 0, y1: 1, line: { color: theme.ink, width: 1, dash: 'dot' }, layer: 'below' }],
      annotations: [{ xref: 'x', yref: 'paper', x, y: 1, xanchor: 'left', yanchor: 'top', xshift: 5, showarrow: false, text: 'chosen', font: { size: 11, color: theme.ink } }],
    },
  };
}

/** A curve with our values on it: against the number in the checkpoints' names where all have one of their own, else in the order of the file. */
export function curvePlot(points: readonly LlcPoint[], rows: readonly LlcComparison[]): ExperimentPlot {
  const numbers = points.map(({ checkpoint }) => Number(/(\d+(?:\.\d+)?)(?!.*\d)/.exec(checkpoint.replace(/\.[a-z]\w*$/i, ''))?.[1] ?? NaN));
  const numbered = numbers.every((n) => Number.isFinite(n)) && new Set(numbers).size === points.length;
  const at = new Map(points.map((point, i) => [point, numbered ? numbers[i]! : i + 1]));
  const order = [...points].sort((a, b) => at.get(a)! - at.get(b)!);
  const matched = rows.flatMap(({ checkpoint, ours, theirs }) => (theirs && ours.llc !== null ? [{ checkpoint, ours, x: at.get(theirs)! }] : []));
  return {
    title: 'LLC of the checkpoints',
    x: { title: numbered ? 'number in the checkpoint’s name' : 'line of the file', log: false },
    y: { title: 'LLC', log: false },
    series: [
      { name: 'imported', x: order.map((p) => at.get(p)!), y: order.map((p) => p.llc), error: order.map((p) => p.std), labels: order.map((p) => p.checkpoint), mark: 'points' },
      ...(matched.length > 0
        ? [{ name: 'sampled here', x: matched.map((m) => m.x), y: matched.map((m) => m.ours.llc), error: matched.map((m) => m.ours.standardError), labels: matched.map((m) => m.checkpoint), mark: 'points' as const }]
        : []),
    ],
  };
}
