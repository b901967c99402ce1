/** Losses and their gradients: sufficient statistics, and any model through its own forward pass. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { subjectOf } from '../../src/analysis/subject';
import { linearData, linearNetwork } from '../../src/llc/linear-network';
import { networkLoss } from '../../src/llc/network-loss';
import type { LossModel } from '../../src/llc/loss-model';
import { crossingLoss } from '../../src/experiment/recipes/llc-normal-crossing';
import { cpuOps } from '../../src/numerics/cpu/ops';
import type { Probe } from '../../src/probe/types';
import { stubCheckpoint } from '../checkpoint-stub';

const random = new Random(5);

/** Largest difference between the gradient and central differences of the loss. */
async function gradientError(model: LossModel, w: Float64Array): Promise<number> {
  const gradient = new Float64Array(w.length);
  await model.evaluate(w, gradient, new Random(1));
  let worst = 0;
  for (let i = 0; i < w.length; i++) {
    const moved = async (h: number) => model.loss(w.map((x, k) => (k === i ? x + h : x)));
    worst = Math.max(worst, Math.abs(gradient[i]! - ((await moved(1e-5)) - (await moved(-1e-5))) / 2e-5));
  }
  return worst;
}

async function mlp(activation: string, outputs = 3) {
  const tensors = { '0.weight': { shape: [5, 4] }, '0.bias': { shape: [5] }, '2.weight': { shape: [outputs, 5] }, '2.bias': { shape: [outputs] } };
  const subject = await subjectOf(stubCheckpoint(tensors), { activation });
  if (subject.kind !== 'model') throw new Error('no model');
  return { model: subject.model, parameters: await subject.model.parameters() };
}

const inputs = { kind: 'vector', values: random.normals(40 * 4), samples: 40, width: 4 } as const;
const labels: Probe['targets'] = { kind: 'labels', labels: Int32Array.from({ length: 40 }, (_, i) => (i % 7 === 0 ? -1 : i % 3)) };
const values: Probe['targets'] = { kind: 'values', values: random.normals(40 * 3) };

describe('linear networks through second moments', () => {
  const [M, H, N, n] = [4, 3, 2, 30];
  const x = random.normals(n * M);
  const y = random.normals(n * N);
  const model = linearNetwork(linearData(x, y, M, N), H);
  const w = random.normals(H * (M + N));

  it('have the loss of the data', () => {
    let total = 0;
    for (let s = 0; s < n; s++) {
      for (let i = 0; i < N; i++) {
        let out = 0;
        for (let h = 0; h < H; h++) for (let j = 0; j < M; j++) out += w[H * M + i * H + h]! * w[h * M + j]! * x[s * M + j]!;
        total += (out - y[s * N + i]!) ** 2 / 2;
      }
    }
    expect(model.loss(w)).toBeCloseTo(total / n, 10);
    expect([model.dimension, model.samples, model.passes]).toEqual([18, 30, 1]);
  });

  it('and its gradient', async () => {
    expect(await gradientError(model, w)).toBeLessThan(1e-7);
  });
});

describe('normal crossings', () => {
  it.each([[0, 1], [1, 1], [2, 3], [3, 0]])('(%d, %d): the gradient is that of the loss', async (a, b) => {
    expect(await gradientError(crossingLoss(a, b, 100, 4, 0.3), new Float64Array([0.4, -0.7]))).toBeLessThan(1e-8);
    const gradient = new Float64Array(2);
    crossingLoss(a, b, 100, 4, 0.3).evaluate(new Float64Array(2), gradient, random);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });
});

describe('any model', () => {
  it.each([
    ['mse', values],
    ['ce', labels],
    ['mse', labels],
    ['ce', null],
    ['mse', null],
  ] as const)('%s: the gradient is that of the loss', async (loss, targets) => {
    const { model, parameters } = await mlp('tanh');
    const network = await networkLoss(model, parameters, { inputs, targets }, { loss, batch: null }, cpuOps());
    expect(network.dimension).toBe(5 * 4 + 5 + 3 * 5 + 3);
    const there = network.start.map((w) => w + 0.1 * random.normal());
    expect(await gradientError(network, there)).toBeLessThan(1e-7);
  });

  it('is the same as through second moments where it is linear', async () => {
    const subject = await subjectOf(stubCheckpoint({ '0.weight': { shape: [3, 4] }, '1.weight': { shape: [3, 3] } }), {});
    if (subject.kind !== 'model') throw new Error('no model');
    const network = await networkLoss(subject.model, await subject.model.parameters(), { inputs, targets: values }, { loss: 'mse', batch: null }, cpuOps());
    const linear = linearNetwork(linearData(inputs.values, values.values, 4, 3), 3);
    const [a, b] = [new Float64Array(21), new Float64Array(21)];
    expect(await network.evaluate(network.start, a, random)).toBeCloseTo((await linear.evaluate(network.start, b, random)) as number, 12);
    a.forEach((g, i) => expect(g).toBeCloseTo(b[i]!, 12));
  });

  it('without targets is at a minimum of its own', async () => {
    const { model, parameters } = await mlp('relu');
    for (const loss of ['mse', 'ce'] as const) {
      const network = await networkLoss(model, parameters, { inputs, targets: null }, { loss, batch: null }, cpuOps());
      const gradient = new Float64Array(network.dimension);
      const here = await network.evaluate(network.start, gradient, random);
      if (loss === 'mse') expect(here).toBe(0);
      expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-15);
      expect(await network.loss(network.start.map((w) => w + 0.1))).toBeGreaterThan(here);
    }
  });

  it('minibatches: each sample once, the mean over many is the whole', async () => {
    const { model, parameters } = await mlp('tanh');
    const network = await networkLoss(model, parameters, { inputs, targets: values }, { loss: 'mse', batch: 10 }, cpuOps());
    expect(network.passes).toBe(0.25);
    const whole = await network.loss(network.start);
    const gradient = new Float64Array(network.dimension);
    const stream = new Random(8);
    let sum = 0;
    const seen = new Set<number>();
    for (let k = 0; k < 600; k++) {
      const one = (await network.evaluate(network.start, gradient, stream)) as number;
      seen.add(one);
      sum += one;
    }
    expect(sum / 600).toBeCloseTo(whole, 1);
    expect(Math.abs(sum / 600 - whole)).toBeLessThan(0.03 * whole);
    expect(seen.size).toBeGreaterThan(500);
    const all = await networkLoss(model, parameters, { inputs, targets: values }, { loss: 'mse', batch: 40 }, cpuOps());
    expect(all.passes).toBe(1);
    expect(await all.evaluate(all.start, gradient, stream)).toBe(whole);
  });
});
