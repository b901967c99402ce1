import { free, type ReadingKind } from '../types';

/** trace / lambda_max: the number of directions that carry weight (Rudelson & Vershynin 2007, for X). */
export const stableRank: ReadingKind = {
  name: 'stableRank',
  read(s) {
    let trace = s.estimate?.trace ?? 0;
    if (!s.estimate) for (let i = 0; i < s.eigenvalues.length; i++) trace += s.eigenvalues[i]!;
    return free(trace > 0 ? trace / s.eigenvalues[0]! : null);
  },
};
