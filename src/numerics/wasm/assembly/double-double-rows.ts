/** WebAssembly twin of loops/double-double-rows.ts. */
import { at as address } from './lanes';

/** 2^27 + 1 */
const SPLITTER: f64 = 134217729;

/** See HotLoops.subtractRows. */
export function subtractRows(hi: usize, lo: usize, n: i32, start: i32, j: i32): void {
  const to = j * n + j + 1;
  for (let m = start; m < j; m++) {
    const from = m * n + j;
    subtractRow(address(hi, to), address(lo, to), address(hi, from), address(lo, from), n - j - 1);
  }
}

/** (hi, lo) [length] -= x (row, rowLo) for the pair x just before the row. */
function subtractRow(hi: usize, lo: usize, row: usize, rowLo: usize, length: i32): void {
  const x = f64x2.splat(-load<f64>(row));
  const tail = f64x2.splat(-load<f64>(rowLo));
  const high = highPart(x);
  const low = f64x2.sub(x, high);
  row += 8;
  rowLo += 8;
  for (const end = address(hi, length - 1); hi < end; hi += 16, lo += 16, row += 16, rowLo += 16) {
    const h = v128.load(hi);
    const y = v128.load(row);
    const s = f64x2.add(h, f64x2.mul(x, y));
    const rest = addProduct(h, v128.load(lo), s, x, tail, high, low, y, v128.load(rowLo));
    const sum = f64x2.add(s, rest);
    v128.store(hi, sum);
    v128.store(lo, f64x2.sub(rest, f64x2.sub(sum, s)));
  }
  if (length & 1) {
    const h = v128.load64_zero(hi);
    const y = v128.load64_zero(row);
    const s = f64x2.add(h, f64x2.mul(x, y));
    const rest = addProduct(h, v128.load64_zero(lo), s, x, tail, high, low, y, v128.load64_zero(rowLo));
    const sum = f64x2.add(s, rest);
    v128.store64_lane(hi, sum, 0);
    v128.store64_lane(lo, f64x2.sub(rest, f64x2.sub(sum, s)), 0);
  }
}

// @ts-ignore: decorator
@inline
function highPart(x: v128): v128 {
  const c = f64x2.mul(f64x2.splat(SPLITTER), x);
  return f64x2.sub(c, f64x2.sub(c, x));
}

/** What h + l + (x + tail)(y + yLo) has beyond s = fl(h + x y). */
// @ts-ignore: decorator
@inline
function addProduct(h: v128, l: v128, s: v128, x: v128, tail: v128, high: v128, low: v128, y: v128, yLo: v128): v128 {
  const yHigh = highPart(y);
  const yLow = f64x2.sub(y, yHigh);
  const p = f64x2.mul(x, y);
  const cross = f64x2.add(f64x2.sub(f64x2.mul(high, yHigh), p), f64x2.mul(high, yLow));
  const error = f64x2.add(f64x2.add(cross, f64x2.mul(low, yHigh)), f64x2.mul(low, yLow));
  const t = f64x2.sub(s, h);
  const sumError = f64x2.add(f64x2.sub(h, f64x2.sub(s, t)), f64x2.sub(p, t));
  return f64x2.add(l, f64x2.add(sumError, f64x2.add(error, f64x2.add(f64x2.mul(x, yLo), f64x2.mul(tail, y)))));
}

/** See HotLoops.scaleRow. */
export function scaleRow(
  hi: usize, lo: usize, at: i32, count: i32, scale: f64, scaleLo: f64, rest: usize, restLo: usize, restAt: i32,
): void {
  hi = address(hi, at);
  lo = address(lo, at);
  rest = address(rest, restAt);
  restLo = address(restLo, restAt);
  const c = f64x2.splat(scale);
  const cLo = f64x2.splat(scaleLo);
  const cHigh = highPart(c);
  const cLow = f64x2.sub(c, cHigh);
  const two = f64x2.splat(2);
  // The last step of an odd count works on one lane beyond the end and stores the other.
  for (; count > 0; count -= 2, hi += 16, lo += 16, rest += 16, restLo += 16) {
    const pair = count > 1;
    const x = pair ? v128.load(hi) : v128.load64_zero(hi);
    const xLo = pair ? v128.load(lo) : v128.load64_zero(lo);
    const p = f64x2.mul(x, c);
    const xHigh = highPart(x);
    const e = f64x2.add(error(p, xHigh, f64x2.sub(x, xHigh), cHigh, cLow), f64x2.add(f64x2.mul(x, cLo), f64x2.mul(xLo, c)));
    const r = f64x2.add(p, e);
    const rLo = f64x2.sub(e, f64x2.sub(r, p));
    const minus = f64x2.neg(r);
    const square = f64x2.mul(minus, r);
    const rHigh = highPart(r);
    const rLow = f64x2.sub(r, rHigh);
    const rest2 = f64x2.mul(two, f64x2.mul(r, rLo));
    const e2 = f64x2.sub(error(square, f64x2.neg(rHigh), f64x2.neg(rLow), rHigh, rLow), rest2);
    const old = pair ? v128.load(rest) : v128.load64_zero(rest);
    const s = f64x2.add(old, square);
    const d = f64x2.sub(s, old);
    const sumError = f64x2.add(f64x2.sub(old, f64x2.sub(s, d)), f64x2.sub(square, d));
    const t = f64x2.add(pair ? v128.load(restLo) : v128.load64_zero(restLo), f64x2.add(sumError, e2));
    const sum = f64x2.add(s, t);
    const sumLo = f64x2.sub(t, f64x2.sub(sum, s));
    if (pair) {
      v128.store(hi, r);
      v128.store(lo, rLo);
      v128.store(rest, sum);
      v128.store(restLo, sumLo);
    } else {
      v128.store64_lane(hi, r, 0);
      v128.store64_lane(lo, rLo, 0);
      v128.store64_lane(rest, sum, 0);
      v128.store64_lane(restLo, sumLo, 0);
    }
  }
}

/** The error of p = fl(x y) for x and y in halves. */
// @ts-ignore: decorator
@inline
function error(p: v128, xHigh: v128, xLow: v128, yHigh: v128, yLow: v128): v128 {
  const cross = f64x2.add(f64x2.sub(f64x2.mul(xHigh, yHigh), p), f64x2.mul(xHigh, yLow));
  return f64x2.add(f64x2.add(cross, f64x2.mul(xLow, yHigh)), f64x2.mul(xLow, yLow));
}
