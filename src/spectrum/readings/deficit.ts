import { unknown, type ReadingKind } from '../types';

/** Number of eigenvalues at or below the floor: candidates for dead directions. */
export const deficit: ReadingKind = {
  name: 'deficit',
  read: (s) => (s.rank === null ? unknown() : { value: s.dimension - s.rank, limitedBy: s.sampleLimited ? 'samples' : null }),
};
