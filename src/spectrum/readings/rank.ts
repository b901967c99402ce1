import type { ReadingKind } from '../types';

/** Number of eigenvalues above the floor. */
export const rank: ReadingKind = {
  name: 'rank',
  read: (s) => ({ value: s.rank, limitedBy: s.sampleLimited && s.rank === s.rows ? 'samples' : null }),
};
