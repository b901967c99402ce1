/**
 * How many correct digits the seeds of a backward pass lose: d(loss)/d(output) is a difference, of probabilities and labels (ce) or of
 * outputs and targets (mse), with the roundoff of what it is taken of. A network that fits its probe has small differences.
 */
import type { Tensor, TensorOps } from '../numerics/ops';
import type { LossRows } from './loss';

export class Cancellation {
  private seeds = 0;
  private minuends = 0;

  /** Sums of squares of the seed and of what it was subtracted from, as one tensor [2, 1] for `add`. */
  static squares(ops: TensorOps, output: Tensor, seed: Tensor, l: LossRows, pass: number): Tensor {
    const square = (x: Tensor) => ops.sum(ops.mul(x, x), [0, 1]);
    return ops.concat([square(seed), minuend(ops, square, output, l, pass)], 0);
  }

  add(squares: ArrayLike<number>): void {
    this.seeds += squares[0]!;
    this.minuends += squares[1]!;
  }

  /** Root mean square of the minuends over that of the seeds: at least 1, at most 1 / roundoff (no digit is left). */
  factor(roundoff: number): number {
    if (this.minuends === 0) return 1;
    return Math.max(1, Math.min(1 / roundoff, Math.sqrt(this.minuends / this.seeds)));
  }
}

/** Probabilities of a row count as 1. Noise that was drawn (mse, sampled) and unit vectors (mse, exact) are not differences. */
function minuend(ops: TensorOps, square: (x: Tensor) => Tensor, output: Tensor, l: LossRows, pass: number): Tensor {
  if (l.loss === 'mse' && l.fisher === 'empirical') return square(output);
  // The passes of an exact Fisher over the labels of a row are weighted by their probabilities: one row in all, counted in the first.
  const first = pass === 0;
  const rows = l.loss === 'ce' && first ? l.carries.reduce((a, b) => a + b, 0) : 0;
  return ops.constant([rows], [1, 1]);
}
