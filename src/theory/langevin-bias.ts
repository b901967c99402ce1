/** What Langevin steps of finite size and the localisation do to an LLC, where it is known exactly. */

export interface LangevinScales {
  readonly nbeta: number;
  readonly gamma: number;
  /** eps; 0 is the limit of small steps. */
  readonly step: number;
}

/**
 * E[n beta K] of unadjusted steps on K = sum_i h_i w_i^2 / 2, localised at its minimum (science.md §5):
 *   sum_i (1/2) [n beta h_i / (n beta h_i + gamma)] / (1 - eps (n beta h_i + gamma) / 4).
 * Each weight is an autoregression w' = (1 - eps a / 2) w + N(0, eps), a = n beta h + gamma, of variance 1 / (a (1 - eps a / 4)).
 * Infinity where a step is unstable, eps a >= 4.
 */
export function quadraticLlc(curvatures: readonly number[], { nbeta, gamma, step }: LangevinScales): number {
  return curvatures.reduce((sum, h) => {
    const a = nbeta * h + gamma;
    const shrinking = 1 - (step * a) / 4;
    if (h === 0) return sum;
    return shrinking > 0 ? sum + (nbeta * h) / (2 * a * shrinking) : Infinity;
  }, 0);
}
