/** The exact Gram on the CPU: residues modulo 21-bit numbers, whose products and sums float64 holds. The reference of the GPU's. */
import { assertFinite } from '../cpu/gram';
import { runBreathing } from '../stepwise';
import type { Steps } from '../stepwise';
import { columnSpans, fixedPoint, gramBits } from './fixed-point';
import type { FixedPoint } from './fixed-point';
import { exactResult, wordsFor } from './integer-gram';
import type { ExactGram, IntegerGram } from './integer-gram';
import { coprimeModuli, garnerInverses } from './moduli';

/** Remainders are within +-2^20, so 2^12 products and what was there before add up below 2^53. */
const LARGEST_MODULUS = 2 ** 21 - 1;
const ROWS_AT_ONCE = 2 ** 12;

/** X^T X of x [rows, columns] float32, and its hash. Throws InputError `not-finite`. */
export async function exactGram(x: Float32Array, rows: number, columns: number, signal?: AbortSignal): Promise<ExactGram> {
  return exactResult(await runBreathing(integerGramSteps(x, rows, columns), signal));
}

export function* integerGramSteps(x: Float32Array, rows: number, columns: number): Steps<IntegerGram> {
  assertFinite(x, rows, columns);
  const fixed = fixedPoint(columnSpans(x, rows, columns), rows);
  const bits = gramBits(fixed);
  const moduli = coprimeModuli(LARGEST_MODULUS, bits + 1);
  const remainders: Float64Array[] = [];
  for (const modulus of moduli) remainders.push(yield* residueGram(x, fixed, modulus));
  return { dimension: columns, fixed, words: wordsFor(bits), limbs: yield* fromRemainders(remainders, moduli, columns, wordsFor(bits)) };
}

/** X^T X modulo `modulus`, entries in 0 .. modulus - 1; upper half of a row-major [columns, columns]. */
function* residueGram(x: Float32Array, { rows, units }: FixedPoint, modulus: number): Steps<Float64Array> {
  const d = units.length;
  const scales = Float64Array.from(units, (unit) => 2 ** -unit);
  const total = new Float64Array(d * d);
  // Four rows at a time; rows beyond the end are zero.
  const r = new Float64Array(4 * d);
  for (let first = 0; first < rows; first += ROWS_AT_ONCE) {
    const end = Math.min(rows, first + ROWS_AT_ONCE);
    for (let row = first; row < end; row += 4) {
      for (let k = 0; k < 4; k++) {
        for (let j = 0; j < d; j++) {
          const q = row + k < end ? Math.trunc(x[(row + k) * d + j]! * scales[j]!) % modulus : 0;
          r[k * d + j] = q > modulus / 2 ? q - modulus : q < -modulus / 2 ? q + modulus : q;
        }
      }
      for (let i = 0; i < d; i++) {
        const [a, b, c, e] = [r[i]!, r[d + i]!, r[2 * d + i]!, r[3 * d + i]!];
        for (let j = i; j < d; j++) total[i * d + j]! += a * r[j]! + b * r[d + j]! + c * r[2 * d + j]! + e * r[3 * d + j]!;
      }
      yield;
    }
    for (let at = 0; at < total.length; at++) total[at] = total[at]! % modulus;
  }
  return total.map((v) => (v < 0 ? v + modulus : v));
}

/** Garner's algorithm: mixed-radix digits of every entry, then words from the top digit, which has the sign. */
function* fromRemainders(remainders: readonly Float64Array[], moduli: readonly number[], d: number, words: number): Steps<Uint32Array> {
  const count = moduli.length;
  const inverses = garnerInverses(moduli);
  const limbs = new Uint32Array(((d * (d + 1)) / 2) * words);
  const digits = new Float64Array(count);
  let at = 0;
  for (let i = 0; i < d; i++) {
    for (let j = i; j < d; j++, at += words) {
      for (let k = 0; k < count; k++) {
        const m = moduli[k]!;
        let digit = remainders[k]![i * d + j]!;
        for (let l = 0; l < k; l++) digit = ((digit - digits[l]!) * inverses[k * count + l]!) % m;
        digits[k] = digit < 0 ? digit + m : digit;
      }
      const top = digits[count - 1]!;
      // One bit more than is needed: values are in the lowest or the highest quarter, and the highest are negative.
      let carry = 2 * top >= moduli[count - 1]! ? top - moduli[count - 1]! : top;
      limbs.fill(carry < 0 ? 0xffffffff : 0, at, at + words);
      limbs[at] = carry;
      for (let k = count - 2; k >= 0; k--) {
        carry = digits[k]!;
        for (let w = at; w < at + words; w++) {
          const low = (limbs[w]! % 65536) * moduli[k]! + carry;
          const high = Math.floor(limbs[w]! / 65536) * moduli[k]! + Math.floor(low / 65536);
          limbs[w] = (high % 65536) * 65536 + (low % 65536);
          carry = Math.floor(high / 65536);
        }
      }
    }
    yield;
  }
  return limbs;
}
