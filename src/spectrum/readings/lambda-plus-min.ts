import { free, unknown, type ReadingKind } from '../types';

/** Smallest eigenvalue above the floor: paper A's rate observable lambda+_min. */
export const lambdaPlusMin: ReadingKind = {
  name: 'lambdaPlusMin',
  read(s) {
    if (s.rank === null) return unknown();
    return s.rank === 0 ? free(null) : { value: s.eigenvalues[s.rank - 1]!, limitedBy: s.sampleLimited ? 'samples' : null };
  },
};
