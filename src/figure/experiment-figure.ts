/**
 * A plot of an experiment: measured points with their error bars and lines, and what theory or the paper says as dashed lines. Series are told
 * apart by colour and marker; a dashed line has the colour of the series that it is the theory of.
 */
import type { ExperimentPlot } from '../analysis/experiment-record';
import { plain, type Figure } from './figure';
import { uncertainty } from './number';
import { baseAxis, baseLayout, type Theme } from './theme';

export interface ExperimentFigureInput {
  plot: ExperimentPlot;
  theme: Theme;
  /** For exports: the plot's own title and its legend are drawn with it. */
  alone?: boolean;
}

export interface SeriesLook {
  colour: keyof Pick<Theme, 'activation' | 'fisher' | 'singular' | 'gauge' | 'ink' | 'muted'>;
  /** Null on lines. */
  symbol: 'circle' | 'square' | 'diamond' | 'triangle-up' | 'cross' | 'x' | null;
  dash: 'solid' | 'dash' | 'dot' | 'dashdot';
}

type Series = ExperimentPlot['series'][number];
type Axis = ExperimentPlot['x'];
type Range = [number, number];

const COLOURS = ['activation', 'fisher', 'gauge', 'singular', 'ink'] as const;
const SYMBOLS = ['circle', 'square', 'diamond', 'triangle-up', 'cross', 'x'] as const;
const DASHES = ['dash', 'dot', 'dashdot'] as const;
/** More points than this in one plot are thinned evenly: a page of markers is no picture. */
export const MOST_DRAWN = 3000;

/** One look for each series; series of the same name share a colour. */
export function seriesLooks({ series }: Pick<ExperimentPlot, 'series'>): SeriesLook[] {
  const ours = [...new Set(series.filter((s) => s.mark !== 'dashed').map((s) => s.name))];
  const theirs = [...new Set(series.filter((s) => s.mark === 'dashed').map((s) => s.name))].filter((name) => !ours.includes(name));
  return series.map(({ name, mark }) => {
    const other = theirs.indexOf(name);
    // Theory with a name of its own: of the series in the same place, where each has one; else of none.
    if (other >= 0 && theirs.length !== ours.length) return { colour: 'muted', symbol: null, dash: DASHES[other % DASHES.length]! };
    const at = other >= 0 ? other : ours.indexOf(name);
    const colour = COLOURS[at % COLOURS.length]!;
    if (mark === 'dashed') return { colour, symbol: null, dash: 'dash' };
    if (mark === 'line') return { colour, symbol: null, dash: at < COLOURS.length ? 'solid' : 'dashdot' };
    return { colour, symbol: SYMBOLS[at % SYMBOLS.length]!, dash: 'solid' };
  });
}

/** Every how many points one is drawn. */
export function strideOf({ series }: Pick<ExperimentPlot, 'series'>): number {
  return Math.max(1, Math.ceil(series.reduce((n, s) => n + s.x.length, 0) / MOST_DRAWN));
}

export function experimentFigure({ plot, theme, alone }: ExperimentFigureInput): Figure {
  const looks = seriesLooks(plot);
  const stride = strideOf(plot);
  const named = plot.series.length > 1;
  const across = plot.series.map(({ x }) => x);
  return {
    data: plot.series.map((series, i) => trace(thinned(series, stride), looks[i]!, plot, theme)),
    layout: {
      ...baseLayout(theme, alone ? plain(plot.title) : undefined),
      margin: { l: 64, r: 16, t: alone ? 48 : 10, b: 46, pad: 0 },
      ...(alone && named ? { showlegend: true, legend: { font: { size: 12, color: theme.ink }, bgcolor: 'rgba(0,0,0,0)' } } : {}),
      xaxis: axis(plot.x, rangeOf(plot.x, across), theme, across.flat(), true),
      yaxis: axis(plot.y, rangeOf(plot.y, plot.series.flatMap(bounds(plot.y))), theme, [], false),
    },
  };
}

function trace({ name, x, y, error, labels, mark }: Series, { colour, symbol, dash }: SeriesLook, plot: ExperimentPlot, theme: Theme): Record<string, unknown> {
  const onAxis = (value: number | null, { log }: Axis) => (value === null || !Number.isFinite(value) || (log && value <= 0) ? null : value);
  const text = x.map((at, i) => hover(plot, { name, x: at, y: y[i]!, error: error?.[i] ?? null, label: labels?.[i] ?? null }));
  return {
    type: 'scatter',
    mode: mark === 'points' ? 'markers' : 'lines',
    name: plain(name),
    x: x.map((v) => onAxis(v, plot.x)),
    y: y.map((v) => onAxis(v, plot.y)),
    connectgaps: false,
    ...(symbol
      ? { marker: { symbol, size: symbol === 'diamond' || symbol === 'triangle-up' ? 8 : 7, color: theme[colour], line: { width: 1, color: theme.paper } } }
      : { line: { width: mark === 'dashed' ? 1.5 : 2, color: theme[colour], dash } }),
    ...(error ? { error_y: whiskers(y, error, plot.y, theme[colour]) } : {}),
    text,
    hovertemplate: '%{text}<extra></extra>',
  };
}

/** On a log axis a whisker that would reach zero ends a decade below its point. */
function whiskers(y: readonly (number | null)[], error: readonly (number | null)[], { log }: Axis, color: string): Record<string, unknown> {
  const array = error.map((e) => e ?? 0);
  const arrayminus = array.map((e, i) => (log ? Math.min(e, 0.9 * Math.max(0, y[i] ?? 0)) : e));
  return { type: 'data', symmetric: false, array, arrayminus, color, thickness: 1.2, width: 3 };
}

function hover(plot: ExperimentPlot, point: { name: string; x: number; y: number | null; error: number | null; label: string | null }): string {
  const number = (v: number) => String(Number(v.toPrecision(5)));
  const bar = point.error === null ? '' : ` ± ${uncertainty(point.error)}`;
  const lines = [
    point.label,
    plot.series.length > 1 ? point.name : null,
    `${plot.x.title} ${number(point.x)}`,
    `${plot.y.title} ${point.y === null ? '–' : number(point.y)}${bar}`,
  ];
  return lines.flatMap((line) => (line ? [plain(line.slice(0, 200))] : [])).join('<br>');
}

function axis(of: Axis, range: Range, theme: Theme, values: readonly number[], across: boolean): Record<string, unknown> {
  return {
    ...baseAxis(theme),
    type: of.log ? 'log' : 'linear',
    ...(of.log ? logTicks(range, values, theme) : linearTicks(range, values)),
    range,
    showgrid: !across,
    title: { text: plain(of.title.slice(0, 120)), font: { size: 12, color: theme.muted }, standoff: 8 },
  };
}

/** At the values themselves where they are few and far enough apart; at powers of ten over many decades; else at 1, 2, 5. */
function logTicks([low, high]: Range, values: readonly number[], theme: Theme): Record<string, unknown> {
  const span = high - low;
  const at = (tickvals: number[]) => ({ tickmode: 'array', tickvals, ticktext: tickvals.map(String) });
  const own = [...new Set(values)].filter((v) => v > 0).sort((a, b) => a - b);
  const apart = own.every((v, i) => i === 0 || Math.log10(v / own[i - 1]!) > span / 12);
  if (own.length > 1 && apart && own.every((v) => String(v).length <= 6)) return at(own);
  if (span > 1.5) {
    // Plotly prints powers a quarter larger than it is told.
    return { exponentformat: 'power', dtick: Math.max(1, Math.ceil(span / 7)), tickfont: { family: theme.sans, size: 9, color: theme.muted } };
  }
  const steps: number[] = [];
  for (let k = Math.floor(low); k <= high; k++) for (const m of [1, 2, 5]) steps.push(Number(`${m}e${k}`));
  const seen = steps.filter((v) => Math.log10(v) >= low && Math.log10(v) <= high);
  return seen.length > 1 ? at(seen) : { nticks: 6 };
}

/** Whole numbers have no ticks between them. */
function linearTicks([low, high]: Range, values: readonly number[]): Record<string, unknown> {
  const whole = values.length > 0 && values.every(Number.isInteger);
  return whole && high - low <= 12 ? { dtick: 1 } : { nticks: 8 };
}

/** The values that a vertical axis must hold: points with both ends of their bars; on log axes the lower end only where it is near. */
function bounds({ log }: Axis): (series: Series) => (number | null)[][] {
  return ({ y, error }) => [
    y,
    ...(error
      ? [
          y.map((v, i) => (v === null ? null : v + (error[i] ?? 0))),
          y.map((v, i) => (v === null ? null : log ? Math.max(v - (error[i] ?? 0), v / 10) : v - (error[i] ?? 0))),
        ]
      : []),
  ];
}

/** In plotly's units: log10 on log axes. All finite values with some room. */
function rangeOf({ log }: Axis, lists: readonly (readonly (number | null)[])[]): Range {
  let low = Infinity;
  let high = -Infinity;
  for (const list of lists) {
    for (const v of list) {
      // What is nearly infinite leaves no room around it.
      if (v === null || !(Math.abs(v) < 1e300) || (log && v <= 0)) continue;
      const at = log ? Math.log10(v) : v;
      low = Math.min(low, at);
      high = Math.max(high, at);
    }
  }
  if (low > high) return log ? [-1, 1] : [0, 1];
  const least = log ? 0.3 : 0.05 * Math.max(Math.abs(low), Math.abs(high)) || 1;
  const room = Math.max(0.06 * (high - low), high - low < least ? least / 2 : 0);
  return [low - room, high + room];
}

function thinned(series: Series, stride: number): Series {
  if (stride === 1) return series;
  const last = series.x.length - 1;
  const kept = <T>(list: T[]) => list.filter((_, i) => i % stride === 0 || i === last);
  const { x, y, error, labels } = series;
  return { ...series, x: kept(x), y: kept(y), ...(error ? { error: kept(error) } : {}), ...(labels ? { labels: kept(labels) } : {}) };
}
