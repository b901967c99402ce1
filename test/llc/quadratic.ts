/** K = sum h_i w_i^2 / 2: the loss on which everything about Langevin steps is known. */
import type { LossModel } from '../../src/llc/loss-model';

export function quadratic(curvatures: readonly number[], samples = 3107): LossModel {
  const loss = (w: Float64Array) => w.reduce((sum, x, i) => sum + (curvatures[i]! * x * x) / 2, 0);
  return {
    dimension: curvatures.length,
    samples,
    passes: 1,
    loss,
    evaluate(w, gradient) {
      for (let i = 0; i < w.length; i++) gradient[i] = curvatures[i]! * w[i]!;
      return loss(w);
    },
  };
}
