/** Operators with weights: Gemm, MatMul, Conv, the bias that an Add puts behind them, and norms. */
import type { OnnxNode } from '../../checkpoint/program';
import type { Operator, Padding } from '../graph/graph';
import { attribute, axisOf, listAttribute } from './attributes';
import { layerName } from './names';
import type { Rule, Translation } from './translation';
import { channelsOf, showFlow, sizeOf, unsupported, type Constant, type Elementwise, type Flow } from './values';
import { beforePadding, windowOf, windowed } from './windows';

const EPSILON = 1e-5;

/** alpha A B + beta C, with A the samples and B a tensor of the file. */
const gemm: Rule = (t, node) => {
  if (attribute(node, 'transA', 0) !== 0) throw unsupported(node, 'multiplies the transposed of its samples, which is not computed here');
  const transposed = attribute(node, 'transB', 0) !== 0;
  return dense(t, node, { outputAxis: transposed ? 0 : 1, bias: t.constant(node, 2), alpha: attribute(node, 'alpha', 1), beta: attribute(node, 'beta', 1) });
};

const matMul: Rule = (t, node) => dense(t, node, { outputAxis: 1, bias: null, alpha: 1, beta: 1 });

interface DenseParts {
  readonly outputAxis: 0 | 1;
  readonly bias: Constant | null;
  readonly alpha: number;
  readonly beta: number;
}

function dense(t: Translation, node: OnnxNode, { outputAxis, bias, alpha, beta }: DenseParts): Flow {
  const x = t.flow(node, 0);
  const matrix = t.tensor(node, 1, 2);
  const [inputs, outputs] = [matrix.shape[1 - outputAxis]!, matrix.shape[outputAxis]!];
  // A product is along the last axis: of images that is the channels only where they stand last.
  if (x.form === 'chw' || x.shape.at(-1) !== inputs || (x.form === 'vector' && x.shape.length !== 1)) throw unsupported(node, `multiplies ${showFlow(x)} with a matrix of ${inputs} inputs, which is not computed here`);
  if (bias !== null && !fitsChannels(bias, outputs)) throw unsupported(node, `adds '${bias.tensor.name}' of shape [${bias.shape.join(', ')}]; [${outputs}] was expected`);
  const behind = bias ?? addedConstant(t, node);
  const name = t.builder.add(layerName(node, [matrix.tensor.name, ...(behind ? [behind.tensor.name] : [])]), [x.node], (layer) => ({
    kind: 'dense',
    weight: t.builder.matrix(`${layer}.weight`, matrix, outputAxis, alpha),
    bias: bias && t.builder.vector(`${layer}.bias`, bias, outputs, beta === 1 ? null : (x) => beta * x),
  }));
  if (alpha !== 1 || (bias && beta !== 1)) t.transforms.add(`${name}: the factors of its Gemm (alpha = ${alpha}, beta = ${beta}) are taken into its weights`);
  return { ...x, node: name, shape: [...x.shape.slice(0, -1), outputs] };
}

const conv: Rule = (t, node) => {
  const x = t.flow(node, 0);
  const weights = t.constant(node, 1);
  if (weights && weights.shape.length !== 4) throw unsupported(node, `has weights of ${weights.shape.length} dimensions; only convolutions over two dimensions are computed here, whose weights have 4`);
  const [outputs, , height, width] = t.tensor(node, 1, 4).shape as [number, number, number, number];
  const bias = t.constant(node, 2);
  if (bias && !fitsChannels(bias, outputs)) throw unsupported(node, `adds '${bias.tensor.name}' of shape [${bias.shape.join(', ')}]; [${outputs}] was expected`);
  const dilation = (listAttribute(node, 'dilations', 2) ?? [1, 1]) as [number, number];
  const { image, zeros } = beforePadding(t, asImage(t, node, x));
  const own = windowOf(node, zeros === null ? image : x, [height, width], dilation);
  const window = zeros === null ? own : { ...own, padding: own.padding.map((size, side) => size + zeros[side]!) as unknown as Padding };
  const name = t.builder.add(layerName(node, [node.inputs[1]!, bias?.tensor.name ?? '']), [image.node], (layer) => ({
    kind: 'conv',
    weight: t.builder.convolution(`${layer}.weight`, weights!),
    bias: bias && t.builder.vector(`${layer}.bias`, bias, outputs),
    dilation,
    groups: attribute(node, 'group', 1),
    ...window,
  }));
  return { ...windowed(node, image, window, dilation, outputs), node: name };
};

/** A vector with axes of length one behind it, from a pool over all pixels, as the image of one pixel that it is. */
function asImage(t: Translation, node: OnnxNode, x: Flow): Flow {
  if (x.form === 'chw') return x;
  if (x.form === 'vector' && x.shape.length === 3 && x.shape[1] === 1 && x.shape[2] === 1) {
    return { ...x, form: 'chw', node: t.builder.add(`${layerName(node)}.image`, [x.node], () => ({ kind: 'to-image', order: 'chw', height: 1, width: 1 })) };
  }
  throw unsupported(node, `convolves ${showFlow(x)}; images [channels, height, width] were expected`);
}

const batchNormalization: Rule = (t, node) => {
  if (attribute(node, 'training_mode', 0) !== 0) throw unsupported(node, 'normalises by its batch (training_mode = 1), which is not computed here: export the model in evaluation mode, model.eval()');
  const x = t.flow(node, 0);
  if (x.form === 'hwc') throw unsupported(node, `normalises ${showFlow(x)} along axis 1, which are not its channels`);
  const channels = channelsOf(x);
  const parts = [1, 2, 3, 4].map((i) => channelVector(t, node, i, channels));
  const name = t.builder.add(layerName(node, parts.map((part) => part.tensor.name)), [x.node], (layer) => {
    const [scale, shift, mean, variance] = parts.map((part, i) => t.builder.vector(`${layer}.${['weight', 'bias', 'running_mean', 'running_var'][i]}`, part, channels)) as [string, string, string, string];
    return { kind: 'batch-norm', scale, shift, statistics: { mean, variance, epsilon: attribute(node, 'epsilon', EPSILON) } };
  });
  return { ...x, node: name };
};

/** Over the last axis alone, which has to be the channels. */
const norm = (normalization: 'layer-norm' | 'rms-norm'): Rule => (t, node) => {
  const x = t.flow(node, 0);
  const rank = x.shape.length + 1;
  if (x.form === 'chw' || axisOf(attribute(node, 'axis', -1), rank) !== rank - 1 || (x.form === 'vector' && x.shape.at(-1) !== channelsOf(x))) throw unsupported(node, `normalises ${showFlow(x)} along another axis than that of the channels, which is not computed here`);
  const channels = channelsOf(x);
  const scale = channelVector(t, node, 1, channels);
  const shift = t.value(node, 2) === null ? null : channelVector(t, node, 2, channels);
  const name = t.builder.add(layerName(node, [scale, shift].flatMap((part) => (part ? [part.tensor.name] : []))), [x.node], (layer) => ({
    kind: 'norm',
    normalization,
    scale: t.builder.vector(`${layer}.weight`, scale, channels),
    shift: shift && t.builder.vector(`${layer}.bias`, shift, channels),
    epsilon: attribute(node, 'epsilon', EPSILON),
  }));
  return { ...x, node: name };
};

function channelVector(t: Translation, node: OnnxNode, i: number, channels: number): Constant {
  const vector = t.tensor(node, i, 1);
  if (vector.shape[0] !== channels) throw unsupported(node, `reads '${vector.tensor.name}' of ${vector.shape[0]} elements for ${channels} channels`);
  return vector;
}

/** A single number, [channels], or that with axes of length one in front. */
function fitsChannels({ shape, transposed }: Constant, channels: number): boolean {
  return !transposed && (sizeOf(shape) === 1 || (shape.at(-1) === channels && sizeOf(shape) === channels));
}

/** The constant that the only reader of a product adds to it: its bias, which may have the better name. */
function addedConstant(t: Translation, { outputs }: OnnxNode): Constant | null {
  const reader = t.onlyReader(outputs[0]!);
  if (reader?.op !== 'Add') return null;
  const other = t.value(reader, reader.inputs[0] === outputs[0] ? 1 : 0);
  return other?.kind === 'constant' ? other : null;
}

/** x + constant, where x is a product without a bias that nothing else reads: the constant is its bias. Null where it is not so. */
export function addedBias(t: Translation, x: Flow, constant: Constant, source: string): Flow | null {
  const operator = t.builder.operator(x.node);
  if ((operator?.kind !== 'dense' && operator?.kind !== 'conv') || operator.bias !== null || t.onlyReader(source) === null) return null;
  if (sizeOf(constant.shape) > 1 && !isAlong(x, constant)) return null;
  const bias = t.builder.vector(`${x.node}.bias`, constant, channelsOf(x));
  t.builder.replace(x.node, (found) => ({ ...found, bias }) as Operator);
  return { ...x };
}

/** Whether a constant has one number for each channel of a value. */
function isAlong(x: Flow, constant: Constant): boolean {
  const channels = channelsOf(x);
  const { shape } = constant;
  // [c, 1, 1] and [1, c, 1, 1] stand along the channels of an image; along its width a plain [c] would stand.
  if (x.form === 'chw') return shape.length >= 3 && shape.at(-3) === channels && sizeOf(shape) === channels;
  return fitsChannels(constant, channels) && sizeOf(shape) === channels && (x.form === 'hwc' || x.shape.length === 1);
}

/** What each operator does with a constant for each channel: it shifts, or it scales, by that or by what it makes of it. */
const BY_CHANNEL: ReadonlyMap<string, { readonly as: 'scale' | 'shift'; readonly change: ((x: number) => number) | null }> = new Map([
  ['Add', { as: 'shift', change: null }],
  ['Sub', { as: 'shift', change: (x: number) => -x }],
  ['Mul', { as: 'scale', change: null }],
  ['Div', { as: 'scale', change: (x: number) => 1 / x }],
]);

/** A value and a constant behind it with one number for each channel (LayerScale, pixels by their mean and deviation). Null where it is not so. */
export function perChannel(t: Translation, node: OnnxNode, value: Flow | Elementwise, constant: Constant): Flow | null {
  const rule = BY_CHANNEL.get(node.op);
  const x = t.builder.settle(value);
  if (!rule || !isAlong(x, constant)) return null;
  const name = t.builder.add(layerName(node, [constant.tensor.name]), [x.node], (layer) => {
    const vector = t.builder.vector(`${layer}.${rule.as === 'scale' ? 'weight' : 'bias'}`, constant, channelsOf(x), rule.change);
    return { kind: 'batch-norm', scale: rule.as === 'scale' ? vector : null, shift: rule.as === 'shift' ? vector : null, statistics: null };
  });
  return { ...x, node: name };
}

export const LINEAR: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Gemm', gemm],
  ['MatMul', matMul],
  ['Conv', conv],
  ['BatchNormalization', batchNormalization],
  ['LayerNormalization', norm('layer-norm')],
  ['RMSNormalization', norm('rms-norm')],
]);
