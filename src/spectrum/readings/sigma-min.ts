import { unknown, type ReadingKind } from '../types';

/**
 * Smallest singular value of X / sqrt(rows), the square root of the smallest eigenvalue (paper A's sigma_min(X_l) without its sqrt(N)).
 * At the floor it is only known to be below the root of the floor.
 */
export const sigmaMin: ReadingKind = {
  name: 'sigmaMin',
  read(s) {
    if (s.rank === null) return unknown();
    if (s.dimension === 0) return { value: null, limitedBy: null };
    const full = s.rank === s.dimension;
    const value = Math.sqrt(full ? s.eigenvalues[s.dimension - 1]! : s.cut);
    return { value, limitedBy: full ? null : s.sampleLimited ? 'samples' : 'floor' };
  },
};
