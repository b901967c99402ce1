import { free, type ReadingKind, type ReadingValue, type SpectrumEstimate } from '../types';

/** Sum of the natural logarithms of the eigenvalues above the floor: paper A's volume observable log det+. */
export const logDetPlus: ReadingKind = {
  name: 'logDetPlus',
  read(s) {
    if (s.rank === null) return s.estimate ? estimated(s.estimate, s.cut, s.sampleLimited) : free(null);
    if (s.rank === 0) return free(null);
    let sum = 0;
    for (let i = 0; i < s.rank; i++) sum += Math.log(s.eigenvalues[i]!);
    return { value: sum, limitedBy: s.sampleLimited ? 'samples' : null };
  },
};

/** The middle of the interval, where there is one for this cut. */
function estimated({ logDetPlus: interval, reason, cut }: SpectrumEstimate, asked: number, sampleLimited: boolean): ReadingValue {
  if (asked !== cut) return { ...free(null), reason: 'it was estimated for another cut: run again with this one' };
  if (!interval) return { ...free(null), ...(reason === null ? {} : { reason }) };
  const [low, high] = interval;
  return { value: (low + high) / 2, interval: [low, high], limitedBy: sampleLimited ? 'samples' : null };
}
