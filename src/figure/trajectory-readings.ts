/** One reading of every layer along a trajectory: the selected layer strong, its fit drawn over the window, points that only bound it open. */
import type { AlongPoint, PathReading } from '../analysis/path-readings';
import { placeOf, positionOf, type PathAxis, type PathFit } from '../analysis/slopes';
import type { Trajectory } from '../analysis/trajectory';
import { plain, type Figure } from './figure';
import { decimal, scientific } from './number';
import { baseAxis, baseLayout, sideLooks, type Theme } from './theme';

export interface ReadingsFigureInput {
  trajectory: Pick<Trajectory, 'points' | 'path'>;
  axis: PathAxis;
  reading: PathReading;
  /** One line each: its fit, and its values point by point. */
  lines: readonly { fit: PathFit; values: readonly AlongPoint[] }[];
  /** Name of the selected layer. */
  selected: string | null;
  /** Point whose spectrum is shown elsewhere. */
  at: number | null;
  theme: Theme;
  /** Drawn above the plot (for exports). */
  title?: string;
}

const LOGARITHMIC: readonly PathReading[] = ['lambdaPlusMin', 'sigmaMin', 'trace', 'lambdaMax'];
const WORDS: Readonly<Record<PathReading, string>> = {
  logDetPlus: 'log det⁺',
  lambdaPlusMin: 'smallest kept eigenvalue',
  sigmaMin: 'smallest singular value',
  deficit: 'deficit',
  rank: 'rank',
  stableRank: 'stable rank',
  trace: 'trace',
  lambdaMax: 'largest eigenvalue',
};

export function readingsFigure({ trajectory, axis, reading, lines, selected, at, theme, title }: ReadingsFigureInput): Figure {
  const { points, path } = trajectory;
  const logX = axis !== 'step';
  const logY = LOGARITHMIC.includes(reading);
  const places = points.map((p) => placeOf(p, axis));
  // The selected layer is drawn last, on top.
  const ordered = [...lines].sort((a, b) => Number(a.fit.layer === selected) - Number(b.fit.layer === selected));
  const data = ordered.map(({ fit, values }) => line(fit, values));
  const strong = lines.find((l) => l.fit.layer === selected);
  const fitted = strong && fittedLine(strong.fit, reading, points, axis);
  if (fitted) {
    data.push({
      type: 'scatter',
      mode: 'lines',
      name: 'fit',
      x: fitted.x,
      y: fitted.y,
      line: { width: 1.5, color: theme.ink },
      hoverinfo: 'skip',
    });
  }
  const window = strong?.fit.window ?? null;
  const shown = at === null ? null : places[at];

  function line(fit: PathFit, values: readonly AlongPoint[]): Record<string, unknown> {
    const own = fit.layer === selected;
    const look = sideLooks[fit.side];
    const colour = own ? theme[look.colour] : theme.dead;
    const drawn = values.flatMap((v, i) => (v.value === null || places[i] === null || (logY && v.value <= 0) ? [] : [{ i, x: places[i]!, ...v, value: v.value }]));
    return {
      type: 'scatter',
      mode: own ? 'lines+markers' : 'lines',
      name: plain(fit.layer),
      x: drawn.map((d) => d.x),
      y: drawn.map((d) => d.value),
      opacity: own ? 1 : 0.45,
      line: { width: 1, color: colour, dash: look.dash },
      marker: { symbol: drawn.map((d) => (d.limitedBy ? `${look.symbol}-open` : look.symbol)), size: 7, color: colour },
      customdata: drawn.map(() => fit.layer),
      text: drawn.map((d) => {
        const { name, step, distance } = points[d.i]!;
        const place = path === 'line' ? '' : `<br>${step === null ? '' : `step ${step}, `}distance ${scientific(distance, 3)}`;
        return `${plain(fit.layer)} · ${plain(name)}${place}<br>${WORDS[reading]} ${d.limitedBy ? 'at most ' : ''}${logY ? scientific(d.value) : decimal(d.value)}`;
      }),
      hovertemplate: '%{text}<extra></extra>',
    };
  }

  return {
    data,
    layout: {
      ...baseLayout(theme, title === undefined ? undefined : plain(title)),
      // A drag chooses the points of the fit; plotly tells where it went.
      dragmode: 'select',
      selectdirection: 'h',
      newselection: { line: { color: theme.muted, width: 1, dash: 'dot' } },
      xaxis: {
        ...baseAxis(theme),
        type: logX ? 'log' : 'linear',
        // Training runs from left to right, so distances fall.
        autorange: axis === 'log distance' ? 'reversed' : true,
        showgrid: false,
        ...(logX ? { dtick: decadesOf(places) > 1.5 ? 1 : 'D2', exponentformat: 'power' } : { nticks: 7 }),
        title: { text: axisWords(axis, path), font: { size: 12, color: theme.muted }, standoff: 8 },
      },
      yaxis: {
        ...baseAxis(theme),
        type: logY ? 'log' : 'linear',
        ...(logY ? { exponentformat: 'power', nticks: 7 } : { nticks: 7 }),
        ...(reading === 'deficit' || reading === 'rank' ? { rangemode: 'tozero', tickformat: 'd' } : {}),
      },
      shapes: [
        ...(window ? [band(places, window, logX, theme)] : []),
        ...(shown === null || shown === undefined ? [] : [{ type: 'line', layer: 'below', yref: 'paper', y0: 0, y1: 1, x0: shown, x1: shown, line: { color: theme.dead, width: 1, dash: 'dot' } }]),
      ].flat(),
      annotations: [],
    },
  };
}

export function axisWords(axis: PathAxis, path: Trajectory['path']): string {
  if (path === 'line') return 'distance to the checkpoint along the line';
  return axis === 'log distance' ? 'distance of the parameters to the reference' : 'training step';
}

/** Decades that are drawn: where they are few, digits between the powers of ten are named too. */
function decadesOf(places: readonly (number | null)[]): number {
  const positive = places.filter((x): x is number => x !== null && x > 0);
  return positive.length === 0 ? 0 : Math.log10(Math.max(...positive) / Math.min(...positive));
}

/** The window, as a band behind the points. */
function band(places: readonly (number | null)[], [from, to]: readonly [number, number], logX: boolean, theme: Theme): Record<string, unknown>[] {
  const inside = places.slice(from, to + 1).filter((x): x is number => x !== null);
  if (inside.length === 0) return [];
  const [low, high] = [Math.min(...inside), Math.max(...inside)];
  const margin = logX ? 1.06 : (high - low) * 0.01;
  return [{ type: 'rect', layer: 'below', yref: 'paper', y0: 0, y1: 1, x0: logX ? low / margin : low - margin, x1: logX ? high * margin : high + margin, fillcolor: theme.band, line: { width: 0 } }];
}

/** The fitted line over its points, in the units of the plot; null where this reading has no fit. */
function fittedLine(fit: PathFit, reading: PathReading, points: readonly { step: number | null; distance: number }[], axis: PathAxis): { x: number[]; y: number[] } | null {
  const slope = reading === 'logDetPlus' ? fit.volume : reading === 'lambdaPlusMin' ? fit.smallest : null;
  if (!slope || fit.points.length === 0) return null;
  const ends = [fit.points[0]!, fit.points.at(-1)!].map((i) => positionOf(points[i]!, axis)!);
  const y = ends.map((x) => slope.intercept + slope.value * x);
  return { x: [fit.points[0]!, fit.points.at(-1)!].map((i) => placeOf(points[i]!, axis)!), y: reading === 'lambdaPlusMin' ? y.map(Math.exp) : y };
}
