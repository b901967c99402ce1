/** Reduced-rank regression y = W_2 W_1 x. */
import { rational } from '../base/rational';
import type { Singularity } from './triple';

export interface ReducedRank extends Singularity {
  /** Which of the four cases of the theorem. */
  readonly case: 1 | 2 | 3 | 4;
}

/**
 * x in R^inputs -> R^hidden -> y in R^outputs with a truth of the given rank, K = |W_2 W_1 - W*|^2 (Aoyagi & Watanabe 2005, Stochastic
 * complexities of reduced rank regression in Bayesian estimation, main theorem). Throws a RangeError for a rank that is not possible.
 */
export function reducedRankRegression(inputs: number, hidden: number, outputs: number, rank: number): ReducedRank {
  const [M, H, N, r] = [inputs, hidden, outputs, rank];
  if (![M, H, N].every((n) => Number.isSafeInteger(n) && n > 0) || !Number.isSafeInteger(r) || r < 0 || r > Math.min(M, H, N)) {
    throw new RangeError(`widths ${M}, ${H}, ${N} and rank ${r}: widths are positive, and the rank is at most the smallest of them`);
  }
  if (M + H < N + r) return { lambda: rational(M * H - H * r + N * r, 2), multiplicity: 1, case: 2 };
  if (N + H < M + r) return { lambda: rational(N * H - H * r + M * r, 2), multiplicity: 1, case: 3 };
  if (M + N < H + r) return { lambda: rational(M * N, 2), multiplicity: 1, case: 4 };
  const eight = -((H + r) ** 2) - M ** 2 - N ** 2 + 2 * (H + r) * (M + N) + 2 * M * N;
  const odd = (M + H + N + r) % 2;
  return { lambda: rational(eight + odd, 8), multiplicity: 1 + odd, case: 1 };
}
