/**
 * Inner products of many vectors of pairs, or of float64 numbers, to about 100 bits: under the double-double Cholesky and the Fisher-Gram.
 * Vectors are divided by powers of two above their 2-norms, block by block of components, so that by Cauchy and Schwarz no sum of
 * products leaves +-1, and cut into slices (slices.ts).
 */
import { COLUMNS, STRIP } from './product-blocks';
import type { PairMatrix, Vectors } from './product-blocks';
import { exponentOf } from './scaling';
import { multiplySlices, SLICED_DEPTH, slicedWords } from './slices';
import type { Steps } from './stepwise';
import type { Workspace } from './workspace';

/** Words of a workspace that `addProducts` needs for its own. */
export function productWords(a: Pick<Vectors, 'count' | 'length'>, b: Pick<Vectors, 'count'>): number {
  const vectors = a.count + (a === b ? 0 : b.count) + 8;
  return vectors + b.count + slicedWords(vectors, Math.min(SLICED_DEPTH, a.length));
}

/**
 * target += sign * A B^T in double-double, A [a.count, length], B [b.count, length]; `target` is made of arrays of `work`. With
 * a === b only entries on and above the diagonal are computed. Pauses after each strip of rows.
 */
export function* addProducts(target: PairMatrix, a: Vectors, b: Vectors, sign: 1 | -1, work: Workspace): Steps<void> {
  if (a.length === 0) return;
  const mark = work.mark();
  // Blocks of equal depth: a short last one would cost as much as a long one where results are added up.
  const blocks = Math.ceil(a.length / SLICED_DEPTH);
  const depth = Math.ceil(a.length / blocks);
  const unitB = work.array(b.count);
  const multiply = multiplySlices(a, b, depth, work);
  for (let start = 0; start < a.length; start += depth) {
    const length = Math.min(depth, a.length - start);
    unitB.set(units(b, start, length));
    const unitA = a === b ? unitB : units(a, start, length);
    const strip = multiply(start, length, unitA, unitB);
    yield;
    for (let j = 0; j < b.count; j += COLUMNS) {
      const last = Math.min(j + COLUMNS, b.count);
      const below = a === b ? last : a.count;
      for (let i = 0; i < below; i += STRIP) {
        strip(target, i, Math.min(i + STRIP, below), j, last, sign);
        yield;
      }
    }
  }
  work.reset(mark);
}

/** A sum of squares between these has lost nothing to the range of float64. */
const [SMALL, LARGE] = [2 ** -780, 2 ** 780];

/** For each vector a power of two above the 2-norm of its components start .. start + length. */
function units(v: Vectors, start: number, length: number): Float64Array {
  const { values, count, vectorStride } = v;
  const squares = new Float64Array(count);
  for (let k = start; k < start + length; k++) {
    for (let i = 0, at = v.offset + k * v.componentStride; i < count; i++, at += vectorStride) {
      const x = values[at]!;
      squares[i]! += x * x;
    }
  }
  // The margin covers the rounding of the sum and double-double tails.
  const unit = (sum: number) => 2 ** exponentOf(Math.sqrt(sum * (1 + 2 ** -40)));
  return squares.map((sum, i) => {
    if (sum > SMALL && sum < LARGE) return unit(sum);
    // Within +-990 the unit and its inverse are both normal numbers.
    const scale = 2 ** Math.max(-990, Math.min(990, exponentOf(largestOf(v, i, start, length))));
    return scale * unit(squareSum(v, i, start, length, 1 / scale));
  });
}

function largestOf(v: Vectors, i: number, start: number, length: number): number {
  let largest = 0;
  for (let k = start; k < start + length; k++) {
    largest = Math.max(largest, Math.abs(v.values[v.offset + i * v.vectorStride + k * v.componentStride]!));
  }
  return largest;
}

function squareSum(v: Vectors, i: number, start: number, length: number, factor: number): number {
  let sum = 0;
  for (let k = start; k < start + length; k++) sum += (v.values[v.offset + i * v.vectorStride + k * v.componentStride]! * factor) ** 2;
  return sum;
}
