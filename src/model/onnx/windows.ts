/** Windows of convolutions and pools, and the sizes that they leave (onnx/docs/Operators.md: Conv, MaxPool, AveragePool). */
import type { OnnxNode } from '../../checkpoint/program';
import type { Padding, Window } from '../graph/graph';
import { attribute, axisOf, listAttribute } from './attributes';
import { ownName } from './builder';
import type { Rule, Translation } from './translation';
import { channelsOf, pixelsOf, showFlow, sizeOf, unsupported, type Flow } from './values';

type Pair = readonly [number, number];

/** Values of one sample behind a window. */
const LARGEST = 2 ** 30;

/** Extent of a window in pixels. */
const extent = (kernel: number, dilation: number) => dilation * (kernel - 1) + 1;

/** The window of a node over an image; `auto_pad` and `ceil_mode` as the padding that they come to. */
export function windowOf(node: OnnxNode, image: Flow, kernel: Pair, dilation: Pair): Window {
  const stated = listAttribute(node, 'kernel_shape', 2);
  if (stated && stated.join() !== kernel.join()) throw unsupported(node, `has a kernel_shape of ${stated.join(' x ')} and weights of ${kernel.join(' x ')}`);
  const stride = (listAttribute(node, 'strides', 2) ?? [1, 1]) as Pair;
  if (![...kernel, ...stride, ...dilation].every((size) => Number.isInteger(size) && size >= 1)) throw unsupported(node, 'has a window, a stride or a dilation below 1');
  const sizes = pixelsOf(image);
  const padding = paddingOf(node, sizes, kernel, stride, dilation);
  if (attribute(node, 'ceil_mode', 0) === 0) return { kernel, stride, padding };
  // Rounded up: the last window may reach beyond the padding, but begins inside the image or the padding before it.
  const grown = [...padding] as [number, number, number, number];
  for (const axis of [0, 1] as const) {
    const reach = sizes[axis] + padding[axis] + padding[axis + 2]! - extent(kernel[axis], dilation[axis]);
    let steps = Math.ceil(reach / stride[axis]);
    if (steps * stride[axis] >= sizes[axis] + padding[axis]) steps--;
    grown[axis + 2]! += Math.max(0, steps * stride[axis] - reach);
  }
  if (node.op === 'AveragePool' && attribute(node, 'count_include_pad', 0) !== 0 && grown.join() !== padding.join()) throw unsupported(node, 'rounds its size up (ceil_mode) and counts its padding, which is not computed here');
  return { kernel, stride, padding: grown };
}

function paddingOf(node: OnnxNode, sizes: Pair, kernel: Pair, stride: Pair, dilation: Pair): Padding {
  const auto = attribute(node, 'auto_pad', 'NOTSET');
  if (auto === 'NOTSET' || auto === '') {
    const pads = listAttribute(node, 'pads', 4) ?? [0, 0, 0, 0];
    if (!pads.every((pad) => Number.isInteger(pad) && pad >= 0)) throw unsupported(node, `has pads of [${pads.join(', ')}]; whole numbers from 0 on were expected`);
    return pads as unknown as Padding;
  }
  if (auto === 'VALID') return [0, 0, 0, 0];
  if (auto !== 'SAME_UPPER' && auto !== 'SAME_LOWER') throw unsupported(node, `has an auto_pad of '${auto}', which is none`);
  const padding: [number, number, number, number] = [0, 0, 0, 0];
  for (const axis of [0, 1] as const) {
    const outputs = Math.ceil(sizes[axis] / stride[axis]);
    const total = Math.max(0, (outputs - 1) * stride[axis] + extent(kernel[axis], dilation[axis]) - sizes[axis]);
    const before = auto === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
    padding[axis] = before;
    padding[axis + 2] = total - before;
  }
  return padding;
}

/** The image that a window leaves. */
export function windowed(node: OnnxNode, image: Flow, { kernel, stride, padding }: Window, dilation: Pair, channels: number): Flow {
  const sizes = pixelsOf(image);
  const left = ([0, 1] as const).map((axis) => Math.floor((sizes[axis] + padding[axis] + padding[axis + 2]! - extent(kernel[axis], dilation[axis])) / stride[axis]) + 1);
  if (channels * left[0]! * left[1]! > LARGEST) throw unsupported(node, `makes images [${[channels, ...left].join(', ')}], more than is computed here`);
  if (left.some((size) => size < 1)) throw unsupported(node, `has a window of ${kernel.join(' x ')} pixels, which does not fit into ${showFlow(image)}`);
  return { ...image, shape: [channels, ...left] };
}

/** Zeros around images; where axes are written, along those alone (onnx/docs/Operators.md: Pad). */
const pad: Rule = async (t, node) => {
  const x = t.flow(node, 0);
  const rank = x.shape.length + 1;
  const pads = listAttribute(node, 'pads') ?? (await t.integers(t.value(node, 1)));
  const stated = await t.integers(t.value(node, 3));
  const axes = t.value(node, 3) === null ? Array.from({ length: rank }, (_, axis) => axis) : stated?.map((axis) => axisOf(axis ?? rank, rank));
  const filling = t.value(node, 2) === null ? attribute(node, 'value', 0) : await t.scalar(t.value(node, 2));
  const mode = attribute(node, 'mode', 'constant');
  if (mode !== 'constant' || filling !== 0) throw unsupported(node, `pads ${mode === 'constant' ? 'with a constant that is not 0' : `by '${mode}'`}; only zeros are put around images here`);
  if (!axes || pads?.length !== 2 * axes.length || !pads.every((size) => Number.isInteger(size))) throw unsupported(node, 'has a padding that is not known before it runs');
  const sides = Array.from({ length: rank }, (_, axis) => [0, axes.length].map((end) => (axes.includes(axis) ? pads[axes.indexOf(axis) + end]! : 0)) as [number, number]);
  if (sides.every(([before, after]) => before === 0 && after === 0)) return x;
  const [first, second] = x.form === 'hwc' ? [1, 2] : [2, 3];
  if (x.form === 'vector' || sides.some(([before, after], axis) => axis !== first && axis !== second && (before !== 0 || after !== 0))) throw unsupported(node, `pads ${showFlow(x)} along other axes than height and width, which is not computed here`);
  const padding = [sides[first]![0], sides[second]![0], sides[first]![1], sides[second]![1]] as const;
  const flow = windowed(node, x, { kernel: [1, 1], stride: [1, 1], padding }, [1, 1], channelsOf(x));
  return { ...flow, node: t.builder.add(ownName(node), [x.node], () => ({ kind: 'pad', padding })) };
};

/** The image in front of zeros that were put around it, which a convolution may put there itself. */
export function beforePadding(t: Translation, image: Flow): { image: Flow; zeros: Padding | null } {
  const operator = t.builder.operator(image.node);
  if (operator?.kind !== 'pad' || operator.padding.some((size) => size < 0)) return { image, zeros: null };
  const [top, left, bottom, right] = operator.padding;
  const [channels, height, width] = image.shape as [number, number, number];
  return { image: { ...image, node: t.builder.inputOf(image.node), shape: [channels, height - top - bottom, width - left - right] }, zeros: operator.padding };
}

/** Nearest neighbours at a whole number of times the size (onnx/docs/Operators.md: Resize, Upsample). */
const resize: Rule = async (t, node) => {
  const x = t.flow(node, 0);
  if (x.form !== 'chw') throw unsupported(node, `changes the size of ${showFlow(x)}; images [channels, height, width] were expected`);
  if (attribute(node, 'mode', 'nearest') !== 'nearest') throw unsupported(node, `changes the size of images by '${attribute(node, 'mode', 'nearest')}' interpolation; only nearest neighbours are computed here`);
  const scales = node.op === 'Upsample' && node.inputs.length < 2 ? listAttribute(node, 'scales') : await t.reals(t.value(node, node.op === 'Upsample' ? 1 : 2));
  const sizes = scales && scales.length > 0 ? null : await t.integers(t.value(node, 3));
  const whole = [null, ...x.shape];
  const factors = (sizes ?? scales ?? []).map((size, axis) => (size === null ? 1 : sizes ? size / (whole[axis] ?? size) : size));
  const [batch, channels, down, across] = factors as [number, number, number, number];
  if (factors.length !== 4 || batch !== 1 || channels !== 1 || ![down, across].every((factor) => Number.isInteger(factor) && factor >= 1)) throw unsupported(node, `changes the size of ${showFlow(x)} by [${factors.join(', ')}]; only whole factors of height and width are computed here`);
  const shape = [x.shape[0]!, x.shape[1]! * down, x.shape[2]! * across];
  if (sizeOf(shape) > LARGEST) throw unsupported(node, `makes images [${shape.join(', ')}], more than is computed here`);
  if (![down, across].every((factor) => repeats(node, factor))) throw unsupported(node, 'takes other neighbours than the nearest, which is not computed here');
  return { ...x, shape, node: t.builder.add(ownName(node), [x.node], () => ({ kind: 'upsample', factors: [down, across] })) };
};

/** Whether every pixel comes `factor` times in a row. */
function repeats(node: OnnxNode, factor: number): boolean {
  if (node.op === 'Upsample') return true;
  const by = attribute(node, 'coordinate_transformation_mode', 'half_pixel');
  const rounding = attribute(node, 'nearest_mode', 'round_prefer_floor');
  const halves = ['half_pixel', 'pytorch_half_pixel', 'half_pixel_symmetric'].includes(by) ? 0.5 : by === 'asymmetric' ? 0 : NaN;
  const round = { floor: Math.floor, ceil: Math.ceil, round_prefer_floor: (at: number) => Math.ceil(at - 0.5), round_prefer_ceil: (at: number) => Math.floor(at + 0.5) }[rounding];
  // A pixel of the middle, and the same for all others.
  return Array.from({ length: factor }, (_, i) => round?.((factor + i + halves) / factor - halves)).every((pixel) => pixel === 1);
}

const pool = (kind: 'max-pool' | 'average-pool'): Rule => (t, node) => {
  const x = t.flow(node, 0);
  if (x.form !== 'chw') throw unsupported(node, `pools ${showFlow(x)}; images [channels, height, width] were expected`);
  const kernel = listAttribute(node, 'kernel_shape', 2) as Pair | null;
  if (!kernel) throw unsupported(node, 'has no kernel_shape');
  if (listAttribute(node, 'dilations', 2)?.some((d) => d !== 1)) throw unsupported(node, 'has dilated windows, which are not computed here');
  const window = windowOf(node, x, kernel, [1, 1]);
  const countPadding = attribute(node, 'count_include_pad', 0) !== 0;
  const name = t.builder.add(ownName(node), [x.node], () => (kind === 'max-pool' ? { kind, ...window } : { kind, countPadding, ...window }));
  return { ...windowed(node, x, window, [1, 1], x.shape[0]!), node: name };
};

const globalAveragePool: Rule = (t, node) => {
  const x = t.flow(node, 0);
  if (x.form !== 'chw') throw unsupported(node, `pools ${showFlow(x)}; images [channels, height, width] were expected`);
  return { kind: 'flow', form: 'vector', shape: [x.shape[0]!, 1, 1], node: t.builder.add(ownName(node), [x.node], () => ({ kind: 'global-average-pool' })) };
};

/** A mean over all pixels is the global average pool. */
const reduceMean: Rule = async (t, node) => {
  const x = t.flow(node, 0);
  const rank = x.shape.length + 1;
  const axes = listAttribute(node, 'axes') ?? (await t.integers(t.value(node, 1)));
  const pixels = x.form === 'chw' ? '2,3' : x.form === 'hwc' ? '1,2' : '';
  const found = axes?.map((axis) => axisOf(axis ?? 0, rank)).sort((a, b) => a - b);
  if (pixels === '' || found?.join() !== pixels) {
    throw unsupported(node, `takes a mean of ${showFlow(x)} along ${found ? `axis ${found.join(' and ')}` : 'all axes'}; only the mean over all pixels is computed here. A LayerNorm written out in small operators becomes one node with opset_version=17 or later`);
  }
  const channels = x.form === 'chw' ? x.shape[0]! : x.shape[2]!;
  const kept = attribute(node, 'keepdims', 1) !== 0;
  const shape = !kept ? [channels] : x.form === 'chw' ? [channels, 1, 1] : [1, 1, channels];
  return { kind: 'flow', form: 'vector', shape, node: t.builder.add(ownName(node), [x.node], () => ({ kind: 'global-average-pool' })) };
};

export const WINDOWS: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['MaxPool', pool('max-pool')],
  ['AveragePool', pool('average-pool')],
  ['GlobalAveragePool', globalAveragePool],
  ['ReduceMean', reduceMean],
  ['Pad', pad],
  ['Resize', resize],
  ['Upsample', resize],
]);
