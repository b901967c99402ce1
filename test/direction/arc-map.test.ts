import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { ArcMap } from '../../src/direction/arc-map';
import { cpuOps } from '../../src/numerics/cpu/ops';
import { planted } from './networks';

const ops = cpuOps();
const map = planted('gelu', [3, 4, 5, 2], 7);
const random = new Random(4);
const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const size = (x: Float64Array) => Math.hypot(...x);

describe('an output map on flat weights', () => {
  it('lays tensors out in order, and finds names and lengths that do not fit', async () => {
    const opened = await ArcMap.open(ops, map);
    expect([opened.dimension, opened.rows]).toEqual([12 + 20 + 10, 14]);
    const flat = opened.flat(new Map([['last', Float64Array.from({ length: 10 }, (_, i) => i)]]));
    expect([...flat.subarray(32)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(flat.subarray(0, 32).every((x) => x === 0)).toBe(true);
    expect(() => opened.flat(new Map([['nowhere', new Float64Array(3)]]))).toThrow("'nowhere'");
    expect(() => opened.flat(new Map([['last', new Float64Array(3)]]))).toThrow('10 values');
  });

  it('counts the inputs of relu at the kink and the units that are never on', async () => {
    const gates = async (activation: string, change?: Parameters<typeof planted>[3]) => (await ArcMap.open(ops, planted(activation, [3, 4, 5, 2], 30, change))).gates;
    expect(await gates('gelu')).toEqual({ atZero: 0, closed: 0 });
    // Unit 0 of the second layer reads nothing: 30 samples at the kink.
    expect(await gates('relu')).toEqual({ atZero: 30, closed: 0 });
    const off = await gates('relu', (w) => w.second!.set([1, -0.5, 0.7, 1, ...w.second!.slice(4, 12), -1, -1, -1, -1]));
    expect(off).toEqual({ atZero: 0, closed: 1 });
  });

  it('gives the Taylor coefficients along a curve', async () => {
    const opened = await ArcMap.open(ops, map);
    const arc = [opened.point, random.normals(42), random.normals(42)];
    const order = 4;
    const c = await opened.coefficients(arc, order);
    // What the series leaves out shrinks like t^5.
    const gap = async (t: number) => {
      const at = opened.point.map((w, p) => w + t * arc[1]![p]! + t * t * arc[2]![p]!);
      const [y] = await opened.coefficients([at], 0);
      return size(y!.map((value, i) => value - c.reduceRight((sum, term) => sum * t + term[i]!, 0)));
    };
    const rate = Math.log2((await gap(0.02)) / (await gap(0.01)));
    expect(rate).toBeGreaterThan(4.8);
    expect(rate).toBeLessThan(5.2);
  });

  it.each(['gelu', 'relu'])('derivative and its transpose along a curve agree, %s', async (activation) => {
    // No unit at a kink, where there is no derivative to compare with.
    const opened = await ArcMap.open(ops, planted(activation, [3, 4, 5, 2], 7, (w) => w.second!.set([1, -0.5, 0.7, -1])));
    const arc = [opened.point, random.normals(42), random.normals(42)];
    const order = 3;
    const linear = opened.linearize(arc, order);
    const tangent = [random.normals(42), null, random.normals(42)];
    const seed = [random.normals(14)];
    const forward = await linear.apply(tangent);
    const back = await linear.applyTransposed(seed);
    for (let s = 0; s <= order; s++) {
      const left = dot(forward[s]!, seed[0]!);
      const right = dot(back[s]!, tangent[0]!) + (s >= 2 ? dot(back[s - 2]!, tangent[2]!) : 0);
      expect(left).not.toBe(0);
      expect(Math.abs(left - right)).toBeLessThan(1e-12 * Math.max(1, Math.abs(left)));
    }
    // Against differences of the coefficients themselves.
    const h = 1e-6;
    const shifted = (sign: number) => arc.map((u, k) => u.map((x, p) => x + sign * h * (tangent[k]?.[p] ?? 0)));
    const [plus, minus] = [await opened.coefficients(shifted(1), order), await opened.coefficients(shifted(-1), order)];
    for (let s = 0; s <= order; s++) {
      const difference = plus[s]!.map((x, i) => (x - minus[s]![i]!) / (2 * h));
      expect(size(difference.map((x, i) => x - forward[s]![i]!))).toBeLessThan(1e-7 * Math.max(1, size(difference)));
    }
    linear.dispose();
  });

  it.each([NaN, Infinity])('refuses weights that hold %d, by name', async (bad) => {
    await expect(ArcMap.open(ops, planted('tanh', [3, 4, 5, 2], 7, (w) => (w.second![3] = bad)))).rejects.toThrow("'second' holds");
  });
});
