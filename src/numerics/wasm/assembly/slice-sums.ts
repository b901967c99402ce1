/** WebAssembly twin of loops/slice-sums.ts. */
import { at as address } from './lanes';

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

/** The error of s = a + b. */
// @ts-ignore: decorator
@inline
function sumError(a: v128, b: v128, s: v128): v128 {
  const t = f64x2.sub(s, a);
  return f64x2.add(f64x2.sub(a, f64x2.sub(s, t)), f64x2.sub(b, t));
}
