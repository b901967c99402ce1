/** Student's t distribution: the width of the intervals of fitted lines. */

/** P(|t| <= x) for `degrees` of freedom: finite sums (Abramowitz & Stegun 26.7.3 and 26.7.4). */
function twoSided(x: number, degrees: number): number {
  const theta = Math.atan(x / Math.sqrt(degrees));
  const [s, c] = [Math.sin(theta), Math.cos(theta)];
  let term = degrees % 2 === 0 ? 1 : c;
  let sum = degrees === 1 ? 0 : term;
  for (let k = degrees % 2 === 0 ? 2 : 3; k <= degrees - 2; k += 2) {
    term *= (c * c * (k - 1)) / k;
    sum += term;
  }
  return degrees % 2 === 0 ? s * sum : (2 / Math.PI) * (theta + s * sum);
}

/** x with P(|t| <= x) = `confidence`, for a whole number of degrees of freedom >= 1. */
export function studentQuantile(confidence: number, degrees: number): number {
  let [low, high] = [0, 1];
  while (twoSided(high, degrees) < confidence) high *= 2;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (twoSided(middle, degrees) < confidence) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
