/** Networks from ONNX files: the exporter's logits from the file alone, functions told by their values, and what is refused by name. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/base/errors';
import { Random } from '../../src/base/random';
import type { Checkpoint } from '../../src/checkpoint/types';
import { recogniseModel } from '../../src/model/recognise';
import type { Model } from '../../src/model/types';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import { erf } from '../../src/numerics/erf';
import { external, model as written, node, packed, tensor, value, type GraphFields } from '../checkpoint/onnx-writer';
import { f32, loaded } from '../checkpoint/writers';
import { modelOf } from './family-files';
import { fixture, fixtureProbe, recorded } from './fixture';
import { ONNX_FILES } from './onnx-files';

const ops = cpuOps();

async function run(model: Model, values: Float64Array, samples: number, seen: string[] = []): Promise<Float64Array> {
  const parameters = await model.parameters();
  const batch = { kind: 'vector' as const, values, samples, width: values.length / samples };
  return cpuValues(model.forward(ops, (key) => ops.constant(parameters.get(key)!.values, parameters.get(key)!.shape), batch, (layer) => seen.push(layer)));
}

describe.each(ONNX_FILES)('$path', ({ path, of, layers }) => {
  it('gives the logits to 1e-10 in float64, layer by layer under the names of its modules', async () => {
    const model = await modelOf(await fixture(`onnx/${path}`));
    const { inputs } = await fixtureProbe(`onnx/${of}`, model);
    const seen: string[] = [];
    const found = await run(model, inputs.kind === 'vector' ? inputs.values : new Float64Array(), inputs.samples, seen);
    const logits = recorded(`onnx/${of}.json`).logits;
    expect(found.length).toBe(logits.length);
    expect(logits.reduce((most, truth, i) => Math.max(most, Math.abs(found[i]! - truth)), 0) / Math.max(...logits.map(Math.abs))).toBeLessThan(1e-10);
    expect(model.layers.map(({ name }) => name)).toEqual(layers);
    expect(seen.sort()).toEqual([...layers].sort());
  });
});

describe('what is said of a network', () => {
  it('its exporter, the softmax that was left out, and what became of every tensor', async () => {
    const model = await modelOf(await fixture('onnx/mlp.legacy.onnx'));
    expect(model).toMatchObject({ architecture: 'onnx', defaultLoss: 'ce', title: 'Network of 4 dense layers, gelu, tanh, silu, vectors of 5' });
    expect(model.evidence.join('; ')).toMatch(/17 nodes in opset 17, written by pytorch.*'input' \[batch, 5\].*'\/Softmax' at the end is left out/);
    expect(model.layers.map(({ activation }) => activation)).toEqual(['gelu', 'tanh', 'silu', 'linear']);
    expect(model.tensors.get('fc1.weight')).toEqual({ status: 'analysed', reason: null });
    expect(model.tensors.get('/act/Constant_output_0')).toMatchObject({ status: 'buffer', reason: 'a number of the graph' });
  });

  it('factors of a Gemm, tensors that nothing reads, and a choice between outputs', async () => {
    const checkpoint = await fixture('onnx/channels-last.onnx');
    const model = await modelOf(checkpoint);
    expect(model.transforms.join('; ')).toContain('alpha = 0.5, beta = 2');
    expect(model.choices).toMatchObject([{ key: 'output', value: 'out', options: ['out', 'mask'], assumed: true }]);
    expect(model.input).toEqual({ kind: 'vector', width: 84, image: { channels: 2, height: 6, width: 7, order: 'hwc' } });
    const mask = (await recogniseModel(checkpoint, { output: 'mask' })).model!;
    expect(mask.outputs).toBe(4 * 3 * 4);
    expect(mask.tensors.get('model/dense/kernel')).toMatchObject({ status: 'excluded', reason: expect.stringContaining("'mask'") });
  });
});

it('equal tensors that an exporter stored once are parameters of each layer', async () => {
  const nodes = [node('MatMul', ['x', 'w'], ['a'], {}, '/one/MatMul'), node('Relu', ['a'], ['b']), node('Identity', ['w'], ['v']), node('MatMul', ['b', 'v'], ['z'], {}, '/two/MatMul')];
  const model = await modelOf(await loaded('m.onnx', written({ nodes, tensors: [tensor({ name: 'w', dims: [2, 2], raw: f32(1, 2, 3, 4) })], inputs: [value('x', ['n', 2])], outputs: [value('z', ['n', 2])] })));
  expect([...(await model.parameters()).keys()]).toEqual(['one.weight', 'two.weight']);
  expect(model.transforms).toEqual(["'w' is stored once and read as 2 parameters: one.weight, two.weight"]);
});

const WEIGHT = [0.5, -1, 2, 0.25];
/** y = x W, then these nodes from 'y' to 'z'. */
const behindDense = (nodes: readonly Uint8Array[], more: readonly Uint8Array[] = []): GraphFields => ({
  nodes: [node('MatMul', ['x', 'w'], ['y'], {}, '/dense/MatMul'), ...nodes],
  tensors: [tensor({ name: 'w', dims: [2, 2], raw: f32(...WEIGHT) }), ...more],
  inputs: [value('x', ['n', 2])],
  outputs: [value('z', ['n', 2])],
});
const scalar = (name: string, x: number) => tensor({ name, dims: [], raw: f32(x) });
const verdict = async (fields: GraphFields, opset = 17) => recogniseModel(await loaded('m.onnx', written(fields, opset)), {});
async function sentence(fields: GraphFields, opset = 17): Promise<string> {
  const found = await verdict(fields, opset);
  return found.model ? `recognised: ${found.model.title}` : found.sentence;
}

describe('functions of one value', () => {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const gelu = (x: number) => 0.5 * x * (1 + erf(x / Math.SQRT2));
  const geluNew = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  const halves = [scalar('half', 0.5), scalar('one', 1), scalar('root', Math.SQRT2), scalar('three', 3), scalar('a', 0.044715), scalar('b', Math.sqrt(2 / Math.PI))];
  it.each<[string, readonly Uint8Array[], string, (x: number) => number]>([
    ['Relu', [node('Relu', ['y'], ['z'])], 'relu', (x) => Math.max(0, x)],
    ['Clip from 0 on', [node('Clip', ['y', 'zero'], ['z'])], 'relu', (x) => Math.max(0, x)],
    ['LeakyRelu', [node('LeakyRelu', ['y'], ['z'])], 'leaky_relu', (x) => (x > 0 ? x : 0.01 * x)],
    ['Gelu by erf', [node('Div', ['y', 'root'], ['a1']), node('Erf', ['a1'], ['a2']), node('Add', ['a2', 'one'], ['a3']), node('Mul', ['y', 'half'], ['a4']), node('Mul', ['a4', 'a3'], ['z'])], 'gelu', gelu],
    ['Gelu by tanh', [node('Pow', ['y', 'three'], ['c1']), node('Mul', ['c1', 'a'], ['c2']), node('Add', ['y', 'c2'], ['c3']), node('Mul', ['c3', 'b'], ['c4']), node('Tanh', ['c4'], ['c5']), node('Add', ['one', 'c5'], ['c6']), node('Mul', ['y', 'half'], ['c7']), node('Mul', ['c7', 'c6'], ['z'])], 'gelu_new', geluNew],
    ['Gelu, approximate', [node('Gelu', ['y'], ['z'], { approximate: 'tanh' })], 'gelu_new', geluNew],
    ['x sigmoid(x)', [node('Sigmoid', ['y'], ['s']), node('Mul', ['s', 'y'], ['z'])], 'silu', (x) => x * sigmoid(x)],
    ['x / (1 + exp(-x))', [node('Neg', ['y'], ['e1']), node('Exp', ['e1'], ['e2']), node('Add', ['e2', 'one'], ['e3']), node('Div', ['y', 'e3'], ['z'])], 'silu', (x) => x * sigmoid(x)],
    ['Clip to 6', [node('Clip', ['y', 'zero', 'six'], ['z'])], 'relu6', (x) => Math.min(6, Math.max(0, x))],
    ['Clip to one', [node('Clip', ['y', 'minus', 'one'], ['z'])], 'clip(-1, 1)', (x) => Math.min(1, Math.max(-1, x))],
    ['LeakyRelu of another slope', [node('LeakyRelu', ['y'], ['z'], { alpha: { float: 0.2 } })], 'leaky_relu(0.2)', (x) => (x > 0 ? x : 0.2 * x)],
    ['Elu', [node('Elu', ['y'], ['z'])], 'elu', (x) => (x > 0 ? x : Math.expm1(x))],
    ['Elu of another scale', [node('Elu', ['y'], ['z'], { alpha: { float: 0.3 } })], 'elu(0.3)', (x) => (x > 0 ? x : 0.3 * Math.expm1(x))],
    ['Selu', [node('Selu', ['y'], ['z'])], 'selu', (x) => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * Math.expm1(x))],
    ['Softplus', [node('Softplus', ['y'], ['z'])], 'softplus', (x) => Math.log1p(Math.exp(x))],
    ['HardSigmoid of torch', [node('HardSigmoid', ['y'], ['z'], { alpha: { float: 1 / 6 } })], 'hard_sigmoid', (x) => Math.min(1, Math.max(0, x / 6 + 0.5))],
    ['HardSigmoid of ONNX', [node('HardSigmoid', ['y'], ['z'])], 'hard_sigmoid(0.2, 0.5)', (x) => Math.min(1, Math.max(0, 0.2 * x + 0.5))],
    ['HardSwish', [node('HardSwish', ['y'], ['z'])], 'hard_swish', (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5))],
    ['x relu6(x + 3) / 6', [node('Add', ['y', 'three'], ['h1']), node('Clip', ['h1', 'zero', 'six'], ['h2']), node('Mul', ['y', 'h2'], ['h3']), node('Div', ['h3', 'six'], ['z'])], 'hard_swish', (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5))],
    ['a factor and a constant', [node('Mul', ['y', 'half'], ['l1']), node('Sub', ['l1', 'three'], ['z'])], 'linear', (x) => 0.5 * x - 3],
    ['a constant for each channel', [node('Tanh', ['y'], ['s']), node('Sub', ['s', 'pair'], ['z'])], 'tanh', (x) => Math.tanh(x) - 0.5],
    ['a factor for each channel', [node('Tanh', ['y'], ['s']), node('Div', ['s', 'pair'], ['z'])], 'tanh', (x) => 2 * Math.tanh(x)],
    ['x squared', [node('Mul', ['y', 'y'], ['z'])], 'quadratic', (x) => x * x],
    ['nothing', [node('Mul', ['y', 'one'], ['z'])], 'linear', (x) => x],
    ['a sum of itself and a function', [node('Tanh', ['y'], ['s']), node('Add', ['y', 's'], ['z'])], 'linear', (x) => x + Math.tanh(x)],
    ['one function of another', [node('Sigmoid', ['y'], ['s']), node('Tanh', ['s'], ['z'])], 'sigmoid', (x) => Math.tanh(sigmoid(x))],
  ])('%s', async (_, nodes, activation, f) => {
    const found = await verdict(behindDense(nodes, [...halves, scalar('zero', 0), scalar('six', 6), scalar('minus', -1), tensor({ name: 'pair', dims: [2], raw: f32(0.5, 0.5) })]), 20);
    expect(found.model?.layers, 'sentence' in found ? found.sentence : '').toMatchObject([{ name: 'dense', activation }]);
    const x = Float64Array.from([1, 2, -0.5, 0.25, 3, -1]);
    const y = Array.from({ length: 6 }, (_, i) => x[2 * (i >> 1)]! * WEIGHT[i % 2]! + x[2 * (i >> 1) + 1]! * WEIGHT[2 + (i % 2)]!);
    (await run(found.model!, x, 3)).forEach((z, i) => expect(z).toBeCloseTo(f(y[i]!), 7));
  });

  it.each<[string, readonly Uint8Array[], RegExp]>([
    ['a clip that is open on one side', [node('Clip', ['y', 'six'], ['z'], {}, '/features/act')], /node '\/features\/act' \(Clip\) makes a function \(min = 6, max = Infinity\)/],
    ['a function of no numbers that fit', [node('Selu', ['y'], ['z'], { alpha: { float: 0.25 } }, 'selu')], /node 'selu' \(Selu\) makes a function \(alpha = 0.25\)/],
    ['a negative factor', [node('Neg', ['y'], ['z'], {}, 'scale')], /node 'scale' \(Neg\) makes a function that is not computed here; expected one of linear, relu/],
    ['a row without end', Array.from({ length: 3000 }, (_, i) => node('Exp', [i === 0 ? 'y' : `e${i - 1}`], [i === 2999 ? 'z' : `e${i}`])), /\(Exp\) makes a function/],
  ])('%s is refused by name', async (_, nodes, expected) => {
    expect(await sentence(behindDense(nodes, [scalar('zero', 0), scalar('six', 6)]))).toMatch(expected);
  });
});

describe('what is left to weight spectra, by name', () => {
  const image = (nodes: readonly Uint8Array[], shape: readonly (number | string)[] = ['n', 2, 4, 4], more: readonly Uint8Array[] = []): GraphFields => ({
    nodes,
    tensors: [tensor({ name: 'w', dims: [3, 2, 3, 3], raw: f32(...Array.from({ length: 54 }, (_, i) => i % 5)) }), tensor({ name: 'row', dims: [2, 3], raw: f32(1, 2, 3, 4, 5, 6) }), tensor({ name: 'v', dims: [2], raw: f32(1, 2) }), ...more],
    inputs: [value('x', shape)],
    outputs: [value('z', ['n'])],
  });
  it.each<[string, GraphFields, RegExp]>([
    ['an operator that is none', behindDense([node('Einsum', ['y'], ['z'], {}, '/attn/Einsum')]), /^This is a network of ONNX, but node '\/attn\/Einsum' \(Einsum\) is an operator that is not computed here\. Each weight/],
    ['operators of others', behindDense([node('FusedGelu', ['y'], ['z'], {}, 'g', 'com.microsoft')]), /node 'g' \(FusedGelu\) is of the operator set 'com.microsoft'/],
    ['a node without a name', behindDense([node('Einsum', ['y'], ['z'], {}, '')]), /node 'z' \(Einsum\)/],
    ['a softmax in the middle', behindDense([node('Softmax', ['y'], ['s'], {}, 'soft'), node('Relu', ['s'], ['z'])]), /node 'soft' \(Softmax\) stands in the middle/],
    ['a softmax behind which values go round', behindDense([node('Softmax', ['y'], ['s'], {}, 'soft'), node('Reshape', ['s', 'b'], ['c']), node('Identity', ['c'], ['b']), node('Add', ['y', 's'], ['z'])]), /node 'soft' \(Softmax\) stands in the middle/],
    ['a vector from which a function is taken off', behindDense([node('Relu', ['y'], ['r']), node('Sub', ['v', 'r'], ['z'], {}, 'shift')], [tensor({ name: 'v', raw: f32(1, 2) })]), /node 'shift' \(Sub\) combines a value of the samples with 'v' of shape \[2\]/],
    ['a broken order', behindDense([node('Relu', ['later'], ['z']), node('Relu', ['y'], ['later'])]), /reads 'later', which no earlier node/],
    ['two inputs', { ...behindDense([node('Add', ['y', 'x2'], ['z'])]), inputs: [value('x', ['n', 2]), value('x2', ['n', 2])] }, /reads 2 inputs \('x', 'x2'\)/],
    ['tokens', { nodes: [node('Gather', ['w', 'x'], ['z'], {}, '/embed/Gather')], tensors: [tensor({ name: 'w', dims: [2, 2], raw: f32(...WEIGHT) })], inputs: [value('x', ['n', 5])], outputs: [value('z', [])] }, /'\/embed\/Gather' \(Gather\) looks rows up, as an embedding of tokens does/],
    ['a sequence of vectors', { ...behindDense([node('Relu', ['y'], ['z'])]), inputs: [value('x', ['n', 7, 2])] }, /node '\/dense\/MatMul' \(MatMul\) multiplies arrays \[7, 2\]/],
    ['no output', { ...behindDense([]), outputs: [] }, /its graph has no output/],
    ['an output of constants', { ...behindDense([]), outputs: [value('w', [2, 2])] }, /its output depends on no input/],
    ['its input as its output', { ...behindDense([node('Identity', ['x'], ['z'])]) }, /its output 'z' is its input/],
    ['rows that are no samples', image([node('Reshape', ['x', 'shape'], ['z'], {}, 'r')], ['n', 2, 4, 4], [tensor({ name: 'shape', dims: [2], type: 7, more: packed(7, [-1, 16]) })]), /node 'r' \(Reshape\) makes shape \[-1, 16\] of \[batch, 2, 4, 4\], and with it rows that are no samples/],
    ['convolutions over one dimension', image([node('Conv', ['x', 'row'], ['z'], {}, 'c')]), /node 'c' \(Conv\) has weights of 2 dimensions/],
    ['weights that do not fit', image([node('Conv', ['x', 'w'], ['z'], { group: 2 }, 'c')]), /Node 'c' \(conv\)/],
    ['a window that does not fit', image([node('MaxPool', ['x'], ['z'], { kernel_shape: [5, 5] }, 'p')]), /node 'p' \(MaxPool\) has a window of 5 x 5 pixels/],
    ['a padding beyond all bounds', image([node('Conv', ['x', 'w'], ['z'], { pads: [2 ** 40, 0, 0, 0] }, 'c')]), /node 'c' \(Conv\) makes images \[3, .*more than is computed here/],
    ['a mean over channels', image([node('ReduceMean', ['x'], ['z'], { axes: [1] }, 'm')]), /node 'm' \(ReduceMean\) takes a mean of images \[2, 4, 4\] along axis 1.*opset_version=17/],
    ['sums of different shapes', image([node('Conv', ['x', 'w'], ['a'], {}), node('Add', ['a', 'x'], ['z'], {}, 'plus')]), /node 'plus' \(Add\) combines values of shapes \[3, 2, 2\] and \[2, 4, 4\]/],
    ['padding by reflection', image([node('Pad', ['x', 'sides'], ['z'], { mode: 'reflect' }, 'p')], ['n', 2, 4, 4], [tensor({ name: 'sides', dims: [8], type: 7, more: packed(7, [0, 0, 1, 1, 0, 0, 1, 1]) })]), /node 'p' \(Pad\) pads by 'reflect'; only zeros/],
    ['padding of channels', image([node('Pad', ['x', 'sides'], ['z'], {}, 'p')], ['n', 2, 4, 4], [tensor({ name: 'sides', dims: [8], type: 7, more: packed(7, [0, 1, 0, 0, 0, 0, 0, 0]) })]), /node 'p' \(Pad\) pads images \[2, 4, 4\] along other axes than height and width/],
    ['other sizes by interpolation', image([node('Resize', ['x', '', 'scales'], ['z'], { mode: 'linear' }, 'r')], ['n', 2, 4, 4], [tensor({ name: 'scales', dims: [4], raw: f32(1, 1, 2, 2) })]), /node 'r' \(Resize\) changes the size of images by 'linear' interpolation/],
    ['other sizes by parts', image([node('Resize', ['x', '', 'scales'], ['z'], {}, 'r')], ['n', 2, 4, 4], [tensor({ name: 'scales', dims: [4], raw: f32(1, 1, 1.5, 2) })]), /node 'r' \(Resize\) changes the size of images \[2, 4, 4\] by \[1, 1, 1.5, 2\]; only whole factors/],
    ['other sizes beyond all bounds', image([node('Resize', ['x', '', 'scales'], ['z'], {}, 'r')], ['n', 2, 4, 4], [tensor({ name: 'scales', dims: [4], raw: f32(1, 1, 2 ** 40, 1) })]), /node 'r' \(Resize\) makes images \[2, 4398046511104, 4\], more than is computed here/],
    ['neighbours above', image([node('Resize', ['x', '', 'scales'], ['z'], { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'ceil' }, 'r')], ['n', 2, 4, 4], [tensor({ name: 'scales', dims: [4], raw: f32(1, 1, 2, 2) })]), /node 'r' \(Resize\) takes other neighbours than the nearest/],
    ['training mode', image([node('BatchNormalization', ['x', 'v', 'v', 'v', 'v'], ['z'], { training_mode: 1 }, 'bn')]), /node 'bn' \(BatchNormalization\) normalises by its batch.*model\.eval\(\)/],
    ['an attribute of the wrong kind', image([node('BatchNormalization', ['x', 'v', 'v', 'v', 'v'], ['z'], { epsilon: 'small' }, 'bn')]), /'epsilon' of the wrong kind/],
  ])('%s', async (_, fields, expected) => {
    expect(await sentence(fields)).toMatch(expected);
  });

  it('operators of old versions', async () => {
    expect(await sentence(behindDense([node('Relu', ['y'], ['z'])]), 6)).toMatch(/version 6 of the operators; version 7 or later/);
  });

  it('names of tensors are not asked where a graph is', async () => {
    const found = await loaded('m.onnx', written({ nodes: [node('Einsum', ['x', '0.weight'], ['z'])], tensors: [tensor({ name: '0.weight', dims: [2, 2], raw: f32(...WEIGHT) })], inputs: [value('x', ['n', 2])], outputs: [value('z', ['n', 2])] }));
    expect((await recogniseModel(found, {})).model).toBeNull();
  });

  it('the size of images that a graph leaves open is a choice', async () => {
    const checkpoint = await loaded('m.onnx', written(image([node('Conv', ['x', 'w'], ['y']), node('GlobalAveragePool', ['y'], ['z'])], ['n', 2, 'height', 'width'])));
    const { model } = await recogniseModel(checkpoint, {});
    expect(model).toMatchObject({ input: { width: 2 * 32 * 32 }, choices: [{ key: 'input-size', value: '32', assumed: true }] });
    expect((await recogniseModel(checkpoint, { 'input-size': '50' })).model!.input).toMatchObject({ kind: 'vector', width: 2 * 50 * 50, image: { height: 50, width: 50 } });
  });
});

it('2,000 mutants of sound networks give a model or a sentence', async () => {
  const random = new Random(77);
  const sound: Checkpoint[] = [await fixture('onnx/channels-last.onnx'), await fixture('onnx/flattened.legacy.onnx'), await fixture('onnx/mlp.legacy.onnx'), await fixture('networks/operators.legacy.onnx')];
  const words = ['', 'x', 'a', 'c', 'shape', 'Relu', 'Conv', 'Reshape', 'Transpose', 'Concat', 'Shape', 'Gather', 'Add', 'Mul', 'SAME_LOWER', 'Pad', 'Resize', 'Where', 'Slice'];
  const pick = <T>(list: readonly T[]): T => list[random.integer(list.length)]!;
  let models = 0;
  for (let i = 0; i < 2000; i++) {
    const checkpoint = pick(sound);
    const program = checkpoint.program!;
    if (program.kind !== 'onnx') throw new Error('no graph');
    const nodes = program.nodes.map((n) => ({ ...n, inputs: [...n.inputs], outputs: [...n.outputs], attributes: new Map(n.attributes) }));
    const names = [...checkpoint.tensors.keys(), ...nodes.flatMap((n) => n.outputs), ...words];
    for (let edits = 1 + random.integer(3); edits > 0; edits--) {
      const n = pick(nodes);
      const kind = random.integer(6);
      if (kind === 0) n.op = pick([...nodes.map(({ op }) => op), ...words]);
      else if (kind === 1 && n.inputs.length > 0) n.inputs[random.integer(n.inputs.length)] = pick(names);
      else if (kind === 2) n.outputs[0] = pick(names);
      else if (kind === 3) n.attributes.set(pick(['axis', 'perm', 'kernel_shape', 'strides', 'pads', 'group', 'alpha', 'auto_pad', 'axes', 'to']), pick([-1, 0, 1, 2 ** 40, 'SAME_UPPER', [0, 1], [0, 2, 3, 1], [-1, 0, 0, 1], [], { held: 'graph' as const }]));
      else if (kind === 4) nodes.splice(random.integer(nodes.length), 1);
      else nodes.splice(random.integer(nodes.length), 0, { ...n });
      if (nodes.length === 0) nodes.push(n);
    }
    try {
      const found = await recogniseModel({ ...checkpoint, program: { ...program, nodes } }, {});
      if (found.model) {
        models++;
        await found.model.parameters();
      } else expect(found.sentence).toMatch(/^This is a network of ONNX, but .*\./s);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
    }
  }
  expect(models).toBeGreaterThan(100);
});

it('external data that is not there is said before anything runs', async () => {
  await expect(loaded('m.onnx', written({ tensors: [tensor({ more: external({ location: 'w.data' }) })] }))).rejects.toThrow(/"w\.data", which was not dropped/);
});
