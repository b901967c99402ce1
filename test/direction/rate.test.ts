import { describe, expect, it } from 'vitest';
import { ArcMap } from '../../src/direction/arc-map';
import type { OutputMap } from '../../src/direction/output-map';
import { readRate } from '../../src/direction/rate';
import { CELLS } from '../../src/experiment/cells/registry';
import { Random } from '../../src/base/random';
import { cpuOps } from '../../src/numerics/cpu/ops';
import type { Ops } from '../../src/numerics/ops';

const ops = cpuOps();

/** One weight t, outputs f(t). */
function curve(f: <T>(ops: Ops<T>, t: T) => T): OutputMap {
  return { weights: new Map([['t', { values: Float64Array.of(0), shape: [1] }]]), samples: null, outputs: (o, at) => f(o, at('t')) };
}
const power = <T>(o: Ops<T>, t: T, k: number): T => (k === 1 ? t : o.mul(t, power(o, t, k - 1)));
const read = async (map: OutputMap, options = {}) => readRate(await ArcMap.open(ops, map), Float64Array.of(1), options);

describe('the rate along a line', () => {
  it.each([1, 2, 3, 4])('of t^%d is exact', async (k) => {
    const rate = await read(curve((o, t) => power(o, t, k)));
    expect(rate.order).toBe(k);
    expect(rate.slope!).toBeCloseTo(2 * (k - 1), 9);
    rate.points.forEach((p) => {
      if (p.estimate !== null) expect(p.estimate).toBeCloseTo(k, 9);
      expect(Math.abs(p.fisher / (k * k * p.t ** (2 * k - 2)) - 1)).toBeLessThan(1e-12);
    });
  });

  it('stops where the far end bends: sin-like t^2 - t^4', async () => {
    const rate = await read(curve((o, t) => o.sub(power(o, t, 2), power(o, t, 4))));
    expect(rate.order).toBe(2);
    expect(rate.window![1]).toBeLessThan(0.5);
    const [low, high] = rate.interval!;
    expect(low).toBeLessThanOrEqual(2);
    expect(high).toBeGreaterThanOrEqual(2);
    // tanh node death of science: the estimate tends to the order from below.
    expect(rate.estimate).toBeCloseTo(2, 5);
  });

  it.each([[1, 0.2], [1, -0.2], [2, 1], [2, -1], [3, 10]])('has the truth in its interval on a window that is curved all along: t^2 (1 + %d-th power, factor %d)', async (p, a) => {
    const rate = await read(curve((o, t) => o.add(power(o, t, 2), o.affine(power(o, t, 2 + p), a, 0))), { smallest: 0.1 });
    // Least squares alone is off by more than its own interval.
    expect(Math.abs(rate.slope! - 2)).toBeGreaterThan(0.05);
    expect(rate.interval![0]).toBeLessThanOrEqual(2);
    expect(rate.interval![1]).toBeGreaterThanOrEqual(2);
  });

  it('names no order for a near-dead direction: (delta + t) t around t = delta', async () => {
    const rate = await read(curve((o, t) => o.mul(o.affine(t, 1, 0.03), t)), { smallest: 0.005, largest: 0.3 });
    expect(rate.order).toBeNull();
    expect(rate.points.find((p) => Math.abs(p.t / 0.03 - 1) < 0.1)!.estimate!).toBeGreaterThan(1.3);
  });

  it('starts above the floor, and says so when nothing is above it', async () => {
    const rate = await read(curve((o, t) => o.add(o.affine(o.mul(t, o.affine(t, 0, 0)), 1, 1), power(o, t, 6))));
    expect(rate.floor).toBeGreaterThan(0);
    expect(rate.order).toBe(6);
    expect(rate.points.find((p) => p.t >= rate.window![0])!.fisher).toBeGreaterThan(rate.floor);
    expect(rate.points[0]!.fisher).toBeLessThan(rate.floor);
    const nothing = await read(curve((o, t) => o.affine(t, 0, 1)));
    expect(nothing).toMatchObject({ window: null, slope: null, order: null, estimate: null });
  });

  it('agrees with the line order of every cell where it names one', async () => {
    let named = 0;
    for (const cell of CELLS) {
      const point = cell.point(new Random(0).split(cell.name).split('point'));
      const map = await ArcMap.open(ops, point);
      const rate = await readRate(map, map.flat(point.direction));
      if (cell.expected.lineOrder === null) expect(rate.order, cell.name).toBeNull();
      else if (rate.order !== null) expect(rate.order, cell.name).toBe(cell.expected.lineOrder);
      if (rate.order !== null) named++;
    }
    const finite = CELLS.filter((c) => c.expected.lineOrder !== null).length;
    expect(named).toBeGreaterThanOrEqual(0.9 * finite);
  });
});
