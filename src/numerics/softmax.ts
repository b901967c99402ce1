import type { Ops } from './ops';

/** softmax over the last axis; the maximum cancels, so it needs no gradient. */
export function softmax<T>(ops: Ops<T>, x: T): T {
  const last = [ops.shape(x).length - 1];
  const e = ops.unary('exp', ops.sub(x, ops.max(x, last)));
  return ops.div(e, ops.sum(e, last));
}
