/** From a checkpoint to directions, audit and (lambda, m, nu). */
import { describe, expect, it } from 'vitest';
import { readModelDirections } from '../../src/analysis/directions';
import { Random } from '../../src/base/random';
import { recogniseModel } from '../../src/model/recognise';
import type { Choices, Model } from '../../src/model/types';
import { cpuOps } from '../../src/numerics/cpu/ops';
import { gaussian } from '../../src/probe/sources/gaussian';
import { stubCheckpoint } from '../checkpoint-stub';
import { model as onnx, node, tensor, value } from '../checkpoint/onnx-writer';
import { f32, loaded } from '../checkpoint/writers';
import { modelOf } from '../model/family-files';

type Tensors = Record<string, { shape: number[]; values: ArrayLike<number> }>;

function normals(shapes: Record<string, number[]>, seed = 3): Tensors {
  const random = new Random(seed);
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, { shape, values: random.normals(shape.reduce((a, b) => a * b, 1)) }]));
}

async function read(tensors: Tensors, choices: Choices, loss: 'mse' | 'ce' = 'mse', samples = 60) {
  const verdict = await recogniseModel(stubCheckpoint(Object.fromEntries(Object.entries(tensors).map(([k, v]) => [k, { ...v, dtype: 'f64' as const }]))), choices);
  if (!verdict.model) throw new Error(verdict.sentence);
  return readModel(verdict.model, loss, samples);
}

async function readModel(model: Model, loss: 'mse' | 'ce', samples: number) {
  const probe = gaussian.make({ input: model.input, outputs: model.outputs, samples, positions: null, seed: 1 });
  const seen: string[] = [];
  const report = await readModelDirections(model, await model.parameters(), probe, { loss, seed: 1 }, cpuOps(), { progress: () => {}, found: (d) => seen.push(d.detector) });
  expect(seen).toEqual(report.directions.map((d) => d.detector));
  return report;
}

describe('a LayerNorm', () => {
  it('one of whose scales is zero is read like any other: what 1 / gamma would be there is no direction', async () => {
    const random = new Random(5);
    const weights = (name: string, ...dims: number[]) => tensor({ name, dims, raw: f32(...random.normals(dims.reduce((a, b) => a * b, 1))) });
    const nodes = [node('Gemm', ['x', 'w1', 'b1'], ['a']), node('LayerNormalization', ['a', 'g', 'b'], ['y'], {}, 'norm'), node('Gemm', ['y', 'w2', 'b2'], ['z'], {}, 'out')];
    const tensors = [weights('w1', 3, 4), weights('b1', 4), tensor({ name: 'g', dims: [4], raw: f32(0, 1.5, 0.5, 1) }), weights('b', 4), weights('w2', 4, 2), weights('b2', 2)];
    const model = await modelOf(await loaded('m.onnx', onnx({ nodes, tensors, inputs: [value('x', ['n', 3])], outputs: [value('z', ['n', 2])] }, 17)));
    const { audit } = await readModel(model, 'mse', 60);
    expect(audit.map(({ layer, inputKernel, unexplained }) => ({ layer, inputKernel, unexplained })).at(-1)).toEqual({ layer: 'out', inputKernel: 2, unexplained: 0 });
  });
});

describe('an MLP', () => {
  it('without anything dead has gauges only', async () => {
    const { directions, audit, triple } = await read(normals({ '0.weight': [4, 3], '0.bias': [4], '2.weight': [2, 4], '2.bias': [2] }), { activation: 'relu' });
    expect(new Set(directions.map((d) => d.verdict))).toEqual(new Set(['gauge']));
    expect(audit.map(({ layer, found, unexplained }) => ({ layer, found, unexplained }))).toEqual([{ layer: '0', found: 0, unexplained: 0 }, { layer: '2', found: 0, unexplained: 0 }]);
    // 26 parameters, four scales of units.
    expect(triple).toMatchObject({ lambda: '11', multiplicity: 1 });
  });

  it('with a dead tanh unit has one singular direction of order 2, and lambda of the closed form', async () => {
    const tensors = normals({ '0.weight': [3, 5], '2.weight': [1, 3] });
    const first = Float64Array.from(tensors['0.weight']!.values).fill(0, 10, 15);
    const second = Float64Array.from(tensors['2.weight']!.values).fill(0, 2, 3);
    const { directions, triple, audit } = await read({ '0.weight': { shape: [3, 5], values: first }, '2.weight': { shape: [1, 3], values: second } }, { activation: 'tanh' });
    expect(directions.filter((d) => d.detector === 'dead-unit').map((d) => [d.order, d.verdict, d.coefficient])).toEqual([[2, 'singular', 1 / 4]]);
    expect(directions.filter((d) => d.detector === 'spectral-tail').every((d) => d.verdict === 'flat fibre' || d.verdict === 'unresolved')).toBe(true);
    // The dead unit's outgoing weights see no gradient in its incoming ones, and the other way round.
    expect(audit.map(({ inputKernel, gradientKernel, unexplained }) => [inputKernel, gradientKernel, unexplained])).toEqual([[0, 5, 0], [1, 0, 0]]);
    expect(triple).toMatchObject({ lambda: '13/2', multiplicity: 1 });
  });

  it('linear chains have the closed form', async () => {
    const { triple, directions } = await read(normals({ '0.weight': [2, 4], '1.weight': [3, 2] }), { activation: 'linear' });
    // Scales bend away from the line; shears are flat along it.
    expect(directions.map((d) => [d.verdict, d.lineOrder])).toEqual([['gauge', 2], ['gauge', null], ['gauge', null], ['gauge', 2]]);
    expect(triple).toMatchObject({ lambda: '5', multiplicity: 1 });
  });

  it('with weights that are not finite says so and reads nothing', async () => {
    const tensors = normals({ '0.weight': [3, 4], '2.weight': [2, 3] });
    (tensors['2.weight']!.values as Float64Array)[1] = NaN;
    const { directions, audit, triple } = await read(tensors, { activation: 'tanh' });
    expect([directions, audit]).toEqual([[], []]);
    expect(triple).toMatchObject({ lambda: null, reason: expect.stringContaining("'2.weight' holds NaN") });
  });

  it('on one sample claims nothing dead', async () => {
    const { directions } = await read(normals({ '0.weight': [4, 3], '0.bias': [4], '2.weight': [2, 4] }), { activation: 'relu' }, 'mse', 1);
    expect(directions.filter((d) => !['unresolved', 'regular'].includes(d.verdict))).toEqual([]);
    expect(directions.some((d) => d.verdict === 'unresolved')).toBe(true);
  });

  it('finds dead channels of a linear chain in any basis, and calls flat tails of the softmax a gauge', async () => {
    // Hidden width 3, written along (1, 0, 1) and (0, 1, 1) only, read along (1, -1, 0) and (1, 1, 1) only.
    const random = new Random(9);
    const product = (left: number[][], right: number[][]) => left.flatMap((row) => right[0]!.map((_, j) => row.reduce((sum, x, k) => sum + x * right[k]![j]!, 0)));
    const normal = (n: number, m: number) => Array.from({ length: n }, () => Array.from({ length: m }, () => random.normal()));
    const chain = { '0.weight': { shape: [3, 4], values: product([[1, 0], [0, 1], [1, 1]], normal(2, 4)) }, '1.weight': { shape: [4, 3], values: product(normal(4, 2), [[1, -1, 0], [1, 1, 1]]) } };
    const linear = await read(chain, { activation: 'linear' });
    expect(linear.directions.filter((d) => d.detector === 'dead-channel').map((d) => [d.order, d.verdict])).toEqual([[2, 'singular']]);
    const softmax = await read(normals({ '0.weight': [5, 3], '0.bias': [5], '2.weight': [3, 5], '2.bias': [3] }), { activation: 'tanh' }, 'ce');
    const tails = softmax.directions.filter((d) => d.detector === 'spectral-tail');
    expect(tails.length).toBeGreaterThan(0);
    expect(new Set(tails.map((d) => d.verdict))).toEqual(new Set(['gauge']));
  });
});
