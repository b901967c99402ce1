/**
 * Inner products of many vectors to about 100 bits: under every Gram and under the double-double Cholesky. Vectors are divided by
 * powers of two above their 2-norms, block by block of components, so that by Cauchy and Schwarz no sum of products leaves +-1.
 *
 * Where products are exact in float64 (float32 data), the accumulator starts at a bias so large that it never leaves its binade. Then
 * s = acc + p rounds p to one fixed grid: q = s - acc is exact, the grid parts add up exactly in any order, and only p - q is summed
 * with rounding (Rump, Ogita & Oishi 2008, "extraction"). All other vectors are cut into slices (slices.ts).
 */
import { COLUMNS, STRIP } from './product-blocks';
import type { PackBlock, PairMatrix, Vectors } from './product-blocks';
import { exponentOf } from './scaling';
import { multiplySlices, SLICED_DEPTH, slicedWords } from './slices';
import type { Steps } from './stepwise';
import type { Workspace } from './workspace';

/** Components packed at a time where products are exact: two panels of a pair of vectors stay in the first-level cache. */
const EXACT_DEPTH = 128;
/** Components in a line of the cache. */
const LINE = 8;

/** Words of a workspace that `addProducts` needs for its own. */
export function productWords(a: Pick<Vectors, 'count' | 'length'>, b: Pick<Vectors, 'count'>): number {
  const vectors = a.count + (a === b ? 0 : b.count) + 8;
  const exact = vectors * Math.min(EXACT_DEPTH, a.length) + 4 * COLUMNS;
  return vectors + b.count + Math.max(exact, slicedWords(vectors, Math.min(SLICED_DEPTH, a.length)));
}

/**
 * target += sign * A B^T in double-double, A [a.count, length], B [b.count, length]; `target` is made of arrays of `work`. With
 * a === b only entries on and above the diagonal are computed. `rows` of A may end before a.count. `exact`: whether all products of
 * components are exact in float64. Pauses after each strip of rows.
 */
export function* addProducts(
  target: PairMatrix,
  a: Vectors,
  b: Vectors,
  sign: 1 | -1,
  work: Workspace,
  rows = a.count,
  exact = isFloat32(a) && (a === b || isFloat32(b)),
): Steps<void> {
  if (a.length === 0) return;
  const mark = work.mark();
  // Blocks of equal depth: a short last one would cost as much as a long one where results are added up.
  const blocks = Math.ceil(a.length / (exact ? EXACT_DEPTH : SLICED_DEPTH));
  const depth = Math.ceil(a.length / blocks);
  const unitB = work.array(b.count);
  const multiply = exact ? exactStrips(a, b, depth, work) : multiplySlices(a, b, depth, work);
  for (let start = 0; start < a.length; start += depth) {
    const length = Math.min(depth, a.length - start);
    unitB.set(units(b, start, length));
    const unitA = a === b ? unitB : units(a, start, length);
    const strip = multiply(start, length, unitA, unitB);
    yield;
    for (let j = 0; j < b.count; j += COLUMNS) {
      const last = Math.min(j + COLUMNS, b.count);
      const below = a === b ? Math.min(rows, last) : rows;
      for (let i = 0; i < below; i += STRIP) {
        strip(target, i, Math.min(i + STRIP, below), j, last, sign);
        yield;
      }
    }
  }
  work.reset(mark);
}

function exactStrips(a: Vectors, b: Vectors, depth: number, work: Workspace): PackBlock {
  const packed = (v: Vectors) => work.array(2 * Math.ceil(v.count / 2) * depth);
  const packA = packed(a);
  const packB = a === b ? packA : packed(b);
  const strip = work.array(4 * COLUMNS);
  return (start, length, unitA, unitB) => {
    packPairs(packB, b, unitB, start, length);
    if (a !== b) packPairs(packA, a, unitA, start, length);
    return (target, from, end, j, last, sign) => {
      for (let i = from; i < end; i += 2) {
        const first = a === b ? Math.max(i, j) : j;
        const tiles = Math.ceil((last - first) / 2);
        work.loops.multiplyTiles(packA, i * length, packB, first * length, tiles, length, strip);
        for (let row = i; row < Math.min(i + 2, end); row++) {
          const at = target.rowAt(row) + first;
          work.loops.addTiles(target.hi, target.lo, at, strip, 4 * (row - i), sign * unitA[row]!, unitB, first, last - first);
        }
      }
    };
  };
}

/** 2^29 + 1: Dekker's split with it rounds to the 24 bits of a float32 number. */
const SPLITTER_24 = 536870913;

/**
 * Whether all components have the 24 bits of float32 numbers and no tails: then their products are exact in float64. Their exponents do
 * not matter, so that other units take the same path to the same bits.
 */
export function isFloat32(v: Vectors): boolean {
  if (v.tails) return false;
  if (v.values instanceof Float32Array) return true;
  for (let k = 0; k < v.length; k++) {
    let at = v.offset + k * v.componentStride;
    for (let i = 0; i < v.count; i++, at += v.vectorStride) {
      const x = v.values[at]!;
      const c = SPLITTER_24 * x;
      if (c - (c - x) !== x) return false;
    }
  }
  return true;
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

/** Panels of two vectors, component-major, divided by their units; an odd last vector is paired with zeros. */
function packPairs(out: Float64Array, v: Vectors, unit: Float64Array, start: number, length: number): void {
  // A few components at a time, so that whichever stride is long a line of the cache is used up before it goes.
  for (let k0 = 0; k0 < length; k0 += LINE) {
    const end = Math.min(k0 + LINE, length);
    for (let i = 0; i < v.count + (v.count & 1); i++) {
      const inverse = i < v.count ? 1 / unit[i]! : 0;
      let at = (i >> 1) * 2 * length + 2 * k0 + (i & 1);
      let from = v.offset + (i < v.count ? i : 0) * v.vectorStride + (start + k0) * v.componentStride;
      for (let k = k0; k < end; k++, from += v.componentStride, at += 2) out[at] = v.values[from]! * inverse;
    }
  }
}
