/** Convolutions, pools and padding of Keras: channels last, 'same' as TensorFlow pads it. One direction (Conv1D) is an image of width 1. */
import type { Operator, Padding, Window } from '../graph/graph';
import type { Image } from '../graph/shapes';
import { activate } from './activate';
import type { Builder } from './builder';
import type { Call } from './calls';
import { NotRun, numberOf } from './settings';

type Directions = 1 | 2;
type Pair = readonly [number, number];
type Role = readonly string[];

export function convolution(directions: Directions) {
  return (b: Builder, call: Call): void => {
    const { settings, name } = call;
    const kernel = settings.sizes('kernel_size', directions, [1, 1]);
    const node = convolve(b, call, { name, kernel, directions, groups: settings.number('groups', 1), role: ['kernel'], index: 0, bias: settings.flag('use_bias', true) ? 1 : null });
    b.give(call, activate(b, call, node, `${name}/activation`, settings.get('activation')));
  };
}

/** One group for each channel; the kernel [kh, kw, in, multiplier] has its outputs in the order that groups give. */
export function depthwise(b: Builder, call: Call): void {
  const { settings, name } = call;
  const kernel = settings.sizes('kernel_size', 2, [1, 1]);
  const groups = imageBefore(b, call).channels;
  const node = convolve(b, call, { name, kernel, directions: 2, groups, role: ['depthwise_kernel', 'kernel'], index: 0, bias: settings.flag('use_bias', true) ? 1 : null });
  b.give(call, activate(b, call, node, `${name}/activation`, settings.get('activation')));
}

/** A depthwise convolution without bias, and one of single pixels behind it. */
export function separable(b: Builder, call: Call): void {
  const { settings, name } = call;
  const kernel = settings.sizes('kernel_size', 2, [1, 1]);
  const groups = imageBefore(b, call).channels;
  const between = convolve(b, call, { name: `${name}/depthwise`, kernel, directions: 2, groups, role: ['depthwise_kernel'], index: 0, bias: null });
  const weight = convolutionKernel(b, call, ['pointwise_kernel'], 1, 'pointwise', [1, 1], 2, b.shapeOf(between).channels);
  const bias = settings.flag('use_bias', true) ? b.vector(call, ['bias'], 2, 'bias') : null;
  const node = b.emit(name, [between], { kind: 'conv', weight, bias, kernel: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 });
  b.give(call, activate(b, call, node, `${name}/activation`, settings.get('activation')));
}

interface Convolution {
  readonly name: string;
  readonly kernel: Pair;
  readonly directions: Directions;
  readonly groups: number;
  readonly role: Role;
  readonly index: number;
  /** Place of the bias among the variables; null where there is none. */
  readonly bias: number | null;
}

function convolve(b: Builder, call: Call, { name, kernel, directions, groups, role, index, bias }: Convolution): string {
  const { settings } = call;
  const { channels } = imageBefore(b, call);
  settings.expect(Number.isInteger(groups) && groups > 0 && channels % groups === 0, `splits ${channels} channels into ${groups} groups`);
  const dilation = settings.sizes('dilation_rate', directions, [1, 1]);
  const { node, window } = slide(b, call, kernel, dilation, directions, 'conv');
  const weight = convolutionKernel(b, call, role, index, name === call.name ? 'kernel' : 'depthwise', kernel, directions, channels / groups);
  return b.emit(name, [node], { kind: 'conv', weight, bias: bias === null ? null : b.vector(call, ['bias'], bias, 'bias'), dilation, groups, ...window });
}

/** Stored [kh, kw, in, out]: its rows as they are; of depthwise kernels [kh, kw, channels, multiplier] the last two are the outputs. */
function convolutionKernel(b: Builder, call: Call, role: Role, index: number, as: string, kernel: Pair, directions: Directions, inputs: number): string {
  const sizes = directions === 1 ? [kernel[0]] : [...kernel];
  return b.parameter(call, role, index, as, (stored) => {
    if (stored.length !== directions + 2 || sizes.some((size, axis) => stored[axis] !== size)) return null;
    const rows = kernel[0] * kernel[1] * inputs;
    const columns = stored.reduce((x, y) => x * y, 1) / rows;
    return Number.isInteger(columns) ? [rows, columns] : null;
  });
}

export function maxPooling(directions: Directions) {
  return (b: Builder, call: Call): void => {
    const { node, window } = slide(b, call, poolSize(call, directions), [1, 1], directions, 'pool');
    b.give(call, b.emit(call.name, [node], { kind: 'max-pool', ...window }));
  };
}

export function averagePooling(directions: Directions) {
  return (b: Builder, call: Call): void => {
    const { node, window } = slide(b, call, poolSize(call, directions), [1, 1], directions, 'pool');
    b.give(call, b.emit(call.name, [node], { kind: 'average-pool', countPadding: false, ...window }));
  };
}

export function globalAverage(b: Builder, call: Call): void {
  const { height, width } = imageBefore(b, call);
  const kept: Operator = { kind: 'average-pool', countPadding: false, kernel: [height, width], stride: [1, 1], padding: [0, 0, 0, 0] };
  b.give(call, b.emit(call.name, [b.one(call)], call.settings.flag('keepdims', false) ? kept : { kind: 'global-average-pool' }));
}

export function globalMax(b: Builder, call: Call): void {
  const { height, width } = imageBefore(b, call);
  const kept = call.settings.flag('keepdims', false);
  const largest = b.emit(kept ? call.name : `${call.name}/largest`, [b.one(call)], { kind: 'max-pool', kernel: [height, width], stride: [1, 1], padding: [0, 0, 0, 0] });
  b.give(call, kept ? largest : b.emit(call.name, [largest], { kind: 'flatten', order: 'hwc' }));
}

/** Zeros around an image; with the sign of `times` pixels that are taken off. */
export function zeroPadding(directions: Directions, key: 'padding' | 'cropping', times: 1 | -1) {
  return (b: Builder, call: Call): void => {
    const { settings } = call;
    imageBefore(b, call);
    const stated = settings.get(key);
    const sides = Array.isArray(stated) ? (directions === 1 ? [stated] : stated) : [stated ?? 1, stated ?? 1];
    const pairs = sides.map((side) => (Array.isArray(side) ? side.map(numberOf) : [numberOf(side), numberOf(side)]));
    const [vertical, horizontal = [0, 0]] = pairs.length === 1 ? [pairs[0]] : pairs;
    const zeros = [vertical?.[0], horizontal[0], vertical?.[1], horizontal[1]];
    if (pairs.length > 2 || !zeros.every((n) => typeof n === 'number' && Number.isInteger(n) && n >= 0)) settings.wrong(key);
    b.give(call, b.emit(call.name, [b.one(call)], { kind: 'pad', padding: zeros.map((n) => times * n!) as unknown as Padding }));
  };
}

/** Nearest neighbours. */
export function upSampling(directions: Directions) {
  return (b: Builder, call: Call): void => {
    const { settings } = call;
    imageBefore(b, call);
    const by = settings.text('interpolation') ?? 'nearest';
    settings.expect(by === 'nearest', `has the interpolation "${by.slice(0, 40)}"; "nearest" is run`);
    const factors = settings.sizes('size', directions, [2, directions === 1 ? 1 : 2]);
    settings.expect(factors.every((factor) => factor >= 1 && factor <= 1024), 'has a size of 0, or beyond 1024');
    b.give(call, b.emit(call.name, [b.one(call)], { kind: 'upsample', factors }));
  };
}

function poolSize({ settings }: Call, directions: Directions): [number, number] {
  return settings.sizes('pool_size', directions, [2, directions === 1 ? 1 : 2]);
}

/** The window of a layer on its input; a convolution puts the zeros itself that were put around that. */
function slide(b: Builder, call: Call, kernel: Pair, dilation: Pair, directions: Directions, by: 'conv' | 'pool'): { node: string; window: Window } {
  const { settings } = call;
  const image = imageBefore(b, call);
  const value = b.one(call);
  const padded = b.node(value);
  const zeros = by === 'conv' && padded?.operator.kind === 'pad' && padded.operator.padding.every((n) => n >= 0) ? padded.operator.padding : null;
  const node = zeros === null ? value : padded!.inputs[0]!;
  const around = ([top, left, bottom, right]: Padding): { node: string; window: Window } => {
    const own = zeros ?? [0, 0, 0, 0];
    return { node, window: { kernel, stride, padding: [top + own[0], left + own[1], bottom + own[2], right + own[3]] } };
  };
  const stride = settings.sizes('strides', directions, by === 'conv' ? [1, 1] : kernel);
  if ([...kernel, ...stride, ...dilation].some((n) => n < 1)) throw new NotRun(`${settings.subject} has a window of size, stride or dilation 0`);
  const padding = settings.text('padding') ?? 'valid';
  if (padding === 'valid') return around([0, 0, 0, 0]);
  const size: Pair = [image.height, image.width];
  if (padding === 'same') {
    const [top, bottom] = same(size[0], kernel[0], stride[0], dilation[0]);
    const [left, right] = same(size[1], kernel[1], stride[1], dilation[1]);
    return around([top, left, bottom, right]);
  }
  if (padding === 'causal' && directions === 1) return around([dilation[0] * (kernel[0] - 1), 0, 0, 0]);
  throw new NotRun(`${settings.subject} has the padding "${padding.slice(0, 40)}"; "valid" and "same" are run`);
}

/** Zeros before and after one direction: as many outputs as ceil(size / stride), the odd zero behind (tensorflow.org/api_docs/python/tf/nn#same_padding). */
function same(size: number, kernel: number, stride: number, dilation: number): [number, number] {
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + dilation * (kernel - 1) + 1 - size, 0);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** The image that a layer reads. */
function imageBefore(b: Builder, call: Call): Image {
  const { settings } = call;
  const format = settings.text('data_format');
  settings.expect(format !== 'channels_first', 'has data_format "channels_first"; "channels_last" is run');
  const shape = b.shapeOf(b.one(call));
  if (shape.kind !== 'image') throw new NotRun(`${settings.subject} takes ${shape.kind === 'sequence' ? 'the positions of a sequence' : 'vectors'}; images were expected`);
  return shape;
}

