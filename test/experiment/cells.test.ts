/** The table of constructed cells: every order and verdict, in every basis. Prints it. */
import { describe, expect, it } from 'vitest';
import { ArcMap } from '../../src/direction/arc-map';
import { readRate } from '../../src/direction/rate';
import { Random } from '../../src/base/random';
import { moved } from '../../src/experiment/cell';
import { CELLS } from '../../src/experiment/cells/registry';
import { randomChart } from '../../src/experiment/chart';
import { type CellReading, readCells } from '../../src/experiment/read-cells';
import { cellTable, isRight } from '../../src/experiment/recipes/cells';
import { cpuOps } from '../../src/numerics/cpu/ops';

const ops = cpuOps();

describe('constructed cells', () => {
  it('have names of their own', () => {
    expect(new Set(CELLS.map((c) => c.name)).size).toBe(CELLS.length);
  });

  it('read as theory says, as they are, after a symmetry and in six random charts', { timeout: 300_000 }, async () => {
    const readings: CellReading[] = [];
    for await (const reading of readCells(ops, CELLS)) readings.push(reading);
    const table = cellTable(readings);
    const widths = table[0]!.map((_, c) => Math.max(...table.map((row) => row[c]!.length)));
    console.log(table.map((row) => row.map((cell, c) => cell.padEnd(widths[c]!)).join('  ')).join('\n'));
    expect(readings.filter((r) => !isRight(r)).map((r) => `${r.name}, ${r.chart}: ${r.order} ${r.verdict} (${r.evidence})`)).toEqual([]);
    const straight = readings.filter((r) => r.chart === 'canonical').map((r) => r.lineOrder);
    expect(straight).toEqual(CELLS.map((c) => c.expected.lineOrder));
    expect(readings.length).toBe(CELLS.reduce((n, c) => n + (c.symmetry ? 8 : 7), 0));
    // The straight line is no measure: in other coordinates it reads every curved direction as of order 2.
    expect(readings.filter((r) => r.chart !== 'canonical' && r.order === null && r.lineOrder === 2).length).toBeGreaterThan(50);
  });
});

describe('what the cells are made of', () => {
  const cases = CELLS.filter((c) => c.symmetry).map((c) => [c.name, c] as const);

  it.each(cases)('%s: its symmetry does not change the outputs', async (_, cell) => {
    const random = new Random(5);
    const point = cell.point(random.split('point'));
    const other = moved(point, cell.symmetry!(random.split('symmetry')));
    const [a, b] = await Promise.all([point, other].map((map) => ArcMap.open(ops, map)));
    expect(a!.point).not.toEqual(b!.point);
    // Nor along the direction, moved with it.
    for (const [map, direction] of [[a!, point.direction], [b!, other.direction]] as const) expect(map.flat(direction).some((x) => x !== 0)).toBe(true);
    const along = (map: ArcMap, direction: typeof point.direction) => map.coefficients([map.point, map.flat(direction)], 3);
    const [left, right] = [await along(a!, point.direction), await along(b!, other.direction)];
    left.forEach((c, j) => {
      const scale = Math.max(1, ...c.map(Math.abs));
      c.forEach((x, i) => expect(Math.abs(x - right[j]![i]!)).toBeLessThan(1e-12 * scale));
    });
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
