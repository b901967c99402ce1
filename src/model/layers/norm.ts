/** Normalisation over the last axis, and its absence. */
import type { Ops } from '../../numerics/ops';

export type Normalization = 'layer-norm' | 'rms-norm' | 'none';

/**
 * [rows, d] -> [rows, d]: centre (LayerNorm only), divide by sqrt(mean square + eps), then scale and shift where they exist.
 * LayerNorm: Ba, Kiros, Hinton 2016; RMSNorm: Zhang, Sennrich 2019.
 */
export function normalize<T>(ops: Ops<T>, kind: Normalization, x: T, scale: T | null, shift: T | null, epsilon: number): T {
  if (kind === 'none') return x;
  const d = ops.shape(x).at(-1)!;
  const last = [ops.shape(x).length - 1];
  const centred = kind === 'layer-norm' ? ops.sub(x, ops.affine(ops.sum(x, last), 1 / d, 0)) : x;
  const meanSquare = ops.affine(ops.sum(ops.mul(centred, centred), last), 1 / d, epsilon);
  let y = ops.div(centred, ops.unary('sqrt', meanSquare));
  if (scale !== null) y = ops.mul(y, scale);
  if (shift !== null) y = ops.add(y, shift);
  return y;
}
