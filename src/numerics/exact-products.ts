/**
 * Inner products of many vectors to about 100 bits: the kernel under every Gram and under the double-double Cholesky.
 *
 * Each accumulator starts at a bias so large that it never leaves its binade. Then s = acc + p rounds p to one fixed grid:
 * q = s - acc is exact, the grid parts add up exactly in any order, and only a * b - q (at most half a grid unit) is summed
 * with rounding. That is one addition less than TwoSum and needs no error of p (Rump, Ogita & Oishi 2008, "extraction").
 * a * b - q comes from Dekker's product of 26-bit halves, or directly where a * b is exact (float32 data).
 */
import { exponentOf } from './scaling';
import { SPLITTER, sumError } from './double-double';
import type { Steps } from './stepwise';

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
/** Packed vectors are shorter than 1, so by Cauchy and Schwarz sums stay within +-1 and the accumulator within [4, 8). */
const BIAS = 6;

/** Words per component: value; value, high, low; value, high, low, tail. */
type Kind = 1 | 3 | 4;

/** hi and lo of the four products of a 2 x 2 tile. */
const tile = new Float64Array(8);

/**
 * target += sign * A B^T in double-double, A [a.count, length], B [b.count, length]. With a === b only the tiles on and above the
 * diagonal are computed. Pauses after each pair of rows of A.
 */
export function* addProducts(target: PairMatrix, a: Vectors, b: Vectors, sign: 1 | -1): Steps<void> {
  const symmetric = a === b;
  const kind: Kind = a.tails || b.tails ? 4 : isFloat32(a) && (symmetric || isFloat32(b)) ? 1 : 3;
  const kernel = kind === 1 ? multiplyExact : kind === 3 ? multiplySplit : multiplyPairs;
  const block = Math.min(BLOCK, a.length);
  const panel = 2 * kind * block;
  const packA = new Float64Array(Math.ceil(a.count / 2) * panel);
  const packB = symmetric ? packA : new Float64Array(Math.ceil(b.count / 2) * panel);
  for (let k = 0; k < a.length; k += block) {
    const length = Math.min(block, a.length - k);
    const unitA = units(a, k, length);
    const unitB = symmetric ? unitA : units(b, k, length);
    pack(packA, a, unitA, k, length, kind, panel);
    if (!symmetric) pack(packB, b, unitB, k, length, kind, panel);
    yield;
    for (let i = 0; i < a.count; i += 2) {
      for (let j = symmetric ? i : 0; j < b.count; j += 2) {
        kernel(packA, (i >> 1) * panel, packB, (j >> 1) * panel, length);
        addTile(target, i, j, unitA, unitB, sign);
      }
      yield;
    }
  }
}

function isFloat32(v: Vectors): boolean {
  if (v.values instanceof Float32Array) return true;
  for (let i = 0; i < v.count; i++) {
    let at = v.offset + i * v.vectorStride;
    for (let k = 0; k < v.length; k++, at += v.componentStride) {
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
  for (let k = start; k < start + length; k++) {
    const row = v.offset + k * v.componentStride;
    for (let i = 0; i < v.count; i++) {
      const x = v.values[row + i * v.vectorStride]! / largest[i]!;
      squares[i]! += x * x;
    }
  }
  // The margin covers the rounding of the sum and double-double tails.
  return largest.map((unit, i) => unit * 2 ** exponentOf(Math.sqrt(squares[i]! * (1 + 2 ** -40))));
}

/** Panels of two vectors, component-major, divided by their units; an odd last vector is paired with zeros. */
function pack(out: Float64Array, v: Vectors, unit: Float64Array, start: number, length: number, kind: Kind, panel: number): void {
  const { values, tails } = v;
  for (let i = 0; i < v.count + (v.count & 1); i++) {
    const base = (i >> 1) * panel + (i & 1) * kind;
    const inverse = i < v.count ? 1 / unit[i]! : 0;
    for (let k = 0; k < length; k++) {
      const from = v.offset + (i < v.count ? i : 0) * v.vectorStride + (start + k) * v.componentStride;
      const x = values[from]! * inverse;
      const at = base + 2 * kind * k;
      out[at] = x;
      if (kind === 1) continue;
      const c = SPLITTER * x;
      const high = c - (c - x);
      out[at + 1] = high;
      out[at + 2] = x - high;
      if (kind === 4) out[at + 3] = tails ? tails[from]! * inverse : 0;
    }
  }
}

function addTile(target: PairMatrix, i: number, j: number, unitA: Float64Array, unitB: Float64Array, sign: number): void {
  const { hi, lo } = target;
  for (let t = 0; t < 4; t++) {
    const row = i + (t >> 1);
    const column = j + (t & 1);
    if (row >= unitA.length || column >= unitB.length) continue;
    const at = target.offset + row * target.stride + column;
    const p = sign * tile[2 * t]! * unitA[row]! * unitB[column]!;
    const s = hi[at]! + p;
    const rest = lo[at]! + (sumError(hi[at]!, p, s) + sign * tile[2 * t + 1]! * unitA[row]! * unitB[column]!);
    const sum = s + rest;
    hi[at] = sum;
    lo[at] = rest - (sum - s);
  }
}

/** Products that are exact in float64. 5 operations per product. */
function multiplyExact(a: Float64Array, ia: number, b: Float64Array, ib: number, length: number): void {
  let h0 = BIAS;
  let h1 = BIAS;
  let h2 = BIAS;
  let h3 = BIAS;
  let l0 = 0;
  let l1 = 0;
  let l2 = 0;
  let l3 = 0;
  for (let k = 0; k < length; k++, ia += 2, ib += 2) {
    const x = a[ia]!;
    const y = a[ia + 1]!;
    const u = b[ib]!;
    const p0 = x * u;
    const s0 = h0 + p0;
    l0 += p0 - (s0 - h0);
    h0 = s0;
    const p2 = y * u;
    const s2 = h2 + p2;
    l2 += p2 - (s2 - h2);
    h2 = s2;
    const v = b[ib + 1]!;
    const p1 = x * v;
    const s1 = h1 + p1;
    l1 += p1 - (s1 - h1);
    h1 = s1;
    const p3 = y * v;
    const s3 = h3 + p3;
    l3 += p3 - (s3 - h3);
    h3 = s3;
  }
  tile[0] = h0 - BIAS;
  tile[1] = l0;
  tile[2] = h1 - BIAS;
  tile[3] = l1;
  tile[4] = h2 - BIAS;
  tile[5] = l2;
  tile[6] = h3 - BIAS;
  tile[7] = l3;
}

/** Products of 53-bit numbers. 12 operations per product. */
function multiplySplit(a: Float64Array, ia: number, b: Float64Array, ib: number, length: number): void {
  let h0 = BIAS;
  let h1 = BIAS;
  let h2 = BIAS;
  let h3 = BIAS;
  let l0 = 0;
  let l1 = 0;
  let l2 = 0;
  let l3 = 0;
  for (let k = 0; k < length; k++, ia += 6, ib += 6) {
    const x = a[ia]!;
    const xh = a[ia + 1]!;
    const xl = a[ia + 2]!;
    const y = a[ia + 3]!;
    const yh = a[ia + 4]!;
    const yl = a[ia + 5]!;
    const u = b[ib]!;
    const uh = b[ib + 1]!;
    const ul = b[ib + 2]!;
    const s0 = h0 + x * u;
    l0 += xh * uh - (s0 - h0) + (xh * ul + xl * uh) + xl * ul;
    h0 = s0;
    const s2 = h2 + y * u;
    l2 += yh * uh - (s2 - h2) + (yh * ul + yl * uh) + yl * ul;
    h2 = s2;
    const v = b[ib + 3]!;
    const vh = b[ib + 4]!;
    const vl = b[ib + 5]!;
    const s1 = h1 + x * v;
    l1 += xh * vh - (s1 - h1) + (xh * vl + xl * vh) + xl * vl;
    h1 = s1;
    const s3 = h3 + y * v;
    l3 += yh * vh - (s3 - h3) + (yh * vl + yl * vh) + yl * vl;
    h3 = s3;
  }
  tile[0] = h0 - BIAS;
  tile[1] = l0;
  tile[2] = h1 - BIAS;
  tile[3] = l1;
  tile[4] = h2 - BIAS;
  tile[5] = l2;
  tile[6] = h3 - BIAS;
  tile[7] = l3;
}

/** Products of double-double numbers (the product of the two tails is below the roundoff). 16 operations per product. */
function multiplyPairs(a: Float64Array, ia: number, b: Float64Array, ib: number, length: number): void {
  let h0 = BIAS;
  let h1 = BIAS;
  let h2 = BIAS;
  let h3 = BIAS;
  let l0 = 0;
  let l1 = 0;
  let l2 = 0;
  let l3 = 0;
  for (let k = 0; k < length; k++, ia += 8, ib += 8) {
    const x = a[ia]!;
    const xh = a[ia + 1]!;
    const xl = a[ia + 2]!;
    const xt = a[ia + 3]!;
    const y = a[ia + 4]!;
    const yh = a[ia + 5]!;
    const yl = a[ia + 6]!;
    const yt = a[ia + 7]!;
    const u = b[ib]!;
    const uh = b[ib + 1]!;
    const ul = b[ib + 2]!;
    const ut = b[ib + 3]!;
    const s0 = h0 + x * u;
    l0 += xh * uh - (s0 - h0) + (xh * ul + xl * uh) + (xl * ul + (x * ut + xt * u));
    h0 = s0;
    const s2 = h2 + y * u;
    l2 += yh * uh - (s2 - h2) + (yh * ul + yl * uh) + (yl * ul + (y * ut + yt * u));
    h2 = s2;
    const v = b[ib + 4]!;
    const vh = b[ib + 5]!;
    const vl = b[ib + 6]!;
    const vt = b[ib + 7]!;
    const s1 = h1 + x * v;
    l1 += xh * vh - (s1 - h1) + (xh * vl + xl * vh) + (xl * vl + (x * vt + xt * v));
    h1 = s1;
    const s3 = h3 + y * v;
    l3 += yh * vh - (s3 - h3) + (yh * vl + yl * vh) + (yl * vl + (y * vt + yt * v));
    h3 = s3;
  }
  tile[0] = h0 - BIAS;
  tile[1] = l0;
  tile[2] = h1 - BIAS;
  tile[3] = l1;
  tile[4] = h2 - BIAS;
  tile[5] = l2;
  tile[6] = h3 - BIAS;
  tile[7] = l3;
}
