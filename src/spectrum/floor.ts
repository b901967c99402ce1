/**
 * The numerical floor of a spectrum: an eigenvalue above it is known to the digits that were asked for. One at or below it is not, and
 * is censored: counted as dead, never read as a value. One function for every route, in units of the eigenvalues.
 *
 * Roundoff turns taps X into X + E, with E about u kappa |X| for the unit roundoff u of the pass and its cancellation kappa. By Weyl's
 * inequality a singular value of X / sqrt(rows) moves by e = |E| / sqrt(rows) at most, so an eigenvalue lambda is known to about
 * 2 e / sqrt(lambda) of itself: one digit from about e^2 up, p digits from 100^(p - 1) times that. A Gram is off by an amount that does
 * not depend on lambda: p digits from 10^(p - 1) times the first.
 */

/**
 * On (u kappa)^2 trace, for one digit. On 2184 float32 taps against float64 (924 of random networks: relu, tanh, gelu, silu, sigmoid;
 * widths 6 to 256, 1 to 7 hidden layers; mse and ce, fitted and not; 1260 of checkpoints, most of them transformers) the largest
 * eigenvalue that is wrong in its first, second, third digit is 5.2, 3.0, 13.7 times (u kappa)^2 trace * 100^(p - 1).
 */
const FORWARD_GUARD = 64;
/**
 * On u kappa: what ill-conditioned samples (norms, attention) make of it in the largest eigenvalues, of which no digit beyond this
 * relative error is known. The largest on the same taps is 730 u kappa.
 */
const RELATIVE_GUARD = 2 ** 13;
/**
 * A hi + lo Gram through the double-double Cholesky: ten times its absolute error over the trace, most of which are the pivots that are
 * cut, up to (d + 16) 2^-100 of it, 2^-88 for d = 4096. Slices of the Cholesky drop 2^-96 of sqrt(G_ii G_jj), Grams of exact integers 2^-104.
 */
const PAIRS = 2 ** -84;
/** On d eps lambda_max, for a Gram of single words (test/gpu measures it). */
const ROUNDED_GUARD = 4;
/** Narrower float32 Grams are not more exact than one of this width. */
const FLOAT32_WIDTH = 32;
/** Roundoffs above this are of single precision or less. */
const SINGLE = 2 ** -30;
/** Digits that may be asked for. */
export const MOST_DIGITS = 12;

/** What hides the small end of a spectrum. */
export interface Noise {
  /** Floor of one digit that the roundoff of the taps makes. */
  readonly forward: number;
  /** Floor of one digit that the Gram and its decomposition make. */
  readonly solver: number;
  /** Digits that the taps have at all. */
  readonly digits: number;
}

export interface NoiseInputs {
  lambdaMax: number;
  /** Sum of the eigenvalues. */
  trace: number;
  /** Width d of the Gram. */
  dimension: number;
  /** Unit roundoff of the pass that made the taps or of the type that they were recorded in; 0 for weights, which are exact as stored. */
  tapRoundoff: number;
  /** How much larger the roundoff of the taps is, relative to them, where they start as a small difference: >= 1. */
  cancellation: number;
  /** Unit roundoff of the Gram and its solve: 2^-24, 2^-53, or far below for hi + lo. */
  gramRoundoff: number;
}

export function spectralNoise({ lambdaMax, trace, dimension, tapRoundoff, cancellation, gramRoundoff }: NoiseInputs): Noise {
  const relative = tapRoundoff * cancellation;
  const width = gramRoundoff > SINGLE ? Math.max(dimension, FLOAT32_WIDTH) : dimension;
  return {
    forward: FORWARD_GUARD * relative ** 2 * trace,
    solver: gramRoundoff < 2 ** -60 ? PAIRS * trace : ROUNDED_GUARD * width * 2 * gramRoundoff * lambdaMax,
    digits: Math.max(1, Math.min(MOST_DIGITS, Math.floor(-Math.log10(RELATIVE_GUARD * relative)))),
  };
}

/** Above `floor` an eigenvalue is known to `digits` significant digits: those wanted, or as many as there are. */
export function floorOf({ forward, solver, digits: most }: Noise, wanted: number): { floor: number; digits: number } {
  const digits = Math.min(wanted, most);
  return { floor: Math.max(forward * 100 ** (digits - 1), solver * 10 ** (digits - 1)), digits };
}

/**
 * Digits wanted where nobody says. Of taps that a float64 pass computed nine, less those that the seeds lost: their floor is then near
 * d * eps * lambda_max, the rank rule of numpy and LAPACK. Of all others one.
 */
export function defaultDigits(passRoundoff: number, cancellation: number): number {
  return passRoundoff > SINGLE ? 1 : Math.max(1, 9 - Math.round(Math.log10(cancellation)));
}
