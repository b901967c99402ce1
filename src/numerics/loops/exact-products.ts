/** Products of pairs of vectors that are exact in float64, summed in double-double (exact-products.ts explains the arithmetic). */
import { sumError } from '../double-double';

/** Packed vectors are shorter than 1, so by Cauchy and Schwarz sums stay within +-1 and the accumulator within [4, 8). */
const BIAS = 6;

export function multiplyTiles(
  a: Float64Array,
  aAt: number,
  b: Float64Array,
  bAt: number,
  tiles: number,
  length: number,
  out: Float64Array,
): void {
  for (let t = 0; t < tiles; t++) multiplyTile(a, aAt, b, bAt + t * 2 * length, length, out, 8 * t);
}

/** 5 operations per product. */
function multiplyTile(a: Float64Array, ia: number, b: Float64Array, ib: number, length: number, out: Float64Array, at: number): void {
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
