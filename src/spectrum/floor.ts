/**
 * The numerical floor of a spectrum: an eigenvalue above it is known to the digits that were asked for, one below it is not, and is
 * censored: counted as dead, never read as a value. One function for every route, in units of the eigenvalues.
 */

/**
 * Of taps X + E for X, rows divided out, Weyl's inequality leaves each singular value known to within e = |E|, so an eigenvalue lambda
 * to about 2 e / sqrt(lambda) of itself: one digit from about e^2 up, p digits from 100^(p - 1) times that. E is of the size of
 * u kappa sqrt(trace), u the unit roundoff of the pass and kappa its cancellation; `test/gpu` and `test/spectrum` measure the guard.
 */
const FORWARD_GUARD = 64;
/**
 * A hi + lo Gram through the double-double Cholesky: absolute error of an eigenvalue over the trace, ten times, so that one digit is
 * left. Sums of 128 products drop at most 2^-88 of sqrt(G_ii G_jj), and do drop 2^-90 where all rows are alike; the pivots that are
 * cut sum to (d + 16) 2^-100, which is less up to d = 4096.
 */
const PAIRS = 2 ** -84;
/** A rounded Gram: guard on d * eps * lambda_max, and the width below which a float32 kernel (test/gpu measures it) gains nothing. */
const ROUNDED_GUARD = 4;
const FLOAT32_WIDTH = 32;
/** Coarser than this is single precision. */
const SINGLE = 2 ** -30;

/** What hides an eigenvalue, by its source: below the larger of the two not one digit of it is known. */
export interface Noise {
  /** Roundoff of the taps. */
  readonly forward: number;
  /** Roundoff of the Gram and of its decomposition. */
  readonly solver: number;
}

export interface NoiseInputs {
  lambdaMax: number;
  /** Sum of the eigenvalues. */
  trace: number;
  /** Width d of the Gram. */
  dimension: number;
  /** Unit roundoff of what made the taps: 2^-53 or 2^-24 of a pass or of the type that they are recorded in; 0 for weights, exact as stored. */
  tapRoundoff: number;
  /** How much larger the roundoff of the taps is, relative to them, where they start as a small difference: >= 1. */
  cancellation: number;
  /** Unit roundoff of the Gram and its solve: 2^-24, 2^-53, or far below for hi + lo. */
  gramRoundoff: number;
}

export function spectralNoise({ lambdaMax, trace, dimension, tapRoundoff, cancellation, gramRoundoff }: NoiseInputs): Noise {
  const forward = FORWARD_GUARD * (tapRoundoff * cancellation) ** 2 * trace;
  if (gramRoundoff < 2 ** -60) return { forward, solver: PAIRS * trace };
  const width = gramRoundoff > SINGLE ? Math.max(dimension, FLOAT32_WIDTH) : dimension;
  return { forward, solver: ROUNDED_GUARD * width * 2 * gramRoundoff * lambdaMax };
}

/**
 * Digits that are asked for where nobody says. Of taps that a float64 pass computed nine, less those that the seeds lost: their floor is
 * then near d * eps * lambda_max, the rank rule of numpy and LAPACK. Of all others one.
 */
export function defaultDigits(passRoundoff: number, cancellation: number): number {
  return passRoundoff > SINGLE ? 1 : Math.max(1, 9 - Math.round(Math.log10(cancellation)));
}

/**
 * Above this an eigenvalue is known to `digits` significant digits. The error that taps leave falls with the square root of an
 * eigenvalue, that of a Gram with the eigenvalue itself.
 */
export function floorOf({ forward, solver }: Noise, digits: number): number {
  return Math.max(forward * 100 ** (digits - 1), solver * 10 ** (digits - 1));
}
