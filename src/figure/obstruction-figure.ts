/** How much of a generic coefficient is left at each order: along the straight line, and along the best arc. */
import type { Direction } from '../analysis/directions-schema';
import { plain, type Figure } from './figure';
import { scientific } from './number';
import { baseAxis, baseLayout, verdictLooks, type Theme } from './theme';

export interface ObstructionFigureInput {
  direction: Pick<Direction, 'verdict' | 'order' | 'obstructions'>;
  theme: Theme;
  title?: string;
}

/** Log10 of the smallest size that is drawn in its place; what is smaller, zero included, lies on the lower edge. */
const LEAST = -17;

export function obstructionFigure({ direction, theme, title }: ObstructionFigureInput): Figure {
  const { obstructions, order, verdict } = direction;
  const look = verdictLooks[verdict];
  const sizes = obstructions.flatMap((o) => [o.line, o.lifted ?? 0]).filter((v) => v > 0).map(Math.log10);
  const high = Math.max(0, ...sizes) + 0.8;
  const low = LEAST - 1;
  const edge = 10 ** (LEAST - 0.6);
  const drawn = (size: number) => size >= 10 ** LEAST;
  const highest = obstructions.at(-1)?.order ?? 1;

  const trace = (name: string, list: { order: number; size: number }[], symbol: string, colour: string, dash: string) => ({
    type: 'scatter',
    mode: 'lines+markers',
    name,
    x: list.map((o) => o.order),
    y: list.map((o) => (drawn(o.size) ? o.size : edge)),
    line: { width: 1, color: colour, dash },
    marker: {
      symbol: list.map((o) => (drawn(o.size) || symbol.endsWith('-open') ? symbol : `${symbol}-open`)),
      size: 8,
      color: colour,
    },
    text: list.map((o) => `order ${o.order}, ${name}<br>${o.size > 0 ? scientific(o.size, 3) : 'exactly 0'}`),
    hovertemplate: '%{text}<extra></extra>',
  });
  return {
    data: [
      trace('straight line', obstructions.map((o) => ({ order: o.order, size: o.line })), 'triangle-up', theme.muted, 'dot'),
      trace(
        'arc',
        obstructions.flatMap((o) => (o.lifted === null ? [] : [{ order: o.order, size: o.lifted }])),
        look.symbol,
        theme[look.colour],
        'solid',
      ),
    ].filter((t) => t.x.length > 0),
    layout: {
      ...baseLayout(theme, title === undefined ? undefined : plain(title)),
      xaxis: {
        ...baseAxis(theme),
        type: 'linear',
        range: [0.5, highest + 0.5],
        dtick: 1,
        showgrid: false,
        fixedrange: true,
        title: { text: 'order of t', font: { size: 12, color: theme.muted }, standoff: 8 },
      },
      yaxis: {
        ...baseAxis(theme),
        type: 'log',
        range: [low, high],
        fixedrange: true,
        exponentformat: 'power',
        tickfont: { family: theme.sans, size: 9, color: theme.muted },
        dtick: Math.max(1, Math.ceil((high - low) / 6)),
      },
      shapes:
        order === null
          ? []
          : [
              {
                type: 'line',
                layer: 'below',
                yref: 'paper',
                y0: 0,
                y1: 1,
                x0: order,
                x1: order,
                line: { color: theme[look.colour], width: 1, dash: 'dot' },
              },
            ],
      annotations: [],
    },
  };
}
