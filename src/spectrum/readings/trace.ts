import { free, type ReadingKind } from '../types';

/** Sum of the eigenvalues: the mean squared length of a row. */
export const trace: ReadingKind = {
  name: 'trace',
  read(s) {
    if (s.estimate) return free(s.estimate.trace);
    let sum = 0;
    for (let i = 0; i < s.eigenvalues.length; i++) sum += s.eigenvalues[i]!;
    return free(sum);
  },
};
