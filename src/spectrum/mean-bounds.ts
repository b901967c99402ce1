/** An interval for the mean of a quantity of which each sample is known between two bounds. */

/**
 * From the Student t limits of the lower bounds and of the upper bounds. Samples are quadratic forms v^T B v / n in random signs: a few
 * large eigenvalues of B make them skewed as chi-square is, where t alone covers too little. The linear term of the tail bound of
 * Laurent & Massart (2000, lemma 1) is added for that: 2 log(2 / alpha) range / samples, `range` being the span of the eigenvalues of B / n.
 */
export function meanBounds(low: readonly number[], high: readonly number[], range: number, confidence: number): { low: number; high: number } {
  const k = low.length;
  const alpha = 1 - confidence;
  const t = studentQuantile(1 - alpha / 2, k - 1);
  const skew = (2 * Math.log(2 / alpha) * range) / k;
  const spread = (values: readonly number[], mean: number) => t * Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (k - 1) / k);
  const a = average(low);
  const b = average(high);
  return { low: a - spread(low, a) - skew, high: b + spread(high, b) + skew };
}

function average(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** Quantile of Student's t with `freedom` >= 3 degrees, p > 1/2, to about 0.1 % (Abramowitz & Stegun 26.7.5 and 26.2.23). */
export function studentQuantile(p: number, freedom: number): number {
  const z = normalQuantile(p);
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  const g4 = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92160;
  return z + g1 / freedom + g2 / freedom ** 2 + g3 / freedom ** 3 + g4 / freedom ** 4;
}

function normalQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - p));
  return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}
