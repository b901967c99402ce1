/** What ONNX networks leave free at any weights: the generators span the whole null space of the Jacobian of small random ones. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import type { Batch, Model } from '../../src/model/types';
import { model as written, node, tensor, value } from '../checkpoint/onnx-writer';
import { f32, loaded } from '../checkpoint/writers';
import { modelOf } from './family-files';
import { audit } from './null-space';
import { fixture } from './fixture';

async function inputs(model: Model): Promise<Batch> {
  const size = [...(await model.parameters()).values()].reduce((sum, { values }) => sum + values.length, 0);
  const samples = Math.ceil((1.5 * size) / model.outputs);
  const width = model.input.kind === 'vector' ? model.input.width : 0;
  return { kind: 'vector', values: new Random(7).normals(samples * width), samples, width };
}

describe('every null dimension under cross-entropy', () => {
  it.each([
    // LayerNorm: scale, shift, and the kernel that its reader has; seven shifts of the logits, one of which the others give.
    ['mlp.legacy.onnx', 6 + 6 + 6 + 7],
    // A scale per ReLU unit.
    ['biased.dynamo.onnx', 6 + 6],
    ['flattened.legacy.onnx', 5 + 7],
    // ReLU channels of the stem, the block and the stream, leaky ones behind it; constants between the two biases of the shortcut.
    ['convolutional.dynamo.onnx', 3 + 4 + 4 + 4 + 4 + 5],
    // ReLU channels against the depthwise gate and against what reads their product; scale, shift, kernel and stream of the LayerNorm; seven shifts of the logits, one of which the others give.
    ['channels-last.onnx', 4 + 4 + 6 + 6 + 3 + 10 + 17 + 7 - 1],
  ] as const)('%s', async (path, expected) => {
    const model = await modelOf(await fixture(`onnx/${path}`));
    expect(await audit(model, await inputs(model), 'ce')).toMatchObject({ nullity: expected, span: expected });
  });

  it('a sum into a LayerNorm, which sees neither its mean nor its basis', async () => {
    const random = new Random(3);
    const drawn = (name: string, ...dims: number[]) => tensor({ name, dims, raw: f32(...random.normals(dims.reduce((a, b) => a * b, 1))) });
    const bytes = written({
      nodes: [
        node('Gemm', ['x', 'a', 'p'], ['u'], {}, '/one/Gemm'),
        node('Tanh', ['u'], ['t']),
        node('Gemm', ['t', 'b', 'q'], ['v'], {}, '/two/Gemm'),
        node('MatMul', ['x', 'c'], ['w'], {}, '/skip/MatMul'),
        node('Add', ['v', 'w'], ['s'], {}, '/Add'),
        node('LayerNormalization', ['s', 'gamma', 'beta'], ['n'], {}, '/norm/LayerNormalization'),
        node('Gemm', ['n', 'd', 'r'], ['z'], {}, '/head/Gemm'),
      ],
      tensors: [drawn('a', 3, 4), drawn('p', 4), drawn('b', 4, 5), drawn('q', 5), drawn('c', 3, 5), drawn('gamma', 5), drawn('beta', 5), drawn('d', 5, 2), drawn('r', 2)],
      inputs: [value('x', ['n', 3])],
      outputs: [value('z', ['n', 2])],
    });
    const model = await modelOf(await loaded('m.onnx', bytes));
    const { nullity, span, families } = await audit(model, await inputs(model), 'mse');
    // Means of both writers and the bias; rotations of what is left; scale and shift of the norm; its kernel at the head.
    expect([...families]).toEqual(expect.arrayContaining([['mean of the stream', 4 + 1 + 3], ['rotation of the stream', 6], ['LayerNorm kernel', 2]]));
    expect({ nullity, span }).toEqual({ nullity: 8 + 6 + 5 + 5 + 2, span: 8 + 6 + 5 + 5 + 2 });
    expect(model.norms()).toMatchObject([{ layer: 'norm', kind: 'layer-norm', width: 5, readers: [{ layer: 'head', outputs: 2 }] }]);
  });
});
