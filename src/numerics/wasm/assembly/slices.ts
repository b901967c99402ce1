/** WebAssembly twin of loops/slices.ts. */
import { at as address, sumError } from './lanes';

/** 1.5 * 2^27, 2^23 and 2^-24 */
const ROUNDER: f64 = 201326592;
const SHIFT: f64 = 8388608;
const HALF: f64 = 5.9604644775390625e-8;

/** See HotLoops.sliceVectors. */
export function sliceVectors(values: usize, tails: usize, paired: i32, inverses: usize, width: i32, length: i32, out: usize, plane: i32): void {
  const step = <usize>width << 3;
  const planeStep = <usize>plane << 3;
  for (let i = 0; i < width; i += 4, values += 32, tails += 32, inverses += 32) {
    const first = v128.load(inverses);
    const second = v128.load(inverses, 16);
    let row = values;
    let tail = tails;
    for (let k = 0; k < length; k++, row += step, tail += step, out += 32) {
      slicePair(row, tail, paired, first, out, planeStep);
      slicePair(row + 16, tail + 16, paired, second, out + 16, planeStep);
    }
  }
}

// @ts-ignore: decorator
@inline
function slicePair(row: usize, tail: usize, paired: i32, inverse: v128, out: usize, plane: usize): void {
  const rounder = f64x2.splat(ROUNDER);
  const shift = f64x2.splat(SHIFT);
  const x = f64x2.mul(v128.load(row), inverse);
  const x1 = f64x2.sub(f64x2.add(x, rounder), rounder);
  const rest = f64x2.mul(f64x2.sub(x, x1), shift);
  const x2 = f64x2.sub(f64x2.add(rest, rounder), rounder);
  let x3 = f64x2.sub(rest, x2);
  if (paired) x3 = f64x2.add(x3, f64x2.mul(f64x2.mul(v128.load(tail), inverse), shift));
  v128.store(out, x1);
  v128.store(out + plane, x2);
  v128.store(out + 2 * plane, f64x2.add(x1, x2));
  v128.store(out + 3 * plane, x3);
  v128.store(out + 4 * plane, f64x2.sub(x, f64x2.mul(x3, f64x2.splat(HALF))));
}

/** 2^-23 and 2^-46 */
const MIDDLE: f64 = 1.1920928955078125e-7;
const LOW: f64 = MIDDLE * MIDDLE;

/** See HotLoops.addSlices. */
export function addSlices(
  hi: usize, lo: usize, at: i32, sums: usize, sumsAt: i32, plane: i32, unit: f64, units: usize, unitsAt: i32, count: i32,
): void {
  hi = address(hi, at);
  lo = address(lo, at);
  sums = address(sums, sumsAt);
  units = address(units, unitsAt);
  const step = <usize>plane << 3;
  const u = f64x2.splat(unit);
  for (const end = address(hi, count - 1); hi < end; hi += 16, lo += 16, sums += 16, units += 16) {
    const c1 = v128.load(sums);
    const c2 = v128.load(sums + step);
    const cross = crossSum(c1, c2, v128.load(sums + 2 * step));
    const t = f64x2.add(c1, cross);
    const e = f64x2.add(sumError(c1, cross, t), f64x2.mul(c2, f64x2.splat(LOW)));
    const sum = f64x2.add(t, e);
    const left = f64x2.mul(f64x2.add(v128.load(sums + 3 * step), v128.load(sums + 4 * step)), f64x2.splat(MIDDLE));
    const rest = f64x2.add(sumError(t, e, sum), left);
    const scale = v128.load(units);
    const p = f64x2.mul(f64x2.mul(sum, u), scale);
    const old = v128.load(hi);
    const s = f64x2.add(old, p);
    const low = f64x2.add(v128.load(lo), f64x2.add(sumError(old, p, s), f64x2.mul(f64x2.mul(rest, u), scale)));
    const h = f64x2.add(s, low);
    v128.store(hi, h);
    v128.store(lo, f64x2.sub(low, f64x2.sub(h, s)));
  }
  if (count & 1) {
    const c1 = v128.load64_zero(sums);
    const c2 = v128.load64_zero(sums + step);
    const cross = crossSum(c1, c2, v128.load64_zero(sums + 2 * step));
    const t = f64x2.add(c1, cross);
    const e = f64x2.add(sumError(c1, cross, t), f64x2.mul(c2, f64x2.splat(LOW)));
    const sum = f64x2.add(t, e);
    const left = f64x2.mul(f64x2.add(v128.load64_zero(sums + 3 * step), v128.load64_zero(sums + 4 * step)), f64x2.splat(MIDDLE));
    const rest = f64x2.add(sumError(t, e, sum), left);
    const scale = v128.load64_zero(units);
    const p = f64x2.mul(f64x2.mul(sum, u), scale);
    const old = v128.load64_zero(hi);
    const s = f64x2.add(old, p);
    const low = f64x2.add(v128.load64_zero(lo), f64x2.add(sumError(old, p, s), f64x2.mul(f64x2.mul(rest, u), scale)));
    const h = f64x2.add(s, low);
    v128.store64_lane(hi, h, 0);
    v128.store64_lane(lo, f64x2.sub(low, f64x2.sub(h, s)), 0);
  }
}

/** 2^-23 (c3 - c1 - c2) */
// @ts-ignore: decorator
@inline
function crossSum(c1: v128, c2: v128, c3: v128): v128 {
  return f64x2.mul(f64x2.sub(f64x2.sub(c3, c1), c2), f64x2.splat(MIDDLE));
}
