/** The table of constructed cells: every order and verdict, in every basis. Prints it. */
import { describe, expect, it } from 'vitest';
import { ArcMap } from '../../src/direction/arc-map';
import { readRate } from '../../src/direction/rate';
import { Random } from '../../src/base/random';
import { moved } from '../../src/experiment/cell';
import { CELLS } from '../../src/experiment/cells/registry';
import { randomChart } from '../../src/experiment/chart';
import type { CellReading } from '../../src/experiment/read-cells';
import { cells, isRight } from '../../src/experiment/recipes/cells';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { cpuOps } from '../../src/numerics/cpu/ops';

const ops = cpuOps();

describe('constructed cells', () => {
  it('have names of their own', () => {
    expect(new Set(CELLS.map((c) => c.name)).size).toBe(CELLS.length);
  });

  it('read as theory says, as they are, after a symmetry and in six random charts', { timeout: 300_000 }, async () => {
    const heard: number[] = [];
    const context = { numerics: cpuNumerics(), protocol: { charts: 6 }, seed: 0, signal: new AbortController().signal, progress: (done: number) => void heard.push(done) };
    const { data, table, summary } = await cells.run(context);
    const widths = table[0]!.map((_, c) => Math.max(...table.map((row) => row[c]!.length)));
    console.log(table.map((row) => row.map((cell, c) => cell.padEnd(widths[c]!)).join('  ')).join('\n') + `\n\n${summary}`);
    const readings = data.cells as CellReading[];
    expect(Object.keys(readings[0]!)).toEqual(['name', 'chart', 'expected', 'lineOrder', 'order', 'verdict']);
    expect(readings.filter((r) => !isRight(r))).toEqual([]);
    expect(readings.length).toBe(CELLS.reduce((n, c) => n + (c.symmetry ? 8 : 7), 0));
    const canonical = readings.filter((r) => r.chart === 'canonical');
    expect(canonical.map((r) => [r.name, r.lineOrder])).toEqual(CELLS.map((c) => [c.name, c.expected.lineOrder]));
    expect(canonical.map((r) => r.expected)).toEqual(CELLS.map(({ expected: { order, verdict } }) => ({ order, verdict })));
    // The straight line is no measure: in other coordinates it reads nearly every flat direction as of order 2.
    expect(readings.filter((r) => r.chart.startsWith('chart') && r.order === null && r.lineOrder === 2).length).toBeGreaterThan(50);
    expect(heard.at(-1)).toBe(CELLS.length);
    expect(summary).toMatch(/, 0 unresolved, 0 wrong/);
  });

  it('stop when they are told to', async () => {
    const signal = AbortSignal.abort();
    await expect(cells.run({ numerics: cpuNumerics(), protocol: { charts: 6 }, seed: 0, signal, progress: () => {} })).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('what the cells are made of', () => {
  const cases = CELLS.filter((c) => c.symmetry).map((c) => [c.name, c] as const);

  it.each(cases)('%s: its symmetry moves weights, and outputs along the direction not at all', async (_, cell) => {
    let changed = false;
    for (const seed of [5, 6, 7]) {
      const random = new Random(seed);
      const point = cell.point(random.split('point'));
      const other = moved(point, cell.symmetry!(random.split('symmetry')));
      const [left, right] = await Promise.all(
        [point, other].map(async (cellPoint) => {
          const map = await ArcMap.open(ops, cellPoint);
          const arc = [map.point, map.flat(cellPoint.direction)];
          return { arc, coefficients: await map.coefficients(arc, 3) };
        }),
      );
      changed ||= left!.arc.some((u, k) => u.some((x, p) => x !== right!.arc[k]![p]));
      left!.coefficients.forEach((c, j) => {
        const scale = Math.max(1, ...c.map(Math.abs));
        c.forEach((x, i) => expect(Math.abs(x - right!.coefficients[j]![i]!)).toBeLessThan(1e-12 * scale));
      });
    }
    expect(changed).toBe(true);
  });

  it('a chart keeps the point, and pulls a tangent back to one with the same velocity', async () => {
    const cell = CELLS.find((c) => c.name.includes('QK orbit'))!;
    const point = cell.point(new Random(5));
    const { map, pull } = randomChart(point, new Random(6));
    const [a, b] = [await ArcMap.open(ops, point), await ArcMap.open(ops, map)];
    const [u, v] = [a.flat(point.direction), b.flat(pull(point.direction))];
    const [left, right] = [await a.coefficients([a.point, u], 2), await b.coefficients([b.point, v], 2)];
    const gap = (j: number) => Math.max(...left[j]!.map((x, i) => Math.abs(x - right[j]![i]!)));
    expect(gap(0)).toBeLessThan(1e-13);
    expect(gap(1)).toBeLessThan(1e-12);
    // The second order differs: the chart is curved.
    expect(gap(2)).toBeGreaterThan(1e-3);
  });

  it('tanh node death: the estimate without a fit tends to 2', async () => {
    const point = CELLS.find((c) => c.name === 'tanh unit dead on both sides')!.point(new Random(1));
    const map = await ArcMap.open(ops, point);
    const rate = await readRate(map, map.flat(point.direction), { largest: 0.3, smallest: 0.003 });
    expect(rate.order).toBe(2);
    const estimates = rate.points.map((p) => p.estimate!);
    expect(estimates[0]).toBeCloseTo(2, 3);
    expect(estimates.at(-1)).toBeLessThan(1.995);
  });
});
