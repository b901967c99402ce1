/** What each class of Keras layer is among the operators of a graph. Every entry gives its call a value, or says why it cannot be run. */
import type { Json } from '../../checkpoint/strict-json';
import { sizeOfValue } from '../graph/shapes';
import { activate, elu, leakyRelu, relu } from './activate';
import type { Builder } from './builder';
import type { Call } from './calls';
import { NotRun, numberOf, type Settings } from './settings';
import { averagePooling, convolution, depthwise, globalAverage, globalMax, maxPooling, separable, upSampling, zeroPadding } from './windows';

type Translate = (builder: Builder, call: Call) => void;

/** Nothing at all when the model is not trained. */
const identity: Translate = (b, call) => b.give(call, b.one(call));

const IDENTITIES = [
  'Dropout', 'SpatialDropout1D', 'SpatialDropout2D', 'AlphaDropout', 'GaussianDropout', 'GaussianNoise', 'ActivityRegularization', 'Identity',
  'RandomFlip', 'RandomRotation', 'RandomZoom', 'RandomTranslation', 'RandomContrast', 'RandomBrightness', 'StochasticDepth',
];

export const LAYERS: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ...IDENTITIES.map((kind): [string, Translate] => [kind, identity]),
  ['Dense', dense],
  ['Conv1D', convolution(1)],
  ['Conv2D', convolution(2)],
  ['DepthwiseConv2D', depthwise],
  ['SeparableConv2D', separable],
  ['BatchNormalization', batchNormalization],
  ['Normalization', normalization],
  ['LayerNormalization', layerNorm('layer-norm')],
  ['RMSNormalization', layerNorm('rms-norm')],
  ['Activation', (b, call) => b.give(call, activate(b, call, b.one(call), call.name, call.settings.get('activation')))],
  ['ReLU', relu],
  ['LeakyReLU', leakyRelu],
  ['ELU', elu],
  ['Softmax', (b, call) => {
    lastAxis(b, call);
    b.give(call, activate(b, call, b.one(call), call.name, 'softmax'));
  }],
  ['MaxPooling1D', maxPooling(1)],
  ['MaxPooling2D', maxPooling(2)],
  ['AveragePooling1D', averagePooling(1)],
  ['AveragePooling2D', averagePooling(2)],
  ['GlobalAveragePooling1D', globalAverage],
  ['GlobalAveragePooling2D', globalAverage],
  ['GlobalMaxPooling1D', globalMax],
  ['GlobalMaxPooling2D', globalMax],
  ['ZeroPadding1D', zeroPadding(1, 'padding', 1)],
  ['ZeroPadding2D', zeroPadding(2, 'padding', 1)],
  ['Cropping1D', zeroPadding(1, 'cropping', -1)],
  ['Cropping2D', zeroPadding(2, 'cropping', -1)],
  ['UpSampling1D', upSampling(1)],
  ['UpSampling2D', upSampling(2)],
  ['Flatten', (b, call) => b.give(call, flat(b, call, b.one(call)))],
  ['Reshape', reshape],
  ['Add', (b, call) => (call.number ? line(b, call, 1, call.number.value) : b.give(call, b.emit(call.name, several(b, call), { kind: 'add' })))],
  ['Multiply', (b, call) => (call.number ? line(b, call, call.number.value, 0) : b.give(call, b.emit(call.name, several(b, call), { kind: 'multiply' })))],
  ['Subtract', (b, call) => line(b, call, 1, -behind(call))],
  ['Divide', (b, call) => line(b, call, 1 / behind(call), 0)],
  ['TrueDivide', (b, call) => line(b, call, 1 / behind(call), 0)],
  ['Concatenate', (b, call) => {
    lastAxis(b, call);
    b.give(call, b.emit(call.name, several(b, call), { kind: 'concat' }));
  }],
  ['Embedding', embedding],
  ['Rescaling', rescaling],
  ['LayerScale', layerScale],
  ['CustomScaleLayer', customScale],
]);

function dense(b: Builder, call: Call): void {
  const { settings, name } = call;
  const bias = settings.flag('use_bias', true) ? b.vector(call, ['bias'], 1, 'bias') : null;
  const weight = b.parameter(call, ['kernel'], 0, 'kernel', (stored) => (stored.length === 2 ? stored : null));
  const node = b.emit(name, [b.one(call)], { kind: 'dense', weight, bias });
  b.give(call, activate(b, call, node, `${name}/activation`, settings.get('activation')));
}

function batchNormalization(b: Builder, call: Call): void {
  const { settings, name } = call;
  lastAxis(b, call);
  const scaled = settings.flag('scale', true);
  const centred = settings.flag('center', true);
  const first = Number(scaled) + Number(centred);
  const operator = {
    kind: 'batch-norm',
    scale: scaled ? b.vector(call, ['gamma'], 0, 'gamma') : null,
    shift: centred ? b.vector(call, ['beta'], Number(scaled), 'beta') : null,
    statistics: {
      mean: b.vector(call, ['moving_mean'], first, 'running_mean'),
      variance: b.vector(call, ['moving_variance'], first + 1, 'running_var'),
      epsilon: settings.number('epsilon', 1e-3),
    },
  } as const;
  b.give(call, b.emit(name, [b.one(call)], operator));
}

/** (x - mean) / sqrt(variance). */
function normalization(b: Builder, call: Call): void {
  const { settings, name } = call;
  lastAxis(b, call);
  settings.expect(!settings.flag('invert', false), 'is inverted, which is not run here');
  const flatten = (stored: readonly number[]) => [stored.reduce((x, y) => x * y, 1)];
  const { channels } = b.shapeOf(b.one(call));
  // Statistics that were written down, else those that were adapted to the data.
  const stated = settings.get('mean') !== null;
  const mean = stated ? b.constant(call, 'running_mean', perChannel(settings, 'mean', channels, 0)) : b.parameter(call, ['mean'], 0, 'running_mean', flatten);
  const variance = stated ? b.constant(call, 'running_var', perChannel(settings, 'variance', channels, 1)) : b.parameter(call, ['variance'], 1, 'running_var', flatten);
  b.give(call, b.emit(name, [b.one(call)], { kind: 'batch-norm', scale: null, shift: null, statistics: { mean, variance, epsilon: 0 } }));
}

function layerNorm(kind: 'layer-norm' | 'rms-norm'): Translate {
  return (b, call) => {
    const { settings, name } = call;
    lastAxis(b, call);
    const rms = kind === 'rms-norm' || settings.flag('rms_scaling', false);
    const scaled = kind === 'rms-norm' || settings.flag('scale', true);
    settings.expect(!(kind === 'layer-norm' && rms), 'has rms_scaling, whose scale is not that of RMSNorm');
    const scale = scaled ? b.vector(call, ['gamma', 'scale'], 0, 'gamma') : null;
    const shift = kind === 'layer-norm' && settings.flag('center', true) ? b.vector(call, ['beta'], Number(scaled), 'beta') : null;
    b.give(call, b.emit(name, [b.one(call)], { kind: 'norm', normalization: kind, scale, shift, epsilon: settings.number('epsilon', kind === 'rms-norm' ? 1e-6 : 1e-3) }));
  };
}

function flat(b: Builder, call: Call, value: string): string {
  if (b.shapeOf(value).kind === 'sequence') throw new NotRun(`${call.settings.subject} joins the positions of a sequence, which is not run here`);
  return b.shapeOf(value).kind === 'image' ? b.emit(call.name, [value], { kind: 'flatten', order: 'hwc' }) : value;
}

function reshape(b: Builder, call: Call): void {
  const { settings, name } = call;
  const value = b.one(call);
  const shape = b.shapeOf(value);
  const stated = settings.list('target_shape').map(numberOf);
  settings.expect(shape.kind !== 'sequence' && stated.length >= 1 && stated.length <= 3 && stated.every((n) => n !== null && (n === -1 || n > 0)), 'is a change of shape that is not run here');
  const total = sizeOfValue(shape);
  const known = stated.reduce<number>((product, n) => product * (n === -1 ? 1 : n!), 1);
  const sizes = stated.map((n) => (n === -1 ? total / known : n!));
  settings.expect(stated.filter((n) => n === -1).length <= 1 && sizes.reduce((x, y) => x * y, 1) === total, `makes [${stated.join(', ')}] of ${total} values`);
  if (sizes.length === 1) return b.give(call, flat(b, call, value));
  const [height, width] = sizes.length === 3 ? [sizes[0]!, sizes[1]!] : [sizes[0]!, 1];
  if (shape.kind === 'image' && shape.height === height && shape.width === width) return b.give(call, value);
  const vector = shape.kind === 'image' ? b.emit(`${name}/flatten`, [value], { kind: 'flatten', order: 'hwc' }) : value;
  b.give(call, b.emit(name, [vector], { kind: 'to-image', order: 'hwc', height, width }));
}

function embedding(b: Builder, call: Call): void {
  const table = b.parameter(call, ['embeddings'], 0, 'embeddings', (stored) => (stored.length === 2 ? stored : null));
  b.give(call, b.emit(call.name, [b.one(call)], { kind: 'embedding', table }));
}

function rescaling(b: Builder, call: Call): void {
  const { channels } = b.shapeOf(b.one(call));
  lines(b, call, perChannel(call.settings, 'scale', channels, 1), perChannel(call.settings, 'offset', channels, 0));
}

/** A number for each channel, or one for all. */
function perChannel(settings: Settings, key: string, channels: number, otherwise: number): number[] {
  const stated = settings.get(key) ?? otherwise;
  const all = (Array.isArray(stated) ? stated.flat(3) : new Array<Json>(channels).fill(stated)).map(numberOf);
  return all.length === channels && all.every((x) => x !== null) ? (all as number[]) : settings.wrong(key);
}

/** Of ConvNeXt: each channel by a number of its own. */
function layerScale(b: Builder, call: Call): void {
  const scale = b.vector(call, ['gamma'], 0, 'gamma');
  b.give(call, b.emit(call.name, [b.one(call)], { kind: 'batch-norm', scale, shift: null, statistics: null }));
}

/** Of Inception-ResNet: the first value and so many times the second. */
function customScale(b: Builder, call: Call): void {
  const [first, second] = several(b, call) as [string, string];
  const factor = call.settings.number('scale', 1);
  call.settings.expect(factor > 0, 'has a factor that is not positive');
  const { channels } = b.shapeOf(second);
  const branch = scaled(b, call, `${call.name}/scaled`, second, new Array<number>(channels).fill(factor), new Array<number>(channels).fill(0));
  b.give(call, b.emit(call.name, [first, branch], { kind: 'add' }));
}

/** x * factor + constant, with numbers that are no parameters. */
function line(b: Builder, call: Call, factor: number, constant: number): void {
  const { channels } = b.shapeOf(b.one(call));
  lines(b, call, new Array<number>(channels).fill(factor), new Array<number>(channels).fill(constant));
}

function lines(b: Builder, call: Call, scale: readonly number[], offset: readonly number[]): void {
  call.settings.expect(scale.every((x) => x > 0 && Number.isFinite(x)), 'has a factor that is not positive');
  const value = b.one(call);
  if (scale.every((x) => x === 1) && offset.every((x) => x === 0)) return b.give(call, value);
  b.give(call, scaled(b, call, call.name, value, scale, offset));
}

function scaled(b: Builder, call: Call, name: string, value: string, scale: readonly number[], offset: readonly number[]): string {
  const mean = b.constant(call, 'running_mean', offset.map((x, c) => -x / scale[c]!));
  const variance = b.constant(call, 'running_var', scale.map((x) => 1 / x ** 2));
  return b.emit(name, [value], { kind: 'batch-norm', scale: null, shift: null, statistics: { mean, variance, epsilon: 0 } });
}

/** The number that a value is lessened or divided by. */
function behind({ settings, number }: Call): number {
  if (!number?.behind) throw new NotRun(`${settings.subject} is run only of a value and a number behind it`);
  return number.value;
}

function several(b: Builder, call: Call): string[] {
  call.settings.expect(call.inputs.length >= 2, `reads ${call.inputs.length} values; two or more were expected`);
  return b.all(call);
}

/** The channels are the last axis; of [n, h, w, c] that is 3 or -1. */
function lastAxis(b: Builder, call: Call): void {
  const stated = call.settings.get('axis');
  const axis = numberOf(Array.isArray(stated) && stated.length === 1 ? stated[0] : (stated ?? -1));
  const rank = { vector: 2, sequence: 3, image: 4 }[b.shapeOf(b.all(call)[0]!).kind];
  call.settings.expect(axis === -1 || axis === rank - 1, `works along axis ${axis === null ? 'list' : axis}; the channels, axis ${rank - 1}, were expected`);
}
