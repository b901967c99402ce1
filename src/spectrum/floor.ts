/**
 * The numerical floor of a spectrum: below it an eigenvalue is roundoff of this computation, not a property of the network. One
 * function for every route, in units of the eigenvalues.
 */

/** Guard of a float32 Gram: covers its summation error and the float32 forward pass at small widths (test/gpu measures both). */
const FLOAT32_GUARD = 4;
const FLOAT32_WIDTH = 32;
/** Guard of a float64 Gram that was rounded on the way (no low part). */
const ROUNDED_GUARD = 4;

export interface FloorInputs {
  lambdaMax: number;
  /** Width d of the matrix. */
  dimension: number;
  /** Unit roundoff of the forward and backward pass: 2^-53 or 2^-24. */
  tapRoundoff: number;
  /** Unit roundoff of the Gram and its solve: 2^-24, 2^-53, or far below for hi + lo. */
  gramRoundoff: number;
}

/**
 * d * eps * lambda_max, the rule of numpy's and LAPACK's numerical rank for a d x d Gram matrix, with eps = 2 x the coarser roundoff of
 * taps and Gram. An exact (hi + lo) Gram of float64 taps knows an eigenvalue at this floor to about 1e-9 of itself: roundoff of the taps
 * enters it squared.
 */
export function spectralFloor({ lambdaMax, dimension, tapRoundoff, gramRoundoff }: FloorInputs): number {
  const epsilon = 2 * Math.max(tapRoundoff, gramRoundoff);
  if (epsilon > 2 ** -30) return FLOAT32_GUARD * Math.max(dimension, FLOAT32_WIDTH) * epsilon * lambdaMax;
  return (gramRoundoff < 2 ** -60 ? 1 : ROUNDED_GUARD) * dimension * epsilon * lambdaMax;
}
