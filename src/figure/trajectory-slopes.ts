/**
 * Slope against rank deficit. On the left log det+, in units of the slope of one direction: the volume identity of paper A puts every
 * layer on the bar of its multiple r. On the right the smallest eigenvalue, which does not see r.
 */
import { multipleOf, type PathFit } from '../analysis/slopes';
import { plain, type Figure } from './figure';
import { decimal, uncertainty } from './number';
import { baseAxis, baseLayout, sideLooks, type Theme } from './theme';

export interface SlopesFigureInput {
  fits: readonly PathFit[];
  /** 'ratio': log det+ over one direction. 'smallest': the smallest kept eigenvalue alone. */
  quantity: 'ratio' | 'smallest';
  selected: string | null;
  theme: Theme;
}

/** Fits that have a place in these plots. */
export function plottedFits(fits: readonly PathFit[]): (PathFit & { ratio: NonNullable<PathFit['ratio']>; smallest: NonNullable<PathFit['smallest']> })[] {
  return fits.flatMap((f) => (f.ratio && f.smallest && multipleOf(f) > 0 ? [{ ...f, ratio: f.ratio, smallest: f.smallest }] : []));
}

export function slopesFigure({ fits, quantity, selected, theme }: SlopesFigureInput): Figure {
  const drawn = plottedFits(fits);
  const most = Math.max(1, ...drawn.map(multipleOf));
  // Half of the width of a group: layers of the same r stand side by side.
  const half = 0.3 * Math.max(1, most / 8);
  const seen = new Map<number, number>();
  const offsets = drawn.map((f) => {
    const r = multipleOf(f);
    const nth = seen.get(r) ?? 0;
    seen.set(r, nth + 1);
    return nth;
  });
  const groups = [false, true].map((own) => drawn.flatMap((f, i) => ((f.layer === selected) === own ? [{ f, offset: offsets[i]!, of: seen.get(multipleOf(f))! }] : [])));
  const data = groups.map((group, own) => ({
    type: 'scatter',
    mode: 'markers',
    name: own ? 'selected layer' : 'other layers',
    x: group.map(({ f, offset, of }) => multipleOf(f) + (of > 1 ? 1.2 * half * (offset / (of - 1) - 0.5) : 0)),
    y: group.map(({ f }) => f[quantity].value),
    error_y: { type: 'data', array: group.map(({ f }) => f[quantity].halfWidth), color: theme.muted, thickness: 1, width: 0 },
    marker: {
      // Open: it falls, but has not reached the floor.
      symbol: group.map(({ f }) => `${sideLooks[f.side].symbol}${(f.died ?? 0) > 0 ? '' : '-open'}`),
      size: own ? 10 : 8,
      color: group.map(({ f }) => (own ? theme[sideLooks[f.side].colour] : theme.dead)),
    },
    customdata: group.map(({ f }) => f.layer),
    text: group.map(({ f }) => {
      const { value, halfWidth } = f[quantity];
      const what = quantity === 'ratio' ? 'log det⁺ over one direction' : 'smallest eigenvalue';
      return `${plain(f.layer)} · ${sideLooks[f.side].word}<br>${what} ${decimal(value, 4)} ± ${uncertainty(halfWidth)}<br>r = ${multipleOf(f)}`;
    }),
    hovertemplate: '%{text}<extra></extra>',
  }));
  // One bar for each multiple: what log det+ should come to there.
  const multiples = quantity === 'ratio' ? [...seen.keys()] : [];
  return {
    data,
    layout: {
      ...baseLayout(theme),
      dragmode: false,
      xaxis: {
        ...baseAxis(theme),
        range: [1 - 2.3 * half, most + 2.3 * half],
        fixedrange: true,
        showgrid: false,
        tickformat: 'd',
        ...(most < 12 ? { dtick: 1 } : { nticks: 8 }),
        title: { text: 'rank deficit r', font: { size: 12, color: theme.muted }, standoff: 8 },
      },
      yaxis: {
        ...baseAxis(theme),
        fixedrange: true,
        nticks: 6,
        ...(quantity === 'ratio' ? { range: [0, 1.12 * Math.max(most, ...drawn.map((f) => f.ratio.value)) + 0.2], ...(most < 8 ? { dtick: 1 } : {}) } : { rangemode: 'tozero' }),
      },
      shapes: multiples.map((r) => ({ type: 'line', layer: 'below', x0: r - half, x1: r + half, y0: r, y1: r, line: { color: theme.ink, width: 1, dash: 'dot' } })),
      annotations: multiples.map((r) => ({ showarrow: false, font: { size: 11, color: theme.muted }, x: r - half, xanchor: 'right', xshift: -4, y: r, text: `predicted ${r}` })),
    },
  };
}
