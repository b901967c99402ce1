/**
 * The transformer that adds modulo p (Nanda et al. 2023): tokens [a, b, =], one layer, ReLU, learned positions, no norm, no biases; only
 * the logits at '=' are asked for. Tensor names are TransformerLens'; the matrices are [in, out], as its `parameters` gives them.
 */
import { Random } from '../../base/random';
import type { Checkpoint } from '../../checkpoint/types';
import { transformerLens } from '../../model/architectures/transformer-lens';
import type { Model } from '../../model/types';
import type { Ops, Shape } from '../../numerics/ops';
import { sizeOf } from '../../numerics/shape';
import type { Probe } from '../../probe/types';

export interface Size {
  /** Modulus p: tokens 0 … p - 1 and '='. */
  readonly modulus: number;
  /** d_model; the MLP is four times as wide. */
  readonly width: number;
  readonly heads: number;
}

/** Tensors side by side in one vector, in the order of the map. */
export type Layout = ReadonlyMap<string, Shape>;

/** Width of a head; narrower networks have one head, wider ones several. */
const HEAD = 8;
const CONTEXT = 3;
/** Standard deviation of all weights is this / sqrt(d_model), as TransformerLens initialises. */
const SCALE = 0.8;

export function sizeFor(modulus: number, width: number): Size {
  return { modulus, width, heads: Math.max(1, Math.floor(width / HEAD)) };
}

export function layoutOf({ modulus, width }: Size): Layout {
  return new Map([
    ['embed.W_E', [modulus + 1, width]],
    ['pos_embed.W_pos', [CONTEXT, width]],
    ['blocks.0.attn.W_Q', [width, width]],
    ['blocks.0.attn.W_K', [width, width]],
    ['blocks.0.attn.W_V', [width, width]],
    ['blocks.0.attn.W_O', [width, width]],
    ['blocks.0.mlp.W_in', [width, 4 * width]],
    ['blocks.0.mlp.W_out', [4 * width, width]],
    ['unembed.W_U', [width, modulus]],
  ]);
}

export function weightCount(layout: Layout): number {
  let count = 0;
  for (const shape of layout.values()) count += sizeOf(shape);
  return count;
}

/** The tensors of `w`, by name. */
export function tensorsAt<T>(ops: Ops<T>, layout: Layout, w: Float64Array): Map<string, T> {
  const tensors = new Map<string, T>();
  let at = 0;
  for (const [name, shape] of layout) {
    const size = sizeOf(shape);
    tensors.set(name, ops.constant(w.subarray(at, at + size), shape));
    at += size;
  }
  return tensors;
}

export function initialWeights(size: Size, random: Random): Float64Array {
  const scale = SCALE / Math.sqrt(size.width);
  const parts = [...layoutOf(size)].map(([name, shape]) => random.split(name).normals(sizeOf(shape)));
  return Float64Array.from(parts.flatMap((part) => [...part]), (x) => scale * x);
}

/** Pairs (a, b), flat. */
export interface Pairs {
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** a + b mod p */
  readonly sums: Int32Array;
}

/** All p^2 pairs in random order: the first `fraction` of them to train on, the rest held out. */
export function splitPairs(modulus: number, fraction: number, random: Random): { train: Pairs; test: Pairs } {
  const order = Array.from({ length: modulus ** 2 }, (_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  const count = Math.floor(fraction * order.length);
  return { train: pairsOf(modulus, order.slice(0, count)), test: pairsOf(modulus, order.slice(count)) };
}

export function allPairs(modulus: number): Pairs {
  return pairsOf(modulus, Array.from({ length: modulus ** 2 }, (_, i) => i));
}

function pairsOf(modulus: number, indices: readonly number[]): Pairs {
  const a = Int32Array.from(indices, (i) => Math.floor(i / modulus));
  const b = Int32Array.from(indices, (i) => i % modulus);
  return { a, b, sums: a.map((x, i) => (x + b[i]!) % modulus) };
}

/**
 * Logits at '=' [pairs, p]. Keys and values depend on a token and its place alone, so they are made once for the 2 p + 1 of them; the
 * query is the same for all pairs.
 */
export function logits<T>(ops: Ops<T>, { modulus: p, width, heads }: Size, weights: (name: string) => T, { a, b }: Pairs): T {
  const n = a.length;
  const embed = weights('embed.W_E');
  const place = (t: number) => ops.slice(weights('pos_embed.W_pos'), [t, 0], [1, width]);
  const numbers = ops.slice(embed, [0, 0], [p, width]);
  const asks = ops.add(ops.slice(embed, [p, 0], [1, width]), place(2));
  const tokens = ops.concat([ops.add(numbers, place(0)), ops.add(numbers, place(1)), asks], 0);

  const rows = 2 * p + 1;
  const split = (x: T, count: number) => ops.reshape(x, [count, heads, width / heads]);
  const query = split(ops.matmul(asks, weights('blocks.0.attn.W_Q')), 1);
  const key = split(ops.matmul(tokens, weights('blocks.0.attn.W_K')), rows);
  const value = split(ops.matmul(tokens, weights('blocks.0.attn.W_V')), rows);
  const scores = ops.affine(ops.sum(ops.mul(key, query), [2]), 1 / Math.sqrt(width / heads), 0);
  // softmax over the three tokens of a pair, as sums of what each of them brings.
  const share = ops.unary('exp', ops.sub(scores, ops.max(scores, [0])));
  const brings = ops.concat([ops.reshape(ops.mul(share, value), [rows, width]), ops.reshape(share, [rows, heads])], 1);
  const last = ops.slice(brings, [2 * p, 0], [1, width + heads]);
  const sums = ops.add(ops.add(ops.gather(brings, a), ops.gather(brings, b.map((x) => x + p))), last);
  const mixed = ops.div(split(ops.slice(sums, [0, 0], [n, width]), n), ops.reshape(ops.slice(sums, [0, width], [n, heads]), [n, heads, 1]));

  const middle = ops.add(ops.matmul(ops.reshape(mixed, [n, width]), weights('blocks.0.attn.W_O')), asks);
  const hidden = ops.unary('relu', ops.matmul(middle, weights('blocks.0.mlp.W_in')));
  return ops.matmul(ops.add(middle, ops.matmul(hidden, weights('blocks.0.mlp.W_out'))), weights('unembed.W_U'));
}

/** The same network as the product reads it from a checkpoint, with its layers and taps. */
export async function tappedModel(size: Size): Promise<Model> {
  const { width, heads } = size;
  const byHeads = (name: string, shape: readonly number[]) => {
    if (/W_[QKV]$/.test(name)) return [heads, width, width / heads];
    return name.endsWith('W_O') ? [heads, width / heads, width] : shape;
  };
  const tensors = [...layoutOf(size)].map(([name, shape]) => {
    const unread = () => Promise.reject(new Error(`internal: ${name} has a shape, and its values are elsewhere`));
    return [name, { name, dtype: 'f64', shape: byHeads(name, shape), file: '', bytes: unread, values: unread }] as const;
  });
  const checkpoint: Checkpoint = {
    format: 'safetensors', name: 'modular addition', files: [], tensors: new Map(tensors), metadata: new Map(), warnings: [], shared: [], fingerprint: '',
  };
  const found = await transformerLens.recognise(checkpoint, { activation: 'relu', normalization: 'none', attention: 'causal' });
  if ('missing' in found) throw new Error(`internal: ${found.missing}`);
  return found.model;
}

/** The pairs as sequences [a, b, =] with a label at '='. */
export function probeOf(modulus: number, { a, b, sums }: Pairs): Probe {
  const ids = new Int32Array(CONTEXT * a.length);
  const labels = new Int32Array(CONTEXT * a.length).fill(-1);
  for (let i = 0; i < a.length; i++) {
    ids.set([a[i]!, b[i]!, modulus], CONTEXT * i);
    labels[CONTEXT * i + 2] = sums[i]!;
  }
  const inputs = { kind: 'tokens', ids, samples: a.length, positions: CONTEXT } as const;
  return { kind: 'modular addition', description: `${a.length} pairs modulo ${modulus}`, inputs, targets: { kind: 'labels', labels } };
}
