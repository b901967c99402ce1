/** The forward pass of a HookedTransformer and its weights as the pass wants them: [in, out] matrices, heads side by side. */
import type { Checkpoint } from '../../checkpoint/types';
import type { Ops } from '../../numerics/ops';
import type { Batch, Parameter, TapSink, Weights } from '../types';
import { activate } from './activations';
import { attend, causalMask, type Rotary } from './attention';
import { normalize, type Normalization } from './norm';

export const BUFFER = /^blocks\.\d+\.attn\.(mask|IGNORE|rotary_sin|rotary_cos)$|^(?:blocks\.\d+\.)?.*hook_.*$/;

export interface Block {
  prefix: string;
  keys: string;
  values: string;
  gated: boolean;
  mlp: boolean;
  /** Width of the MLP, 0 without one. */
  hidden: number;
  /** MLP reads the same norm as attention (ln2 is absent though ln1 is there). */
  parallel: boolean;
}

export interface Anatomy {
  blocks: Block[];
  width: number;
  heads: number;
  groups: number;
  headWidth: number;
  vocabulary: number;
  outputs: number;
  context: number | null;
  normalization: Normalization;
  /** The norms have their own scale tensors. */
  affine: boolean;
  epsilon: number;
  activation: string;
  causal: boolean;
  rotary: { rotated: number; adjacent: boolean } | null;
  /** Blocks whose mask buffer is narrower than causal (local attention). */
  masks: ReadonlyMap<string, Float32Array | Float64Array>;
}

/** The bias that goes with a weight: b_K with W_K, _b_K with _W_K. */
export function biasOf(weight: string): string {
  return weight.replace(/W_(\w+)$/, 'b_$1');
}

/** All weights as [in, out] matrices and flat biases, under their own names. */
export async function read(checkpoint: Checkpoint, a: Anatomy): Promise<Map<string, Parameter>> {
  const parameters = new Map<string, Parameter>();
  for (const [name, tensor] of checkpoint.tensors) {
    if (BUFFER.test(name) && !/rotary_(sin|cos)$/.test(name)) continue;
    if (tensor.dtype === 'bool') continue;
    const values = await tensor.values();
    if (/\.attn\._?W_[QKV]$/.test(name)) {
      const [h, d, w] = tensor.shape as [number, number, number];
      parameters.set(name, { values: headsLast(values, h, d, w), shape: [d, h * w] });
    } else if (/\.attn\.W_O$/.test(name)) parameters.set(name, { values, shape: [a.heads * a.headWidth, a.width] });
    else if (/\.attn\._?b_[QKV]$/.test(name)) parameters.set(name, { values, shape: [values.length] });
    else parameters.set(name, { values, shape: tensor.shape });
  }
  return parameters;
}

/** [h, d, w] -> [d, h * w] */
function headsLast<A extends Float32Array | Float64Array>(values: A, h: number, d: number, w: number): A {
  const result = values.slice() as A;
  for (let i = 0; i < h; i++)
    for (let j = 0; j < d; j++) for (let k = 0; k < w; k++) result[j * h * w + i * w + k] = values[(i * d + j) * w + k]!;
  return result;
}

export function forward<T>(
  ops: Ops<T>,
  weights: Weights<T>,
  batch: Batch,
  sink: TapSink<T>,
  a: Anatomy,
  has: (name: string) => boolean,
): T {
  if (batch.kind !== 'tokens') throw new Error('internal: a transformer takes tokens');
  const { samples, positions } = batch;

  const dense = (name: string, input: T, biasName: string, activation = 'linear'): T => {
    const bias = has(biasName);
    let pre = ops.matmul(input, weights(name));
    if (bias) pre = ops.add(pre, weights(biasName));
    const post = activate(ops, activation, pre);
    sink(name, { input, bias, pre, post });
    return post;
  };
  const norm = (name: string, x: T): T =>
    normalize(ops, a.normalization, x, has(`${name}.w`) ? weights(`${name}.w`) : null, has(`${name}.b`) ? weights(`${name}.b`) : null, a.epsilon);
  const firstRows = (name: string): T => {
    const table = weights(name);
    return ops.slice(table, [0, 0], [positions, ops.shape(table)[1]!]);
  };
  const causal = a.causal ? ops.constant(causalMask(positions), [positions, positions]) : null;

  const embedded = ops.gather(weights('embed.W_E'), batch.ids);
  sink('embed.W_E', { input: null, bias: false, pre: embedded, post: embedded });
  let x = embedded;
  if (has('pos_embed.W_pos')) {
    const placed = ops.add(ops.reshape(x, [samples, positions, a.width]), firstRows('pos_embed.W_pos'));
    x = ops.reshape(placed, [samples * positions, a.width]);
  }
  for (const { prefix, keys, values, gated, mlp, parallel } of a.blocks) {
    const read = norm(`${prefix}.ln1`, x);
    const q = dense(`${prefix}.attn.W_Q`, read, `${prefix}.attn.b_Q`);
    const k = dense(keys, read, biasOf(keys));
    const v = dense(values, read, biasOf(values));
    const rotary: Rotary<T> | null = a.rotary && {
      ...a.rotary,
      cos: firstRows(`${prefix}.attn.rotary_cos`),
      sin: firstRows(`${prefix}.attn.rotary_sin`),
    };
    const local = a.causal ? a.masks.get(prefix) : undefined;
    const mask = local ? ops.constant(additive(local, positions), [positions, positions]) : causal;
    const shape = { samples, positions, heads: a.heads, groups: a.groups, headWidth: a.headWidth };
    const mixed = attend(ops, shape, q, k, v, 1 / Math.sqrt(a.headWidth), mask, rotary);
    x = ops.add(x, dense(`${prefix}.attn.W_O`, mixed, `${prefix}.attn.b_O`));
    if (!mlp) continue;
    const m = parallel ? read : norm(`${prefix}.ln2`, x);
    let hidden: T;
    if (gated) {
      const gate = dense(`${prefix}.mlp.W_gate`, m, '', a.activation);
      hidden = ops.mul(gate, dense(`${prefix}.mlp.W_in`, m, ''));
      if (has(`${prefix}.mlp.b_in`)) hidden = ops.add(hidden, weights(`${prefix}.mlp.b_in`));
    } else hidden = dense(`${prefix}.mlp.W_in`, m, `${prefix}.mlp.b_in`, a.activation);
    x = ops.add(x, dense(`${prefix}.mlp.W_out`, hidden, `${prefix}.mlp.b_out`));
  }
  return dense('unembed.W_U', norm('ln_final', x), 'unembed.b_U');
}

/** The top-left [T, T] of a boolean mask buffer as an additive mask. */
function additive(mask: Float32Array | Float64Array, positions: number): Float64Array {
  const stride = Math.round(Math.sqrt(mask.length));
  const result = new Float64Array(positions * positions);
  for (let i = 0; i < positions; i++)
    for (let j = 0; j < positions; j++) result[i * positions + j] = mask[i * stride + j] ? 0 : -1e30;
  return result;
}
