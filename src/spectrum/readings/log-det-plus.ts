import { exponentOf } from '../../numerics/scaling';
import { free, type ReadingKind } from '../types';

/**
 * Sum of the natural logarithms of the eigenvalues above the floor: paper A's volume observable log det+. Exponents are added as
 * integers, so that other units (a factor 4^k) move it by 2 k rank log 2 and round nothing else.
 */
export const logDetPlus: ReadingKind = {
  name: 'logDetPlus',
  ofRank: true,
  read(s) {
    if (s.rank === 0) return free(null);
    let sum = 0;
    let exponents = 0;
    for (let i = 0; i < s.rank; i++) {
      const exponent = exponentOf(s.eigenvalues[i]!) - 1;
      exponents += exponent;
      sum += Math.log(s.eigenvalues[i]! / 2 ** exponent);
    }
    return { value: sum + exponents * Math.LN2, limitedBy: s.sampleLimited ? 'samples' : null };
  },
};
