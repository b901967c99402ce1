import { free, type ReadingKind } from '../types';

/** Smallest eigenvalue above the floor: paper A's rate observable lambda+_min. */
export const lambdaPlusMin: ReadingKind = {
  name: 'lambdaPlusMin',
  read: (s) => (s.rank === 0 ? free(null) : { value: s.eigenvalues[s.rank - 1]!, limitedBy: s.sampleLimited ? 'samples' : null }),
};
