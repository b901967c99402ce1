import { exponentOf } from '../../numerics/scaling';
import { free, type ReadingKind } from '../types';

/**
 * Sum of the natural logarithms of the `count` largest of descending eigenvalues. Exponents are added as integers, so that other units
 * (a factor 4^k) move it by 2 k count log 2 and round nothing else.
 */
export function logDeterminant(eigenvalues: ArrayLike<number>, count: number): number {
  let sum = 0;
  let exponents = 0;
  for (let i = 0; i < count; i++) {
    const exponent = exponentOf(eigenvalues[i]!) - 1;
    exponents += exponent;
    sum += Math.log(eigenvalues[i]! / 2 ** exponent);
  }
  return sum + exponents * Math.LN2;
}

/** Sum of the natural logarithms of the eigenvalues above the floor: paper A's volume observable log det+. */
export const logDetPlus: ReadingKind = {
  name: 'logDetPlus',
  ofRank: true,
  read(s) {
    if (s.rank === 0) return free(null);
    return { value: logDeterminant(s.eigenvalues, s.rank), limitedBy: s.sampleLimited ? 'samples' : null };
  },
};
