import { describe, expect, it } from 'vitest';
import { recogniseModel } from '../../src/model/recognise';
import type { Model } from '../../src/model/types';
import { cpuOps } from '../../src/numerics/cpu/ops';
import { stubCheckpoint, type Stub } from '../checkpoint-stub';

const w = (out: number, inputs: number): Stub => ({ shape: [out, inputs] });
const v = (n: number): Stub => ({ shape: [n] });

async function recognise(tensors: Record<string, Stub>, choices = {}, metadata = {}): Promise<Model> {
  const verdict = await recogniseModel(stubCheckpoint(tensors, metadata), choices);
  if (!verdict.model) throw new Error(verdict.sentence);
  return verdict.model;
}

async function run(model: Model, input: number[]): Promise<{ output: number[]; taps: Map<string, { pre: number[]; post: number[] }> }> {
  const ops = cpuOps();
  const weights = new Map([...(await model.parameters())].map(([n, p]) => [n, ops.constant(p.values, p.shape)]));
  const taps = new Map<string, { pre: number[]; post: number[] }>();
  const waiting: Promise<unknown>[] = [];
  const read = async (x: Parameters<typeof ops.read>[0]) => Array.from(await ops.read(x));
  const batch = { kind: 'vector' as const, values: Float64Array.from(input), samples: 1, width: input.length };
  const output = model.forward(ops, (name) => weights.get(name)!, batch, (layer, tap) => {
    waiting.push((async () => taps.set(layer, { pre: await read(tap.pre), post: await read(tap.post) }))());
  });
  await Promise.all(waiting);
  return { output: await read(output), taps };
}

describe('what a plain MLP looks like', () => {
  it('a Sequential with gaps: an assumed ReLU between layers, none after the last', async () => {
    const model = await recognise({ '0.weight': w(5, 3), '0.bias': v(5), '2.weight': w(4, 5), '2.bias': v(4), '10.weight': w(2, 4) });
    expect(model.layers.map((l) => [l.name, l.width, l.activation])).toEqual([['0', 5, 'relu'], ['2', 4, 'relu'], ['10', 2, 'linear']]);
    expect(model.choices[0]).toMatchObject({ key: 'activation', value: 'relu', assumed: true });
    expect(model.input).toEqual({ kind: 'vector', width: 3 });
  });

  it('no gaps and no biases: a deep linear chain', async () => {
    const model = await recognise({ 'linears.0.weight': w(5, 3), 'linears.1.weight': w(4, 5) });
    expect(model.layers.map((l) => l.activation)).toEqual(['linear', 'linear']);
    expect(model.title).toContain('Linear chain 3 → 5 → 4');
  });

  it('named layers: the activation is assumed, chosen, or recorded in the file', async () => {
    const tensors = { 'fc1.weight': w(5, 3), 'fc1.bias': v(5), 'fc2.weight': w(2, 5), 'fc2.bias': v(2) };
    expect((await recognise(tensors)).choices[0]).toMatchObject({ value: 'relu', assumed: true });
    expect((await recognise(tensors, { activation: 'GELU' })).choices[0]).toMatchObject({ value: 'gelu', assumed: false });
    expect((await recognise(tensors, {}, { 'config.activation': 'tanh' })).choices[0]).toMatchObject({ value: 'tanh', assumed: false });
  });

  it('W1, W2 of an npz: the orientation is the one in which the widths chain', async () => {
    const stored = await recognise({ W1: w(3, 5), b1: v(5), W2: w(5, 2), b2: v(2) });
    expect(stored.layers.map((l) => l.width)).toEqual([5, 2]);
    expect(stored.transforms.join()).toContain('transposed');
  });

  it('kernels are [in, out]', async () => {
    const model = await recognise({ 'params/Dense_0/kernel': w(3, 5), 'params/Dense_0/bias': v(5), 'params/Dense_1/kernel': w(5, 2), 'params/Dense_1/bias': v(2) });
    expect(model.layers.map((l) => l.width)).toEqual([5, 2]);
  });

  it('batch norm between layers is applied in evaluation mode', async () => {
    const model = await recognise({
      '0.weight': { shape: [1, 1], values: [2] }, '0.bias': { shape: [1], values: [1] },
      '1.weight': { shape: [1], values: [3] }, '1.bias': { shape: [1], values: [-1] },
      '1.running_mean': { shape: [1], values: [0.5] }, '1.running_var': { shape: [1], values: [4 - 1e-5] },
      '1.num_batches_tracked': { shape: [], values: [7], dtype: 'i64' },
      '3.weight': { shape: [1, 1], values: [10] },
    });
    const { output, taps } = await run(model, [1]);
    // 2 * 1 + 1 = 3; (3 - 0.5) / 2 * 3 - 1 = 2.75; relu; * 10
    expect(taps.get('0')!.pre[0]).toBe(3);
    expect(taps.get('0')!.post[0]).toBeCloseTo(2.75, 12);
    expect(output[0]).toBeCloseTo(27.5, 11);
    expect(model.tensors.get('1.num_batches_tracked')?.status).toBe('buffer');
  });

  it.each([
    ['widths that do not chain', { '0.weight': w(5, 3), '2.weight': w(4, 6) }, /gives 5 values but '2.weight' takes 6/],
    ['a convolution along one axis', { '0.weight': { shape: [4, 3, 3] }, '2.weight': w(2, 4) }, /3 dimensions; an MLP has matrices/],
    ['a wrong bias', { '0.weight': w(5, 3), '0.bias': v(4) }, /\[4\]; \[5\] was expected/],
    ['a foreign name', { '0.weight': w(5, 3), 'decoder.lm': w(5, 5) }, /'decoder.lm' is no layer/],
  ])('%s: not an MLP, with the reason', async (_, tensors, reason) => {
    const verdict = await recogniseModel(stubCheckpoint(tensors as Record<string, Stub>), {});
    expect(verdict.model).toBeNull();
    if (!verdict.model && !/'decoder/.test(reason.source)) expect(verdict.sentence).toMatch(reason);
  });
});

describe('the forward pass', () => {
  const cases: [string, (x: number) => number][] = [
    ['linear', (x) => x],
    ['relu', (x) => Math.max(0, x)],
    ['leaky_relu', (x) => (x > 0 ? x : 0.01 * x)],
    ['tanh', Math.tanh],
    ['sigmoid', (x) => 1 / (1 + Math.exp(-x))],
    ['silu', (x) => x / (1 + Math.exp(-x))],
    ['quadratic', (x) => x * x],
    ['gelu_new', (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)))],
  ];
  it.each(cases)('%s is the function that it names', async (name, f) => {
    const model = await recognise({ 'fc1.weight': { shape: [1, 1], values: [1] }, 'fc1.bias': { shape: [1], values: [0] }, 'fc2.weight': { shape: [1, 1], values: [1] }, 'fc2.bias': { shape: [1], values: [0] } }, { activation: name });
    for (const x of [-3, -0.7, -1e-3, 0, 0.2, 2.5]) expect((await run(model, [x])).output[0]).toBeCloseTo(f(x), 14);
  });

  it('gelu agrees with 40-digit values of x Phi(x)', async () => {
    const model = await recognise({ 'fc1.weight': { shape: [1, 1], values: [1] }, 'fc1.bias': { shape: [1], values: [0] }, 'fc2.weight': { shape: [1, 1], values: [1] }, 'fc2.bias': { shape: [1], values: [0] } }, { activation: 'gelu' });
    for (const [x, y] of [[-2, -0.04550026389635841440], [0.5, 0.34573123063700655], [1, 0.84134474606854294859], [3, 2.99595030590511030]] as const) {
      expect(Math.abs((await run(model, [x])).output[0]! / y - 1)).toBeLessThan(2e-15);
    }
  });
});
