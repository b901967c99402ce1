/**
 * The numerical floor of a spectrum: below it an eigenvalue is roundoff of this computation, not a property of the network. One
 * function for every route, in units of the eigenvalues.
 */

/** Guard of a float32 Gram: covers its summation error (test/gpu measures it) and the float32 forward pass at small widths. */
const FLOAT32_GUARD = 4;
const FLOAT32_WIDTH = 32;
/** Guard of a float64 Gram that was rounded on the way (no low part). */
const ROUNDED_GUARD = 4;
/** Guard of float32 taps whose Gram is exact: see `spectralFloor`. */
const FORWARD_GUARD = 64;

export interface FloorInputs {
  lambdaMax: number;
  /** Sum of the eigenvalues. */
  trace: number;
  /** Width d of the matrix. */
  dimension: number;
  /** Unit roundoff of the forward and backward pass: 2^-53 or 2^-24. */
  tapRoundoff: number;
  /** How much larger the roundoff of the taps is, relative to them, where they start as a small difference: >= 1. */
  cancellation: number;
  /** Unit roundoff of the Gram and its solve: 2^-24, 2^-53, or far below for hi + lo. */
  gramRoundoff: number;
}

/**
 * Float64 taps, and every rounded Gram: d * eps * lambda_max, the rule of numpy's and LAPACK's numerical rank for a d x d Gram matrix,
 * with eps = 2 x the coarser roundoff of taps and Gram. An exact (hi + lo) Gram of float64 taps knows an eigenvalue at this floor to
 * about 1e-9 of itself: roundoff of the taps enters it squared.
 *
 * An exact Gram of float32 taps: only the forward and backward pass have rounded, X + E for X. By Weyl singular values of X / sqrt(rows)
 * move by e = |E| / sqrt(rows) at most, eigenvalues by 2 e sqrt(lambda_max). On 930 taps of random networks (tfjs on WebGPU; relu, tanh,
 * gelu, silu, sigmoid; widths 6 to 256, 2 to 8 hidden layers; mse, ce and fitted ce) e reached 6 u sqrt(trace), with the roundoff u times
 * the cancellation; small transformers with norms and gates (test/gpu/references) lose about twice that. No eigenvalue is further off
 * than this floor. (Small eigenvalues are known better than that, by the square: on
 * those taps the largest that is off by more than 10 % of itself is 1.6 u^2 trace. Reading them wants an error bar for each.)
 */
export function spectralFloor({ lambdaMax, trace, dimension, tapRoundoff, cancellation, gramRoundoff }: FloorInputs): number {
  const exact = gramRoundoff < 2 ** -60;
  if (exact && tapRoundoff > 2 ** -50) return FORWARD_GUARD * tapRoundoff * cancellation * Math.sqrt(trace * lambdaMax);
  const epsilon = 2 * Math.max(tapRoundoff, gramRoundoff);
  if (epsilon > 2 ** -30) return FLOAT32_GUARD * Math.max(dimension, FLOAT32_WIDTH) * epsilon * lambdaMax;
  return (exact ? 1 : ROUNDED_GUARD) * dimension * epsilon * lambdaMax;
}
