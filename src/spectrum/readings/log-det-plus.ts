import { free, type ReadingKind } from '../types';

/** Sum of the natural logarithms of the eigenvalues above the floor: paper A's volume observable log det+. */
export const logDetPlus: ReadingKind = {
  name: 'logDetPlus',
  read(s) {
    if (s.rank === 0) return free(null);
    let sum = 0;
    for (let i = 0; i < s.rank; i++) sum += Math.log(s.eigenvalues[i]!);
    return { value: sum, limitedBy: s.sampleLimited ? 'samples' : null };
  },
};
