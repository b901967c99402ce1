/**
 * Symmetries of small random convolutional networks: every generator is flat to roundoff, and together they span the whole null space of the
 * Jacobian.
 */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/base/random';
import { recogniseModel } from '../../../src/model/recognise';
import type { Batch, Choices, Model } from '../../../src/model/types';
import { stubCheckpoint, type Stub } from '../../checkpoint-stub';
import { audit } from '../null-space';

async function network(shapes: Record<string, number[]>, choices: Choices): Promise<Model> {
  const random = new Random(5);
  const tensors = Object.entries(shapes).map(([name, shape]): [string, Stub] => {
    const size = shape.reduce((a, b) => a * b, 1);
    const positive = /running_var$/.test(name) || (/weight$/.test(name) && shape.length === 1);
    const fan = size / shape[0]!;
    const values = Array.from({ length: size }, () => (positive ? 0.6 + 0.9 * random.uniform() : (shape.length === 1 ? 0.2 : (2 / fan) ** 0.5) * random.normal()));
    // What reads activations, which are positive, nearly averages out: else some units would hardly ever be on, or off.
    if (shape.length === 4) {
      for (let k = 0; k < shape[0]!; k++) {
        const mean = values.slice(k * fan, (k + 1) * fan).reduce((sum, x) => sum + x, 0) / fan;
        for (let i = 0; i < fan; i++) values[k * fan + i]! -= 0.9 * mean;
      }
    }
    return [name, { shape, values, dtype: 'f64' }];
  });
  const verdict = await recogniseModel(stubCheckpoint(Object.fromEntries(tensors)), choices);
  if (!verdict.model) throw new Error(verdict.sentence);
  return verdict.model;
}

async function images(model: Model): Promise<Batch> {
  const size = [...(await model.parameters()).values()].reduce((sum, { values }) => sum + values.length, 0);
  const samples = Math.ceil((2 * size) / model.outputs);
  const width = model.input.kind === 'vector' ? model.input.width : 0;
  return { kind: 'vector', values: new Random(7).normals(samples * width), samples, width };
}

const norm = (name: string, width: number, shift = true): Record<string, number[]> => ({
  [`${name}.weight`]: [width], ...(shift ? { [`${name}.bias`]: [width] } : {}), [`${name}.running_mean`]: [width], [`${name}.running_var`]: [width],
});

describe('stacks', () => {
  const plain = { '0.weight': [3, 1, 3, 3], '0.bias': [3], '3.weight': [2, 3, 3, 3], '3.bias': [2], '7.weight': [2, 8], '7.bias': [2] };
  const normed = { '0.weight': [3, 1, 3, 3], '0.bias': [3], ...norm('1', 3), '4.weight': [2, 3, 3, 3], ...norm('5', 2), '9.weight': [2, 8], '9.bias': [2] };
  it.each([
    ['ReLU and max-pool: a scale per channel', plain, { 'input-size': '8', activation: 'relu' }, 3 + 2],
    ['ReLU and average pool', plain, { 'input-size': '8', activation: 'relu', pool: 'average' }, 3 + 2],
    ['tanh: none', plain, { 'input-size': '8', activation: 'tanh' }, 0],
    // Scale and, with a bias, shift of each channel against its batch norm, and a scale behind it.
    ['batch norm and ReLU', normed, { 'input-size': '8', activation: 'relu' }, 2 * 3 + 2 + 3 + 2],
    ['batch norm and tanh', normed, { 'input-size': '8', activation: 'tanh' }, 2 * 3 + 2],
  ] as const)('%s', async (_name, shapes, choices, expected) => {
    const model = await network(shapes as unknown as Record<string, number[]>, { ...choices, padding: 'same', 'pool-after': 'each' } as Choices);
    expect(await audit(model, await images(model), 'mse')).toMatchObject({ nullity: expected, span: expected });
  });
});

describe('residual networks', () => {
  const block = (name: string, inputs: number, width: number): Record<string, number[]> => ({
    [`${name}.conv1.weight`]: [width, inputs, 3, 3], ...norm(`${name}.bn1`, width), [`${name}.conv2.weight`]: [width, width, 3, 3], ...norm(`${name}.bn2`, width),
    ...(inputs === width ? {} : { [`${name}.downsample.0.weight`]: [width, inputs, 1, 1], ...norm(`${name}.downsample.1`, width) }),
  });
  const stem = { 'conv1.weight': [2, 2, 3, 3], ...norm('bn1', 2) };

  it.each([
    // A scale of every channel before and behind its norm; of the stream of each stage, one for all that write it; shifts between shortcut and branch.
    ['an identity shortcut', { ...stem, ...block('layer1.0', 2, 2), 'fc.weight': [3, 2], 'fc.bias': [3] }, 'mse', 2 + 2 + 2 + (2 + 2)],
    ['a shortcut that halves the image', { ...stem, ...block('layer1.0', 2, 2), ...block('layer2.0', 2, 3), 'fc.weight': [4, 3], 'fc.bias': [4] }, 'mse', (2 + 2 + 2 + 2 + 2) + (3 + 3 + 3) + (3 + 3) + 3],
    ['under cross-entropy', { ...stem, ...block('layer1.0', 2, 2), 'fc.weight': [3, 2], 'fc.bias': [3] }, 'ce', 10 + 3],
  ] as const)('%s', { timeout: 60_000 }, async (_name, shapes, loss, expected) => {
    const model = await network(shapes as unknown as Record<string, number[]>, { 'input-size': '6' });
    const found = await audit(model, await images(model), loss);
    expect(found).toMatchObject({ nullity: expected, span: expected });
  });
});
