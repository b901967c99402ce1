/** What a perfect sampler would read at finite n on a normal crossing of two variables (science.md §5). */

/** Step of the trapezoidal rule and its range: enough for twelve digits (test/theory). */
const STEP = 1 / 128;
const LOWEST = -4.5;
const HIGHEST = 6.5;

/**
 * E[U] under exp(-U) on the square |w_1|, |w_2| <= 1 with U = curvature t^2 - 2 tilt t, t = w_1^a w_2^b, a and b not both zero. For
 * f = t x and squared errors, n beta (L(w) - L(0)) is U with curvature = n beta mean(x^2) and tilt = n beta mean(x e), e the noise of
 * the labels; the population loss K has no tilt.
 *
 * U depends on t alone: s = -log |t| is the sum of two independent exponential variables with means a and b, so that the
 * expectation is an integral over s > 0, taken by the double exponential rule s = exp(x - exp(-x)) (Takahasi & Mori 1974).
 */
export function crossingExpectation(a: number, b: number, curvature: number, tilt = 0): number {
  if (![a, b].every((k) => Number.isSafeInteger(k) && k >= 0) || a + b === 0 || !(curvature > 0) || !Number.isFinite(tilt)) {
    throw new RangeError(`exponents ${a}, ${b} and curvature ${curvature}: integers >= 0, not both 0, and a positive number`);
  }
  // Where both exponents are even, t is never negative.
  const signs = a % 2 === 0 && b % 2 === 0 ? [1] : [1, -1];
  let weight = 0;
  let sum = 0;
  for (let x = LOWEST; x <= HIGHEST; x += STEP) {
    const s = Math.exp(x - Math.exp(-x));
    const mass = density(a, b, s) * s * (1 + Math.exp(-x));
    for (const sign of signs) {
      const t = sign * Math.exp(-s);
      const u = curvature * t * t - 2 * tilt * t;
      const p = mass * Math.exp(-u);
      weight += p;
      sum += p * u;
    }
  }
  return sum / weight;
}

/** Of the sum of exponential variables with means a and b, up to a factor; a mean of zero is no variable. */
function density(a: number, b: number, s: number): number {
  const [most, least] = [Math.max(a, b), Math.min(a, b)];
  if (least === 0) return Math.exp(-s / most);
  return least === most ? s * Math.exp(-s / most) : -Math.exp(-s / most) * Math.expm1(s / most - s / least);
}
