/**
 * Inner products of many vectors to about 100 bits: the kernel under every Gram and under the double-double Cholesky.
 *
 * Each accumulator starts at a bias so large that it never leaves its binade. Then s = acc + p rounds p to one fixed grid:
 * q = s - acc is exact, the grid parts add up exactly in any order, and only a * b - q (at most half a grid unit) is summed
 * with rounding. That is one addition less than TwoSum and needs no error of p (Rump, Ogita & Oishi 2008, "extraction").
 * a * b - q comes from Dekker's product of 26-bit halves, or directly where a * b is exact (float32 data).
 */
import { exponentOf } from './scaling';
import { SPLITTER } from './double-double';
import type { Steps } from './stepwise';
import type { Workspace } from './workspace';

/** Vectors inside flat arrays: component k of vector i is values[offset + i * vectorStride + k * componentStride] (+ tails[same]). */
export interface Vectors {
  readonly values: Float64Array | Float32Array;
  /** Second words of double-double components. */
  readonly tails?: Float64Array;
  readonly offset: number;
  readonly count: number;
  readonly length: number;
  readonly vectorStride: number;
  readonly componentStride: number;
}

/** Where the products go: entry (i, j) is at offset + i * stride + j of hi and lo. */
export interface PairMatrix {
  readonly hi: Float64Array;
  readonly lo: Float64Array;
  readonly offset: number;
  readonly stride: number;
}

/** Components packed at a time: two panels of a pair of vectors stay in the first-level cache. */
const BLOCK = 128;
/** Components in a line of the cache. */
const LINE = 8;
/** Words per component: value; value, high, low; value, high, low, tail. */
type Words = 1 | 3 | 4;

/** Words of a workspace that `addProducts` needs for its own. */
export function productWords(a: Pick<Vectors, 'count' | 'length'>, b: Pick<Vectors, 'count'>): number {
  return (a.count + b.count + 2) * (4 * Math.min(BLOCK, a.length) + 5);
}

/**
 * target += sign * A B^T in double-double, A [a.count, length], B [b.count, length]; `target` is made of arrays of `work`. With
 * a === b only the tiles on and above the diagonal are computed. Pauses after each pair of rows of A.
 */
export function* addProducts(target: PairMatrix, a: Vectors, b: Vectors, sign: 1 | -1, work: Workspace): Steps<void> {
  const symmetric = a === b;
  const words: Words = a.tails || b.tails ? 4 : isFloat32(a) && (symmetric || isFloat32(b)) ? 1 : 3;
  const block = Math.min(BLOCK, a.length);
  const mark = work.mark();
  const packed = (v: Vectors) => work.array(Math.ceil(v.count / 2) * 2 * words * block);
  const packA = packed(a);
  const packB = symmetric ? packA : packed(b);
  const unitB = work.array(b.count);
  const strip = work.array(8 * Math.ceil(b.count / 2));
  for (let k = 0; k < a.length; k += block) {
    const length = Math.min(block, a.length - k);
    const panel = 2 * words * length;
    unitB.set(units(b, k, length));
    pack(packB, b, unitB, k, length, words);
    const unitA = symmetric ? unitB : units(a, k, length);
    if (!symmetric) pack(packA, a, unitA, k, length, words);
    yield;
    for (let i = 0; i < a.count; i += 2) {
      const first = symmetric ? i : 0;
      const tiles = Math.ceil((b.count - first) / 2);
      work.loops.multiplyTiles(words, packA, (i >> 1) * panel, packB, (first >> 1) * panel, tiles, length, strip);
      for (let row = i; row < Math.min(i + 2, a.count); row++) {
        const at = target.offset + row * target.stride + first;
        work.loops.addTiles(target.hi, target.lo, at, strip, 4 * (row - i), sign * unitA[row]!, unitB, first, b.count - first);
      }
      yield;
    }
  }
  work.reset(mark);
}

function isFloat32(v: Vectors): boolean {
  if (v.values instanceof Float32Array) return true;
  for (let k = 0; k < v.length; k++) {
    let at = v.offset + k * v.componentStride;
    for (let i = 0; i < v.count; i++, at += v.vectorStride) {
      if (Math.fround(v.values[at]!) !== v.values[at]!) return false;
    }
  }
  return true;
}

/** For each vector a power of two above the 2-norm of its components start .. start + length. */
function units(v: Vectors, start: number, length: number): Float64Array {
  const largest = new Float64Array(v.count);
  const squares = new Float64Array(v.count);
  for (let k = start; k < start + length; k++) {
    const row = v.offset + k * v.componentStride;
    for (let i = 0; i < v.count; i++) {
      const x = Math.abs(v.values[row + i * v.vectorStride]!);
      if (x > largest[i]!) largest[i] = x;
    }
  }
  // Within +-1000 the unit and its inverse are both normal numbers.
  for (let i = 0; i < v.count; i++) largest[i] = 2 ** Math.max(-990, Math.min(990, exponentOf(largest[i]!)));
  const inverse = largest.map((unit) => 1 / unit);
  for (let k = start; k < start + length; k++) {
    const row = v.offset + k * v.componentStride;
    for (let i = 0; i < v.count; i++) {
      const x = v.values[row + i * v.vectorStride]! * inverse[i]!;
      squares[i]! += x * x;
    }
  }
  // The margin covers the rounding of the sum and double-double tails.
  return largest.map((unit, i) => unit * 2 ** exponentOf(Math.sqrt(squares[i]! * (1 + 2 ** -40))));
}

/** Panels of two vectors, component-major, divided by their units; an odd last vector is paired with zeros. */
function pack(out: Float64Array, v: Vectors, unit: Float64Array, start: number, length: number, words: Words): void {
  const { values, tails } = v;
  // A few components at a time, so that whichever stride is long a line of the cache is used up before it goes.
  for (let k0 = 0; k0 < length; k0 += LINE) {
    const end = Math.min(k0 + LINE, length);
    for (let i = 0; i < v.count + (v.count & 1); i++) {
      const inverse = i < v.count ? 1 / unit[i]! : 0;
      let at = (i >> 1) * 2 * words * length + 2 * words * k0 + (i & 1);
      let from = v.offset + (i < v.count ? i : 0) * v.vectorStride + (start + k0) * v.componentStride;
      for (let k = k0; k < end; k++, from += v.componentStride, at += 2 * words) {
        const x = values[from]! * inverse;
        out[at] = x;
        if (words === 1) continue;
        const c = SPLITTER * x;
        const high = c - (c - x);
        out[at + 2] = high;
        out[at + 4] = x - high;
        if (words === 4) out[at + 6] = tails ? tails[from]! * inverse : 0;
      }
    }
  }
}
