/** Grams against exact ones from integers. */
import { expect } from 'vitest';
import type { Gram } from '../../src/numerics/types';
import { fromBigInt, toBigInt } from './exact';

/** Entries are compared as multiples of 2^-BITS. */
export const BITS = 600;

/** Largest |hi + lo - exact| / sqrt(G_ii G_jj), with the exact Gram from integers; `component(i, k)` is entry k of vector i. */
export function largestGramError(gram: Gram, length: number, component: (i: number, k: number) => number): number {
  const d = gram.dimension;
  const vectors = Array.from({ length: d }, (_, i) => Array.from({ length }, (_, k) => toBigInt(component(i, k), BITS / 2)));
  let worst = 0;
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < d; j++) {
      let sum = 0n;
      for (let k = 0; k < length; k++) sum += vectors[i]![k]! * vectors[j]![k]!;
      const got = toBigInt(gram.hi[i * d + j]!, BITS) + toBigInt(gram.lo![i * d + j]!, BITS);
      const scale = Math.sqrt(gram.hi[i * d + i]! * gram.hi[j * d + j]!);
      if (scale > 0) worst = Math.max(worst, Math.abs(fromBigInt(got - sum, BITS)) / scale);
      else expect(got).toBe(sum);
    }
  }
  return worst;
}
