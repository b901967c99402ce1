/** A residual stream behind a norm, over the primitives that models use. */
import type { Random } from '../../base/random';
import { normalize, type Normalization } from '../../model/layers/norm';
import type { Tensor, TensorOps } from '../../numerics/ops';

/**
 * initial: gamma = 1, beta = 0, a stream of equal variances. trained: gamma log-normal and beta normal, and a stream whose standard deviations fall
 * by `decades` from its first to its last direction, as those of trained networks do.
 */
export type Stage = 'initial' | 'trained';

export interface StreamOptions {
  readonly kind: Exclude<Normalization, 'none'>;
  readonly stage: Stage;
  readonly width: number;
  readonly rows: number;
  /** eps of the norm. */
  readonly epsilon: number;
  readonly decades: number;
}

/** Standard deviations of log gamma and of beta after training. */
const TRAINED = { scale: 0.5, shift: 0.5 };

/** Centred outputs of the norm [rows, width], and gamma^-1. */
export function normedStream(ops: TensorOps, random: Random, { kind, stage, width, rows, epsilon, decades }: StreamOptions): { taps: Tensor; inverseScale: Float64Array } {
  const trained = stage === 'trained';
  const gamma = random.normals(width).map((x) => (trained ? Math.exp(TRAINED.scale * x) : 1));
  const beta = random.normals(width).map((x) => (trained ? TRAINED.shift * x : 0));
  const deviations = Float64Array.from({ length: width }, (_, i) => (trained ? 10 ** ((-decades * i) / (width - 1)) : 1));
  const sources = ops.mul(ops.constant(random.normals(rows * width), [rows, width]), ops.constant(deviations, [1, width]));
  const writer = ops.constant(random.normals(width * width).map((x) => x / Math.sqrt(width)), [width, width]);
  const stream = ops.matmul(sources, writer, { transposeB: true });
  const read = normalize(ops, kind, stream, ops.constant(gamma, [width]), ops.constant(beta, [width]), epsilon);
  const taps = ops.sub(read, ops.affine(ops.sum(read, [0]), 1 / rows, 0));
  return { taps, inverseScale: gamma.map((g) => 1 / g) };
}
