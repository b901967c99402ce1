/** Models as Keras and TensorFlow.js save them: the library's logits from the files alone, and what cannot be run is said by name. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { parseStrictJson, type Json } from '../../src/checkpoint/strict-json';
import type { Checkpoint } from '../../src/checkpoint/types';
import { recogniseModel } from '../../src/model/recognise';
import { text } from '../checkpoint/writers';
import { modelOf } from './family-files';
import { fixture, recorded } from './fixture';
import { deviation, inputsOf, KERAS, logitsOf, TFJS } from './keras-files';
import { audit } from './null-space';

describe.each(KERAS)('$name', ({ name, files }) => {
  it.each(files)("%s gives Keras's logits to 1e-10", async (file) => {
    const model = await modelOf(await fixture(`keras/${file}`));
    expect(model.architecture).toBe('keras');
    expect(deviation(await logitsOf(model, await inputsOf(name)), recorded(`keras/${name}.json`), name === 'keras2')).toBeLessThan(1e-10);
  });

  it('explains every null dimension', { timeout: 120_000 }, async () => {
    const model = await modelOf(await fixture(`keras/${files[0]}`));
    const parameters = await model.parameters();
    const size = [...parameters.values()].reduce((sum, { values }) => sum + values.length, 0);
    const width = model.input.kind === 'vector' ? model.input.width : 0;
    const samples = Math.ceil((1.5 * size) / (model.outputs - 1));
    const batch = { kind: 'vector', values: new Random(3).normals(samples * width), samples, width } as const;
    const { nullity, span } = await audit(model, batch, 'ce');
    expect(span).toBe(nullity);
    expect(span).toBeGreaterThan(model.outputs - 1);
  });

  it('uses every tensor', async () => {
    for (const file of files) {
      const checkpoint = await fixture(`keras/${file}`);
      const model = await modelOf(checkpoint);
      expect([...checkpoint.tensors.keys()].filter((tensor) => !model.tensors.has(tensor))).toEqual([]);
    }
  });
});

describe.each(TFJS)('TensorFlow.js, %s', (name) => {
  const truth = recorded(`tfjs/${name}.json`);

  it('has the weights of TensorFlow.js to the bit', async () => {
    const { tensors } = await fixture(`tfjs/${name}`);
    expect([...tensors.keys()].sort()).toEqual(Object.keys(truth.weights!).sort());
    for (const [tensor, values] of Object.entries(truth.weights!)) expect(Array.from(await tensors.get(tensor)!.values()), tensor).toEqual(values);
  });

  it("gives TensorFlow.js's logits to 1e-5", async () => {
    const checkpoint = await fixture(`tfjs/${name}`);
    expect(checkpoint.warnings.some((w) => w.includes('quantised'))).toBe(name !== 'plain');
    const model = await modelOf(checkpoint);
    expect(model.defaultLoss).toBe('ce');
    expect(deviation(await logitsOf(model, Float64Array.from(truth.inputs!)), truth, true)).toBeLessThan(1e-5);
  });
});

/** A checkpoint without weights that brings this config. */
async function verdict(config: unknown): Promise<string> {
  const json = parseStrictJson(text(typeof config === 'string' ? config : JSON.stringify(config)), 'f', 'the config');
  const checkpoint: Checkpoint = { ...(await fixture('keras/mlp.keras')), tensors: new Map(), program: { kind: 'keras', config: json, variables: new Map() } };
  const found = await recogniseModel(checkpoint, {});
  return found.model ? found.model.title : found.sentence;
}

const sequential = (...layers: unknown[]) => ({ class_name: 'Sequential', config: { name: 's', layers } });
const layer = (class_name: string, config: object = {}, more: object = {}) => ({ class_name, config: { name: class_name.toLowerCase(), ...config }, ...more });
const image = layer('InputLayer', { batch_shape: [null, 4, 4, 1] });
const functional = (layers: unknown[], inputs: unknown, outputs: unknown) => ({ class_name: 'Functional', config: { name: 'f', layers, input_layers: inputs, output_layers: outputs } });
const called = (name: string, from: string[], class_name = 'ReLU') => ({ class_name, name, config: { name }, inbound_nodes: [from.map((source) => [source, 0, 0, {}])] });
const source = { class_name: 'InputLayer', name: 'in', config: { name: 'in', batch_input_shape: [null, 3] }, inbound_nodes: [] };

describe('what is not run is said by name', () => {
  it.each<[string, unknown, RegExp]>([
    ['a subclassed model', { class_name: 'MyNet', config: {} }, /its class "MyNet" is written in Python/],
    ['a custom layer', sequential(image, layer('Dense', {}, { module: 'mine.layers' })), /layer "dense" \(Dense\) is a class of its own/],
    ['a Lambda', sequential(image, layer('Lambda')), /layer "lambda" \(Lambda\) is of a class that is not run here/],
    ['channels first', sequential(image, layer('MaxPooling2D', { data_format: 'channels_first' })), /data_format "channels_first"/],
    ['a clipped ReLU with a slope', sequential(image, layer('ReLU', { max_value: 6, negative_slope: 0.1 })), /\(ReLU\) has a threshold, or a maximum and a slope/],
    ['a ReLU that is clipped below zero', sequential(image, layer('ReLU', { max_value: -1 })), /\(ReLU\) has the maximum -1/],
    ['an activation', sequential(image, layer('Activation', { activation: 'softsign' })), /the activation "softsign"/],
    ['smooth neighbours', sequential(image, layer('UpSampling2D', { interpolation: 'bilinear' })), /has the interpolation "bilinear"/],
    ['a negative factor', sequential(image, layer('Rescaling', { scale: -1 })), /has a factor that is not positive/],
    ['a softmax in the middle', sequential(image, layer('Softmax'), layer('Flatten')), /softmax that is not the end/],
    ['an axis', sequential(image, layer('BatchNormalization', { axis: 1 })), /works along axis 1; the channels, axis 3/],
    ['a missing weight', sequential(image, layer('Flatten'), layer('Dense', { units: 2 })), /layer "dense" \(Dense\) has no weight "bias" in the file/],
    ['an open size', sequential(layer('InputLayer', { batch_shape: [null, null, null, 3] }), layer('Flatten')), /its input \[any, any, 3\] has a size that is open/],
    ['an input beyond measure', sequential(layer('InputLayer', { batch_shape: [null, 1e9, 1e9, 1] }), layer('ReLU')), /more values than the 134217728 that are run/],
    ['no input shape', sequential(layer('Flatten')), /does not say what shape its input has/],
    ['a window that does not fit', sequential(image, layer('MaxPooling2D', { pool_size: 9 })), /does not fit into images of 1 x 4 x 4/],
    ['a window of nothing', sequential(image, layer('MaxPooling2D', { strides: 0 })), /stride or dilation 0/],
    ['a size that makes no sense', sequential(image, layer('MaxPooling2D', { pool_size: [1, 'x'] })), /has a "pool_size" that makes no sense/],
    ['two outputs', functional([source, called('a', ['in'])], [['in', 0, 0]], [['in', 0, 0], ['a', 0, 0]]), /has 1 inputs and 2 outputs/],
    ['a cycle', functional([source, called('a', ['b']), called('b', ['a'])], [['in', 0, 0]], [['a', 0, 0]]), /depends on itself/],
    ['a layer that is not there', functional([source, called('a', ['nowhere'])], [['in', 0, 0]], [['a', 0, 0]]), /its layer "nowhere" is named but not in its config/],
    ['nothing at all', sequential(image, layer('Dropout')), /it computes nothing/],
    ['no config', [], /its class "model without a class"/],
  ])('%s', async (_, config, sentence) => {
    const said = await verdict(config);
    expect(said).toMatch(/^This is a Keras model, but .* Each weight tensor is analysed on its own\.$/);
    expect(said).toMatch(sentence);
  });

  it('three thousand models in each other, and a chain of twenty-one thousand layers, come to an end', async () => {
    const nested = '{"class_name":"Sequential","config":{"layers":['.repeat(3000) + JSON.stringify(image) + ']}}'.repeat(3000);
    expect(await verdict(nested)).toMatch(/nests more than 20 models/);
    const chain = Array.from({ length: 21_000 }, (_, i) => called(`l${i}`, [i === 0 ? 'in' : `l${i - 1}`]));
    expect(await verdict(functional([source, ...chain], [['in', 0, 0]], [['l20999', 0, 0]]))).toMatch(/more than 20000 layers/);
  });
});

it('reads both spellings and both generations of calls to the same graph', async () => {
  const plain = functional([source, called('a', ['in']), called('b', ['a', 'in'], 'Add')], [['in', 0, 0]], [['b', 0, 0]]);
  const tensor = (name: string) => ({ class_name: '__keras_tensor__', config: { shape: [null, 3], dtype: 'float32', keras_history: [name, 0, 0] } });
  const third = functional(
    [source, { ...called('a', []), inbound_nodes: [{ args: [tensor('in')], kwargs: {} }] }, { ...called('b', [], 'Add'), inbound_nodes: [{ args: [[tensor('a'), tensor('in')]], kwargs: {} }] }],
    ['in', 0, 0],
    ['b', 0, 0],
  );
  const checkpoint = await fixture('keras/mlp.keras');
  const outputs = await Promise.all(
    [plain, third].map(async (config) => {
      const json: Json = parseStrictJson(text(JSON.stringify(config)), 'f', 'the config');
      return logitsOf(await modelOf({ ...checkpoint, program: { kind: 'keras', config: json, variables: new Map() } }), Float64Array.of(1, -2, 3));
    }),
  );
  expect(outputs[0]).toEqual(Float64Array.of(2, -2, 6));
  expect(outputs[1]).toEqual(outputs[0]);
});
