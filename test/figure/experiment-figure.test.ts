import { describe, expect, it } from 'vitest';
import type { ExperimentPlot } from '../../src/analysis/experiment-record';
import { MOST_DRAWN, experimentFigure, seriesLooks, strideOf } from '../../src/figure/experiment-figure';
import { fakeRecord } from '../view/fake-experiments';
import { theme } from './theme';

interface Trace {
  name: string;
  mode: string;
  x: (number | null)[];
  y: (number | null)[];
  text: string[];
  line: { dash: string; color: string };
  marker: { color: string; symbol: string };
  error_y: { array: number[]; arrayminus: number[]; symmetric: boolean };
}
interface Axis {
  type: string;
  range: [number, number];
  dtick?: number;
  tickvals?: number[];
  title: { text: string };
}

const plot = fakeRecord().plots[0]!;
const draw = (of: ExperimentPlot, alone = false) => {
  const { data, layout } = experimentFigure({ plot: of, theme, alone });
  return { traces: data as unknown as Trace[], x: layout.xaxis as Axis, y: layout.yaxis as Axis, layout };
};
const axis = (log: boolean) => ({ title: 'a', log });
const one = (series: Partial<ExperimentPlot['series'][number]>, log = { x: false, y: false }): ExperimentPlot => ({
  title: 't',
  x: axis(log.x),
  y: axis(log.y),
  series: [{ name: 's', x: [1, 2, 3], y: [1, 2, 3], mark: 'points', ...series }],
});

describe('experimentFigure', () => {
  it('draws points with their bars, lines, and theory dashed in the colour of what it is the theory of', () => {
    const { traces, x, y } = draw(plot);
    expect(traces.map((t) => t.mode)).toEqual(['markers', 'lines', 'lines', 'lines']);
    expect(traces[0]).toMatchObject({ y: [-9, -7, null, -2], marker: { color: theme.activation, symbol: 'circle' }, error_y: { array: [0.5, 0, 0.2, 0.1] } });
    expect(traces[1]!.line).toMatchObject({ color: theme.fisher, dash: 'solid' });
    expect(traces.slice(2).map((t) => t.line)).toMatchObject([{ color: theme.activation, dash: 'dash' }, { color: theme.fisher, dash: 'dash' }]);
    expect([x.type, y.type]).toEqual(['log', 'linear']);
    expect(x.range[0]).toBeLessThan(-4);
    expect(x.range[1]).toBeGreaterThan(-1);
    expect(y.range[0]).toBeLessThan(-18.4);
    expect(y.range[1]).toBeGreaterThan(-1.9);
  });

  it('gives what has the same name the same colour, and theory of everything none', () => {
    const mark = (name: string, kind: 'points' | 'line' | 'dashed') => ({ name, x: [1], y: [1], mark: kind });
    const looks = seriesLooks({ series: [mark('a', 'points'), mark('a', 'line'), mark('b', 'points'), mark('b', 'dashed'), mark('limit', 'dashed')] });
    expect(looks.map((l) => l.colour)).toEqual(['activation', 'activation', 'fisher', 'fisher', 'muted']);
    expect(looks.map((l) => l.symbol)).toEqual(['circle', null, 'square', null, null]);
  });

  it('tells up to thirty series of points apart', () => {
    const series = Array.from({ length: 30 }, (_, i) => ({ name: `s${i}`, x: [1], y: [1], mark: 'points' as const }));
    expect(new Set(seriesLooks({ series }).map((l) => `${l.colour} ${l.symbol}`)).size).toBe(30);
  });

  it('leaves a gap where a log axis has no place, and keeps whiskers on it', () => {
    const { traces, y } = draw(one({ y: [-1, 0, 1e-3], error: [1, 1, 5] }, { x: false, y: true }));
    expect(traces[0]!.y).toEqual([null, null, 1e-3]);
    expect(traces[0]!.error_y.arrayminus[2]).toBeCloseTo(0.9e-3, 12);
    expect(y.range[0]).toBeGreaterThan(-5);
    expect(y.range[1]).toBeGreaterThan(Math.log10(5));
  });

  it('has ticks where they can be read: powers over decades, else 1, 2, 5, and a few values of its own across', () => {
    const log = (y: number[]) => draw(one({ y }, { x: false, y: true })).y;
    expect(log([2, 3, 5]).tickvals).toEqual([2, 5]);
    expect(log([1e-20, 1, 5]).dtick).toBe(4);
    const across = (x: number[], isLog: boolean) => draw(one({ x, y: x }, { x: isLog, y: false })).x;
    expect(across([8, 16, 32], true)).toMatchObject({ tickvals: [8, 16, 32], ticktext: ['8', '16', '32'] });
    expect(across([8, 8.1, 64], true).tickvals).toEqual([10, 20, 50]);
    expect(across([1, 2, 4], false).dtick).toBe(1);
    expect(across([1, 2.5, 4], false).dtick).toBeUndefined();
  });

  it.each([
    ['nothing', [], []],
    ['one point', [3], [4]],
    ['gaps only', [1, 2], [null, null]],
    ['enormous numbers', [-1.7e308, 1.7e308], [1.7e308, -1.7e308]],
  ])('has finite axes that are not empty for %s', (_, x, y) => {
    for (const log of [true, false]) {
      const figure = draw(one({ x, y }, { x: log, y: log }));
      for (const { range } of [figure.x, figure.y]) {
        expect(range.every(Number.isFinite)).toBe(true);
        expect(range[1]).toBeGreaterThan(range[0]);
      }
    }
  });

  it('says label, series and numbers of a point, as data and never as markup', () => {
    const { traces } = draw({ ...plot, series: [{ ...plot.series[0]!, name: '<b>$x$%{y}', labels: ['<img>', 'b', 'c', 'd'] }, plot.series[1]!] });
    expect(traces[0]!.text[0]).toBe('&lt;img&gt;<br>&lt;b&gt;&#36;x&#36;%&#123;y}<br>distance 0.0001<br>log det+ -9 ± 0.5');
    expect(traces[0]!.name).not.toContain('<');
  });

  it('thins what would be a page of markers, ends included', () => {
    const n = 10_000;
    const many = one({ x: Array.from({ length: n }, (_, i) => i), y: Array.from({ length: n }, (_, i) => i) });
    expect(strideOf(many)).toBe(4);
    const [trace] = draw(many).traces;
    expect(trace!.x.length).toBeLessThanOrEqual(MOST_DRAWN + 1);
    expect([trace!.x[0], trace!.x.at(-1)]).toEqual([0, n - 1]);
    expect(trace!.text).toHaveLength(trace!.x.length);
  });

  it('carries title and legend where it stands alone', () => {
    const alone = draw(plot, true).layout as { title: { text: string }; showlegend: boolean };
    expect(alone).toMatchObject({ title: { text: plot.title }, showlegend: true });
    expect(draw(plot).layout).toMatchObject({ showlegend: false });
  });
});
