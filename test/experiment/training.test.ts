/** Training in float64: AdamW by hand, and against torch on a transformer. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { allPairs, sizeFor, tensorsAt, weightCount } from '../../src/experiment/modular-addition/network';
import { lossOn } from '../../src/experiment/modular-addition/sweep';
import { adamw } from '../../src/experiment/training';
import { cpuOps } from '../../src/numerics/cpu/ops';

const SETTINGS = { steps: 1, learningRate: 0.1, weightDecay: 0.3, betas: [0.9, 0.98], epsilon: 1e-8 } as const;

/** sum of c_i w_i^2 / 2 */
function bowl(curvatures: readonly number[]) {
  return {
    async evaluate(w: Float64Array, gradient: Float64Array) {
      w.forEach((x, i) => (gradient[i] = curvatures[i]! * x));
      return w.reduce((sum, x, i) => sum + (curvatures[i]! * x * x) / 2, 0);
    },
  };
}

describe('AdamW', () => {
  it('moves each weight by the rate in its first step, whatever its gradient, and decays it apart from that', async () => {
    const w = await adamw(bowl([2, 1e-3, 50]), new Float64Array([1, -2, 0.5]), SETTINGS);
    const step = (x: number, g: number) => x - 0.1 * 0.3 * x - (0.1 * g) / (Math.abs(g) + 1e-8);
    [step(1, 2), step(-2, -2e-3), step(0.5, 25)].forEach((x, i) => expect(w[i]).toBeCloseTo(x, 14));
  });

  it('takes its second step with both moments', async () => {
    const w0 = new Float64Array([1]);
    const w = await adamw(bowl([2]), w0, { ...SETTINGS, steps: 2 });
    const x1 = 1 - 0.03 - (0.1 * 2) / (2 + 1e-8);
    const g = 2 * x1;
    const m = (0.9 * 0.1 * 2 + 0.1 * g) / (1 - 0.9 ** 2);
    const v = (0.98 * 0.02 * 4 + 0.02 * g * g) / (1 - 0.98 ** 2);
    expect(w[0]).toBeCloseTo(x1 - 0.03 * x1 - (0.1 * m) / (Math.sqrt(v) + 1e-8), 13);
    expect(w0[0]).toBe(1);
  });

  it('stops between steps', async () => {
    const stop = new AbortController();
    const heard: number[] = [];
    const progress = (step: number) => {
      heard.push(step);
      if (step === 3) stop.abort();
    };
    await expect(adamw(bowl([1]), new Float64Array([1]), { ...SETTINGS, steps: 10, signal: stop.signal, progress })).rejects.toMatchObject({ name: 'AbortError' });
    expect(heard).toEqual([1, 2, 3]);
  });

  it('trains a transformer as torch does, in float64', async () => {
    const reference = JSON.parse(readFileSync(resolve(import.meta.dirname, '../fixtures/adamw.json'), 'utf8'));
    const { modulus, width, every, adamw: settings, gradient, points } = reference;
    const size = sizeFor(modulus, width);
    const objective = await lossOn(cpuOps(), size, allPairs(modulus));
    const w0 = Float64Array.from({ length: objective.dimension }, (_, i) => 0.4 * Math.sin(12.9898 * i));
    const chosen = (w: Float64Array) => w.filter((_, i) => i % every === 0);
    const gap = (found: Float64Array, expected: number[]) => {
      expect(found.length).toBe(expected.length);
      return Math.max(...found.map((x, i) => Math.abs(x - expected[i]!)));
    };
    const g = new Float64Array(w0.length);
    expect(await objective.evaluate(w0, g, new Random(0))).toBeCloseTo(points[0].loss, 12);
    expect(gap(chosen(g), gradient)).toBeLessThan(1e-13);
    for (const { step, loss, weights } of points) {
      const w = await adamw(objective, w0, { ...settings, steps: step });
      expect(await objective.loss(w)).toBeCloseTo(loss, 10);
      expect(gap(chosen(w), weights)).toBeLessThan(1e-10);
    }
    expect(points.at(-1).loss).toBeLessThan(0.6 * points[0].loss);
  });
});

describe('a network as a function of one vector', () => {
  const layout = new Map([['a', [2, 3]], ['b', [3]]]);
  const ops = cpuOps();

  it('lays tensors side by side', async () => {
    const w = Float64Array.from({ length: weightCount(layout) }, (_, i) => i);
    const { a, b } = Object.fromEntries(tensorsAt(ops, layout, w));
    expect([a!.shape, [...(await ops.read(a!))]]).toEqual([[2, 3], [0, 1, 2, 3, 4, 5]]);
    expect([b!.shape, [...(await ops.read(b!))]]).toEqual([[3], [6, 7, 8]]);
  });
});
