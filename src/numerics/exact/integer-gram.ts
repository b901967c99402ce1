/** A Gram as integers: the same bits whoever made it, hence its hash. */
import { sha256, sha256AtOnce } from '../../base/sha256';
import { DOUBLE_DOUBLE_ROUNDOFF, sumError } from '../double-double';
import type { PairMatrix } from '../product-blocks';
import { powerFactors } from '../scaling';
import { mirrorUpper } from '../transpose';
import type { Gram } from '../types';
import type { FixedPoint } from './fixed-point';

/** G_ij = integer_ij * 2^(units[i] + units[j]). */
export interface IntegerGram {
  readonly dimension: number;
  /** How rows, or gradients, were made integers. */
  readonly fixed: FixedPoint;
  /** 32-bit words per integer: two's complement, least word first. */
  readonly words: number;
  /** Upper triangle row by row, i <= j: [dimension (dimension + 1) / 2, words]. */
  readonly limbs: Uint32Array;
}

/** The Gram with its digest. */
export async function exactGramOf(integers: IntegerGram): Promise<Gram> {
  return gramOfIntegers(integers, await sha256(bytesOf(integers)));
}

/** The same without waiting. */
export function exactGramAtOnce(integers: IntegerGram): Gram {
  return gramOfIntegers(integers, sha256AtOnce(bytesOf(integers)));
}

/** hi + lo of every entry: exact up to 106 bits, within 2^-105 of itself beyond. */
export function gramOfIntegers({ dimension: d, fixed, words, limbs }: IntegerGram, digest: string | null = null): Gram {
  const hi = new Float64Array(d * d);
  const lo = new Float64Array(d * d);
  pairWriter(fixed, words, { hi, lo, rowAt: (i) => i * d })(limbs, 0, d);
  mirrorUpper(hi, d);
  mirrorUpper(lo, d);
  return { dimension: d, rows: fixed.rows, hi, lo, roundoff: DOUBLE_DOUBLE_ROUNDOFF, digest };
}

/** Writes rows `from` ... `to` of the upper triangle, of which `limbs` are the integers, to `out`. */
export function pairWriter({ units }: FixedPoint, words: number, { hi, lo, rowAt }: PairMatrix): (limbs: Uint32Array, from: number, to: number) => void {
  const d = units.length;
  const least = units.reduce((a, b) => Math.min(a, b), 0);
  const most = units.reduce((a, b) => Math.max(a, b), 0);
  const scales = Array.from({ length: 2 * (most - least) + 1 }, (_, e) => powerFactors(e + 2 * least));
  const [outer, inner] = [Float64Array.from(scales, (s) => s[0]), Float64Array.from(scales, (s) => s[1])];
  return (limbs, from, to) => {
    let at = 0;
    for (let i = from; i < to; i++) {
      const row = rowAt(i);
      for (let j = i; j < d; j++, at += words) {
        // From the top word, which has the sign: errors of the partial sums are integers, and add up without error while they fit.
        let sum = limbs[at + words - 1]! | 0;
        let rest = 0;
        for (let k = words - 2; k >= 0; k--) {
          const word = limbs[at + k]!;
          const high = sum * 4294967296;
          sum = high + word;
          rest = rest * 4294967296 + sumError(high, word, sum);
        }
        const total = sum + rest;
        const exponent = units[i]! + units[j]! - 2 * least;
        hi[row + j] = total * outer[exponent]! * inner[exponent]!;
        lo[row + j] = (rest - (total - sum)) * outer[exponent]! * inner[exponent]!;
      }
    }
  };
}

/** What is hashed: the 32-bit words dimension, rows, words, cut, units, limbs. */
function bytesOf({ fixed, words, limbs }: IntegerGram): Uint8Array {
  const header = headerBytes(fixed, words);
  const bytes = new Uint8Array(header.byteLength + limbs.byteLength);
  bytes.set(header);
  bytes.set(new Uint8Array(limbs.buffer, limbs.byteOffset, limbs.byteLength), header.byteLength);
  return bytes;
}

/** The part of what is hashed that comes before the limbs. */
export function headerBytes({ units, rows, cut }: FixedPoint, words: number): Uint8Array {
  return new Uint8Array(Int32Array.of(units.length, rows, words, cut, ...units).buffer);
}

/** Words that hold `bits` bits. */
export function wordsFor(bits: number): number {
  return Math.ceil(bits / 32);
}
