/**
 * The straight line along a direction, on log-log axes: the directional Fisher F_u(t) with the line fitted to it, the window of the
 * fit, the divergence along the same line, and the floor as a band.
 */
import type { Direction, Sweep } from '../analysis/directions-schema';
import { plain, type Figure } from './figure';
import { decimal, scientific } from './number';
import { baseAxis, baseLayout, verdictLooks, type Theme } from './theme';

export interface SweepFigureInput {
  direction: Pick<Direction, 'verdict'> & { sweep: Sweep };
  theme: Theme;
  /** Few pixels: shorter words. */
  narrow?: boolean;
  /** Drawn above the plot (for exports). */
  title?: string;
}

type Range = [number, number];

export function sweepFigure({ direction, theme, narrow, title }: SweepFigureInput): Figure {
  const { points, floor, window } = direction.sweep;
  const look = verdictLooks[direction.verdict];
  const colour = theme[look.colour];
  const y = yRange(direction.sweep);
  const x: Range = points.length > 1 ? [Math.log10(points[0]!.t) - 0.15, Math.log10(points.at(-1)!.t) + 0.15] : [-4, 0];
  // Values that a log axis cannot show lie on its lower edge.
  const edge = 10 ** (y[0] + (y[1] - y[0]) * 0.012);
  const place = (value: number) => Math.max(value, edge);
  const used = (t: number) => window !== null && t >= window[0] && t <= window[1];

  const fisher = (inside: boolean) => {
    const list = points.filter((p) => used(p.t) === inside);
    return {
      type: 'scatter',
      mode: 'markers',
      name: inside ? 'F_u, in the window' : 'F_u, not fitted',
      x: list.map((p) => p.t),
      y: list.map((p) => place(p.fisher)),
      marker: {
        symbol: inside || look.symbol.endsWith('-open') ? look.symbol : `${look.symbol}-open`,
        size: 6,
        color: inside ? colour : theme.dead,
      },
      text: list.map((p) => {
        const estimate = p.estimate === null ? '' : `<br>k without a fit ${decimal(p.estimate, 4)}`;
        return `t = ${scientific(p.t, 3)}<br>F<sub>u</sub> = ${value(p.fisher, floor)}${estimate}`;
      }),
      hovertemplate: '%{text}<extra></extra>',
    };
  };
  const divergence = {
    type: 'scatter',
    mode: 'lines',
    name: 'KL',
    x: points.map((p) => p.t),
    y: points.map((p) => place(p.divergence)),
    line: { width: 1.5, color: theme.muted, dash: 'dot' },
    text: points.map((p) => `t = ${scientific(p.t, 3)}<br>KL = ${value(p.divergence, floor)}`),
    hovertemplate: '%{text}<extra></extra>',
  };
  const line = fittedLine(direction.sweep);
  const fit = line && {
    type: 'scatter',
    mode: 'lines',
    name: 'fit',
    x: line.map((p) => p.t),
    y: line.map((p) => place(p.fisher)),
    line: { width: 1.5, color: theme.ink },
    hoverinfo: 'skip',
  };

  const note = { showarrow: false, font: { size: 11, color: theme.muted } };
  const last = points.at(-1);
  return {
    data: [divergence, ...(fit ? [fit] : []), fisher(false), fisher(true)].filter((t) => t.x.length > 0),
    layout: {
      ...baseLayout(theme, title === undefined ? undefined : plain(title)),
      xaxis: {
        ...baseAxis(theme),
        type: 'log',
        range: x,
        dtick: 1,
        exponentformat: 'power',
        showgrid: false,
        tickfont: { family: theme.sans, size: 9, color: theme.muted },
        title: { text: 't, step along the straight line', font: { size: 12, color: theme.muted }, standoff: 8 },
      },
      yaxis: {
        ...baseAxis(theme),
        type: 'log',
        range: y,
        exponentformat: 'power',
        // Plotly prints powers a quarter larger than it is told.
        tickfont: { family: theme.sans, size: 9, color: theme.muted },
        dtick: Math.max(1, Math.ceil((y[1] - y[0]) / 7)),
      },
      shapes: [
        ...(floor > 0 ? [band(10 ** y[0], floor, theme), horizontal(floor, theme)] : []),
        ...(window ?? []).map((t) => vertical(t, theme)),
      ],
      annotations: [
        {
          ...note,
          font: { size: 12, color: direction.sweep.slope === null ? theme.muted : theme.ink },
          xref: 'paper',
          x: 0.02,
          xanchor: 'left',
          yref: 'paper',
          y: 0.98,
          yanchor: 'top',
          align: 'left',
          bgcolor: theme.paper,
          borderpad: 2,
          text: slopeWords(direction.sweep).replace('F_u', 'F<sub>u</sub>'),
        },
        ...(floor > 0
          ? [
              {
                ...note,
                xref: 'paper',
                x: 0.02,
                xanchor: 'left',
                y: Math.log10(floor),
                yanchor: 'top',
                yshift: -3,
                text: narrow ? `floor ${scientific(floor, 2)}` : `floor ${scientific(floor, 2)}: at or below it F<sub>u</sub> is roundoff`,
              },
            ]
          : []),
        ...(last && last.divergence > floor ? [label('KL', last.t, last.divergence, -14, note)] : []),
      ],
    },
  };
}

/** The fit in words, the same as in the readings: 'slope 2.00, 1.98 to 2.01'. */
export function slopeWords({ slope, interval, order, points, floor }: Sweep): string {
  if (slope === null) {
    return points.every((p) => p.fisher <= floor)
      ? 'F_u is at the floor along the whole line: no slope'
      : 'too few points above the floor for a slope';
  }
  const range = interval ? `, ${decimal(interval[0], 4)} to ${decimal(interval[1], 4)}` : '';
  return `slope ${decimal(slope, 4)}${range}: ${order === null ? 'no single whole order' : `order ${order} on the line`}`;
}

/** Ends of the fitted line over its window: least squares goes through the mean of the logarithms. */
function fittedLine({ points, window, slope }: Sweep): { t: number; fisher: number }[] | null {
  if (window === null || slope === null) return null;
  const used = points.filter((p) => p.t >= window[0] && p.t <= window[1] && p.fisher > 0);
  const mean = (of: (p: (typeof used)[number]) => number) => used.reduce((sum, p) => sum + Math.log(of(p)), 0) / used.length;
  const level = mean((p) => p.fisher) - slope * mean((p) => p.t);
  return window.map((t) => ({ t, fisher: Math.exp(level + slope * Math.log(t)) }));
}

/** Log10 range with all that is above the floor, and room below the floor for the band and its name. */
function yRange({ points, floor }: Sweep): Range {
  const seen = [floor, ...points.flatMap((p) => [p.fisher, p.divergence])].filter((v) => v >= floor && v > 0).map(Math.log10);
  if (seen.length === 0) return [-1, 1];
  const [low, high] = [Math.min(...seen), Math.max(...seen)];
  // At least some decades tall, so that a line at the floor looks like one.
  const room = Math.max(3 - (high - low) / 2, (high - low) * 0.13);
  return [low - room, high + room];
}

function value(x: number, floor: number): string {
  return x <= floor ? `${scientific(x, 2)}: roundoff` : scientific(x, 4);
}

function label(text: string, x: number, y: number, yshift: number, note: Record<string, unknown>): Record<string, unknown> {
  return { ...note, text, x: Math.log10(x), xanchor: 'right', y: Math.log10(y), yshift };
}

function band(y0: number, y1: number, theme: Theme): Record<string, unknown> {
  return { type: 'rect', layer: 'below', xref: 'paper', x0: 0, x1: 1, y0, y1, fillcolor: theme.band, line: { width: 0 } };
}

function horizontal(at: number, theme: Theme): Record<string, unknown> {
  return { type: 'line', layer: 'below', xref: 'paper', x0: 0, x1: 1, y0: at, y1: at, line: { color: theme.dead, width: 1 } };
}

function vertical(at: number, theme: Theme): Record<string, unknown> {
  return { type: 'line', layer: 'below', yref: 'paper', y0: 0, y1: 1, x0: at, x1: at, line: { color: theme.dead, width: 1, dash: 'dot' } };
}
