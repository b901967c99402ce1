/**
 * Inner products of pairs of vectors in double-double: the kernels of exact-products.ts, where the arithmetic is explained.
 * Component k of a panel is words x two values: value 0, value 1, then both high halves, both low halves, both tails.
 */
import { sumError } from '../double-double';

/** Packed vectors are shorter than 1, so by Cauchy and Schwarz sums stay within +-1 and the accumulator within [4, 8). */
const BIAS = 6;

export function multiplyTiles(
  words: number,
  a: Float64Array,
  aAt: number,
  b: Float64Array,
  bAt: number,
  tiles: number,
  length: number,
  out: Float64Array,
): void {
  const kernel = words === 1 ? multiplyExact : words === 3 ? multiplySplit : multiplyPairs;
  for (let t = 0; t < tiles; t++) kernel(a, aAt, b, bAt + t * 2 * words * length, length, out, 8 * t);
}

/** Products that are exact in float64. 5 operations per product. */
function multiplyExact(a: Float64Array, ia: number, b: Float64Array, ib: number, length: number, out: Float64Array, at: number): void {
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
  out[at] = h0 - BIAS;
  out[at + 1] = h1 - BIAS;
  out[at + 2] = l0;
  out[at + 3] = l1;
  out[at + 4] = h2 - BIAS;
  out[at + 5] = h3 - BIAS;
  out[at + 6] = l2;
  out[at + 7] = l3;
}

/** Products of 53-bit numbers. 12 operations per product. */
function multiplySplit(a: Float64Array, ia: number, b: Float64Array, ib: number, length: number, out: Float64Array, at: number): void {
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
    const xh = a[ia + 2]!;
    const xl = a[ia + 4]!;
    const y = a[ia + 1]!;
    const yh = a[ia + 3]!;
    const yl = a[ia + 5]!;
    const u = b[ib]!;
    const uh = b[ib + 2]!;
    const ul = b[ib + 4]!;
    const s0 = h0 + x * u;
    l0 += xh * uh - (s0 - h0) + (xh * ul + xl * uh) + xl * ul;
    h0 = s0;
    const s2 = h2 + y * u;
    l2 += yh * uh - (s2 - h2) + (yh * ul + yl * uh) + yl * ul;
    h2 = s2;
    const v = b[ib + 1]!;
    const vh = b[ib + 3]!;
    const vl = b[ib + 5]!;
    const s1 = h1 + x * v;
    l1 += xh * vh - (s1 - h1) + (xh * vl + xl * vh) + xl * vl;
    h1 = s1;
    const s3 = h3 + y * v;
    l3 += yh * vh - (s3 - h3) + (yh * vl + yl * vh) + yl * vl;
    h3 = s3;
  }
  out[at] = h0 - BIAS;
  out[at + 1] = h1 - BIAS;
  out[at + 2] = l0;
  out[at + 3] = l1;
  out[at + 4] = h2 - BIAS;
  out[at + 5] = h3 - BIAS;
  out[at + 6] = l2;
  out[at + 7] = l3;
}

/** Products of double-double numbers (the product of the two tails is below the roundoff). 16 operations per product. */
function multiplyPairs(a: Float64Array, ia: number, b: Float64Array, ib: number, length: number, out: Float64Array, at: number): void {
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
    const xh = a[ia + 2]!;
    const xl = a[ia + 4]!;
    const xt = a[ia + 6]!;
    const y = a[ia + 1]!;
    const yh = a[ia + 3]!;
    const yl = a[ia + 5]!;
    const yt = a[ia + 7]!;
    const u = b[ib]!;
    const uh = b[ib + 2]!;
    const ul = b[ib + 4]!;
    const ut = b[ib + 6]!;
    const s0 = h0 + x * u;
    l0 += xh * uh - (s0 - h0) + (xh * ul + xl * uh) + (xl * ul + (x * ut + xt * u));
    h0 = s0;
    const s2 = h2 + y * u;
    l2 += yh * uh - (s2 - h2) + (yh * ul + yl * uh) + (yl * ul + (y * ut + yt * u));
    h2 = s2;
    const v = b[ib + 1]!;
    const vh = b[ib + 3]!;
    const vl = b[ib + 5]!;
    const vt = b[ib + 7]!;
    const s1 = h1 + x * v;
    l1 += xh * vh - (s1 - h1) + (xh * vl + xl * vh) + (xl * vl + (x * vt + xt * v));
    h1 = s1;
    const s3 = h3 + y * v;
    l3 += yh * vh - (s3 - h3) + (yh * vl + yl * vh) + (yl * vl + (y * vt + yt * v));
    h3 = s3;
  }
  out[at] = h0 - BIAS;
  out[at + 1] = h1 - BIAS;
  out[at + 2] = l0;
  out[at + 3] = l1;
  out[at + 4] = h2 - BIAS;
  out[at + 5] = h3 - BIAS;
  out[at + 6] = l2;
  out[at + 7] = l3;
}

export function addTiles(
  hi: Float64Array,
  lo: Float64Array,
  at: number,
  strip: Float64Array,
  stripAt: number,
  unit: number,
  units: Float64Array,
  unitsAt: number,
  count: number,
): void {
  for (let j = 0; j < count; j++, at++) {
    const from = stripAt + 8 * (j >> 1) + (j & 1);
    const scale = units[unitsAt + j]!;
    const p = strip[from]! * unit * scale;
    const s = hi[at]! + p;
    const rest = lo[at]! + (sumError(hi[at]!, p, s) + strip[from + 2]! * unit * scale);
    const sum = s + rest;
    hi[at] = sum;
    lo[at] = rest - (sum - s);
  }
}
