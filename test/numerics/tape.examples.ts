/** Small networks over `Ops<T>`, to differentiate: on the CPU against differences, on the GPU against the CPU. */
import type { Random } from '../../src/base/random';
import type { Ops, Shape } from '../../src/numerics/ops';

export interface Example {
  readonly inputs: readonly { shape: Shape; values: Float64Array }[];
  /** The output, and an intermediate value whose gradient is wanted. */
  run<T>(ops: Ops<T>, inputs: readonly T[]): { output: T; tap: T };
}

/** Standard normal, exact in float32. */
export function normals(random: Random, shape: Shape): Float64Array {
  return random.normals(shape.reduce((size, length) => size * length, 1)).map(Math.fround);
}

/** relu MLP with biases and softmax cross-entropy of each sample: [5, 3] -> [5, 1]. */
export function classifier(random: Random): Example {
  const shapes = [[5, 3], [4, 3], [4], [3, 4], [3]];
  const labels = Int32Array.of(0, 2, 1, 1, 0);
  return {
    inputs: shapes.map((shape) => ({ shape, values: normals(random, shape) })),
    run: <T>(ops: Ops<T>, inputs: readonly T[]) => {
      const [x, w1, b1, w2, b2] = inputs as [T, T, T, T, T];
      const tap = ops.add(ops.matmul(x, w1, { transposeB: true }), b1);
      const logits = ops.add(ops.matmul(ops.unary('relu', tap), w2, { transposeB: true }), b2);
      const shifted = ops.sub(logits, ops.max(logits, [1]));
      const oneHot = ops.gather(ops.constant([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3]), labels);
      const picked = ops.sum(ops.mul(shifted, oneHot), [1]);
      return { output: ops.sub(ops.unary('log', ops.sum(ops.unary('exp', shifted), [1])), picked), tap };
    },
  };
}

/** Layer norm, causal attention of two heads, residual, erf-GELU; weights shared over the batch: [2, 3, 4] -> [2, 4]. */
export function attentionBlock(random: Random): Example {
  const [n, t, d, heads] = [2, 3, 4, 2];
  const shapes = [[n, t, d], [d, d], [d, d], [d, d], [d, d], [d]];
  return {
    inputs: shapes.map((shape) => ({ shape, values: normals(random, shape) })),
    run: <T>(ops: Ops<T>, inputs: readonly T[]) => {
      const [x, wq, wk, wv, wo, gain] = inputs as [T, T, T, T, T, T];
      const centred = ops.sub(x, ops.affine(ops.sum(x, [2]), 1 / d, 0));
      const variance = ops.affine(ops.sum(ops.mul(centred, centred), [2]), 1 / d, 1e-5);
      const normed = ops.mul(ops.mul(centred, ops.unary('reciprocal', ops.unary('sqrt', variance))), gain);
      const split = (w: T) => ops.transpose(ops.reshape(ops.matmul(normed, w), [n, t, heads, d / heads]), [0, 2, 1, 3]);
      const tap = split(wv);
      const causal = Array.from({ length: t * t }, (_, i) => (i % t > Math.floor(i / t) ? -1e9 : 0));
      const scores = ops.affine(ops.matmul(split(wq), split(wk), { transposeB: true }), 1 / Math.sqrt(d / heads), 0);
      const masked = ops.add(scores, ops.constant(causal, [t, t]));
      const weights = ops.unary('exp', ops.sub(masked, ops.max(masked, [3])));
      const mixed = ops.matmul(ops.div(weights, ops.sum(weights, [3])), tap);
      const merged = ops.reshape(ops.transpose(mixed, [0, 2, 1, 3]), [n, t, d]);
      const residual = ops.add(x, ops.matmul(merged, wo));
      const gelu = ops.mul(residual, ops.affine(ops.unary('erf', ops.affine(residual, Math.SQRT1_2, 0)), 0.5, 0.5));
      return { output: ops.reshape(ops.slice(gelu, [0, t - 1, 0], [n, 1, d]), [n, d]), tap };
    },
  };
}
