import { unknown, type ReadingKind } from '../types';

/** Number of eigenvalues above the floor. */
export const rank: ReadingKind = {
  name: 'rank',
  read(s) {
    if (s.rank === null) return unknown(s.estimate?.cut === s.cut ? s.estimate.living : undefined);
    return { value: s.rank, limitedBy: s.sampleLimited && s.rank === s.rows ? 'samples' : null };
  },
};
