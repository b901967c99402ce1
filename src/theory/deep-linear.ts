/** Deep linear networks y = W_L ... W_1 x. */
import { rational, sum } from '../base/rational';
import type { Singularity } from './triple';

/**
 * Widths d_0 .. d_L and a truth of rank r (Aoyagi 2024, Singular leaning coefficients and efficiency in learning theory, Neural Networks
 * 172:106132; science.md 2b). With M_i = d_i - r, the l + 1 smallest of them with the sum S such that S >= l max inside and S < l min outside,
 * and a = S - (ceil(S / l) - 1) l:
 *   lambda = r (d_0 + d_L - r) / 2 + a (l - a) / (4 l) - (l - 1) S^2 / (4 l) + sum_{i<j inside} M_i M_j / 2,   m = a (l - a) + 1.
 * Throws a RangeError for a rank that is not possible.
 */
export function deepLinear(widths: readonly number[], rank: number): Singularity {
  const L = widths.length - 1;
  if (L < 1 || !widths.every((d) => Number.isSafeInteger(d) && d > 0) || !Number.isSafeInteger(rank) || rank < 0 || rank > Math.min(...widths)) {
    throw new RangeError(`widths ${widths.join(', ')} and rank ${rank}: two or more positive widths, and a rank of at most the smallest`);
  }
  const reduced = widths.map((d) => d - rank).sort((a, b) => a - b);
  const { l, S } = inside(reduced);
  const a = S - (Math.ceil(S / l) - 1) * l;
  const chosen = reduced.slice(0, l + 1);
  // Twice the sum over pairs: (sum)^2 - sum of squares.
  const pairs = S ** 2 - chosen.reduce((squares, m) => squares + m ** 2, 0);
  const lambda = sum(
    rational(rank * (widths[0]! + widths[L]! - rank), 2),
    rational(a * (l - a), 4 * l),
    rational(-(l - 1) * S ** 2, 4 * l),
    rational(pairs, 4),
  );
  return { lambda, multiplicity: a * (l - a) + 1 };
}

/** The last l that qualifies; ties give the same value. */
function inside(reduced: readonly number[]): { l: number; S: number } {
  let found = { l: 1, S: reduced[0]! + reduced[1]! };
  for (let l = 1, S = reduced[0]!; l < reduced.length; l++) {
    S += reduced[l]!;
    const outside = reduced[l + 1];
    if (S >= l * reduced[l]! && (outside === undefined || S < l * outside)) found = { l, S };
  }
  return found;
}
