import { free, type ReadingKind } from '../types';

/** Sum of the natural logarithms of the `count` largest of descending eigenvalues. */
export function logDeterminant(eigenvalues: ArrayLike<number>, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.log(eigenvalues[i]!);
  return sum;
}

/** Sum of the natural logarithms of the eigenvalues above the floor: paper A's volume observable log det+. */
export const logDetPlus: ReadingKind = {
  name: 'logDetPlus',
  read(s) {
    if (s.rank === 0) return free(null);
    return { value: logDeterminant(s.eigenvalues, s.rank), limitedBy: s.sampleLimited ? 'samples' : null };
  },
};
