/** Scaled dot-product attention with heads, groups, masks and rotary positions. */
import type { Ops } from '../../numerics/ops';
import { softmax } from '../../numerics/softmax';

export interface AttentionShape {
  samples: number;
  positions: number;
  heads: number;
  /** Key/value heads; each serves heads / groups query heads. */
  groups: number;
  headWidth: number;
}

export interface Rotary<T> {
  /** [positions, rotated] each. */
  cos: T;
  sin: T;
  /** Leading dims of each head that are rotated. */
  rotated: number;
  /** Pairs are (0, 1), (2, 3), … instead of (i, i + rotated / 2). */
  adjacent: boolean;
}

/** [n * T, heads * w] -> [n, heads, T, w] */
function splitHeads<T>(ops: Ops<T>, x: T, n: number, positions: number, heads: number, width: number): T {
  return ops.transpose(ops.reshape(x, [n, positions, heads, width]), [0, 2, 1, 3]);
}

/** (x1, x2) -> (-x2, x1) on the rotated pairs. */
function rotateHalf<T>(ops: Ops<T>, x: T, rotated: number, adjacent: boolean): T {
  const shape = ops.shape(x);
  if (adjacent) {
    const pairs = ops.reshape(x, [...shape.slice(0, -1), rotated / 2, 2]);
    const outer = [...shape.slice(0, -1), rotated / 2, 1];
    const zeros = outer.map(() => 0);
    const first = ops.slice(pairs, zeros, outer);
    const second = ops.slice(pairs, [...zeros.slice(0, -1), 1], outer);
    return ops.reshape(ops.concat([ops.affine(second, -1, 0), first], outer.length - 1), shape);
  }
  const half = [...shape.slice(0, -1), rotated / 2];
  const zeros = half.map(() => 0);
  const first = ops.slice(x, zeros, half);
  const second = ops.slice(x, [...zeros.slice(0, -1), rotated / 2], half);
  return ops.concat([ops.affine(second, -1, 0), first], half.length - 1);
}

/** Rotary position embedding (Su et al. 2021) on x [n, h, T, w]. */
function rotate<T>(ops: Ops<T>, x: T, { cos, sin, rotated, adjacent }: Rotary<T>): T {
  const [n, h, t, w] = ops.shape(x) as [number, number, number, number];
  const head = rotated === w ? x : ops.slice(x, [0, 0, 0, 0], [n, h, t, rotated]);
  const turned = ops.add(ops.mul(head, cos), ops.mul(rotateHalf(ops, head, rotated, adjacent), sin));
  if (rotated === w) return turned;
  return ops.concat([turned, ops.slice(x, [0, 0, 0, rotated], [n, h, t, w - rotated])], 3);
}

/** Repeats every key/value head for the query heads of its group: [n, g, T, w] -> [n, heads, T, w]. */
function shareGroups<T>(ops: Ops<T>, x: T, heads: number): T {
  const [n, g, t, w] = ops.shape(x) as [number, number, number, number];
  if (g === heads) return x;
  const copies = Array.from({ length: heads / g }, () => ops.reshape(x, [n, g, 1, t, w]));
  return ops.reshape(ops.concat(copies, 2), [n, heads, t, w]);
}

export interface AttentionScores<T> {
  readonly scale: number;
  /** Scores are softly capped to (-cap, cap). */
  readonly cap?: number | undefined;
  /** [T, T], added to the scores: 0 or a large negative number; null attends everywhere. */
  readonly mask: T | null;
  readonly rotary?: Rotary<T> | null;
  /** Before the rotation, over each head. */
  readonly norms?: { query(head: T): T; key(head: T): T } | null;
}

/** q [n * T, heads * w], k and v [n * T, groups * w] -> [n * T, heads * w]. */
export function attend<T>(ops: Ops<T>, shape: AttentionShape, q: T, k: T, v: T, { scale, cap, mask, rotary = null, norms = null }: AttentionScores<T>): T {
  const { samples, positions, heads, groups, headWidth } = shape;
  let query = splitHeads(ops, q, samples, positions, heads, headWidth);
  let key = splitHeads(ops, k, samples, positions, groups, headWidth);
  if (norms) {
    query = norms.query(query);
    key = norms.key(key);
  }
  if (rotary) {
    query = rotate(ops, query, rotary);
    key = rotate(ops, key, rotary);
  }
  const value = splitHeads(ops, v, samples, positions, groups, headWidth);
  let scores = ops.affine(ops.matmul(query, shareGroups(ops, key, heads), { transposeB: true }), scale, 0);
  if (cap !== undefined) scores = softCap(ops, scores, cap);
  if (mask !== null) scores = ops.add(scores, mask);
  const mixed = ops.matmul(softmax(ops, scores), shareGroups(ops, value, heads));
  return ops.reshape(ops.transpose(mixed, [0, 2, 1, 3]), [samples * positions, heads * headWidth]);
}

/** cap tanh(x / cap): x where it is small, never beyond the cap (Gemma 2). */
export function softCap<T>(ops: Ops<T>, x: T, cap: number): T {
  return ops.affine(ops.unary('tanh', ops.affine(x, 1 / cap, 0)), cap, 0);
}

/**
 * Additive causal mask [T, T]: 0 on and below the diagonal, -1e30 above (finite, so that float32 keeps it finite too). `window`: each position sees so many,
 * itself and those before it.
 */
export function causalMask(positions: number, window = Infinity): Float64Array {
  const mask = new Float64Array(positions * positions).fill(-1e30);
  for (let i = 0; i < positions; i++) mask.fill(0, i * positions + Math.max(0, i + 1 - window), i * positions + i + 1);
  return mask;
}
