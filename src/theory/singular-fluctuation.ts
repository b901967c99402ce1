/** The singular fluctuation of K = w^{2k} (Watanabe 2009, chapter 6; science.md 2d). */

/** Half the range of Z in standard deviations, and the nodes of both quadratures: enough for twelve digits (test/theory). */
const REACH = 14;
const OUTER_NODES = 300;
const INNER_NODES = 2000;

/**
 * nu(k, beta) = E_Z Var(eta^k) over the posterior exp(-eta^{2k} + Z eta^k) d eta, Z ~ N(0, 2 beta). The integrands are entire and decay
 * faster than any exponential, where the trapezoidal rule converges exponentially (Trefethen & Weideman 2014).
 */
export function singularFluctuation(k: number, beta = 1): number {
  if (!Number.isSafeInteger(k) || k < 1 || !(beta > 0)) throw new RangeError(`an order k >= 1 and beta > 0 were expected, got ${k} and ${beta}`);
  const deviation = Math.sqrt(2 * beta);
  const step = (2 * REACH * deviation) / OUTER_NODES;
  let total = 0;
  let weight = 0;
  for (let i = 0; i <= OUTER_NODES; i++) {
    const z = -REACH * deviation + i * step;
    const density = Math.exp((-z * z) / (2 * deviation * deviation));
    total += density * posteriorVariance(k, z);
    weight += density;
  }
  return total / weight;
}

/** Var(eta^k) at a given Z. */
export function posteriorVariance(k: number, z: number): number {
  // Where the exponent -s^2 + Z s, s = eta^k, has fallen by more than 700 from its maximum Z^2 / 4.
  const reach = (Math.abs(z) / 2 + 27) ** (1 / k);
  const top = (z * z) / 4;
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  for (let i = 0; i <= INNER_NODES; i++) {
    const s = (-reach + (2 * reach * i) / INNER_NODES) ** k;
    // An even power does not reach the maximum at Z / 2 < 0: its own is at 0.
    const weight = Math.exp(s * (z - s) - (k % 2 === 0 && z < 0 ? 0 : top));
    sum0 += weight;
    sum1 += weight * s;
    sum2 += weight * s * s;
  }
  const mean = sum1 / sum0;
  return sum2 / sum0 - mean * mean;
}
