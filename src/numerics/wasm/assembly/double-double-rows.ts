/** WebAssembly twin of loops/double-double-rows.ts. */
import { at } from './lanes';

/** 2^27 + 1 */
const SPLITTER: f64 = 134217729;

/** See HotLoops.subtractRows. */
export function subtractRows(hi: usize, lo: usize, n: i32, start: i32, j: i32): void {
  const to = j * n + j + 1;
  for (let m = start; m < j; m++) {
    const from = m * n + j;
    subtractRow(at(hi, to), at(lo, to), at(hi, from), at(lo, from), n - j - 1);
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
  for (const end = at(hi, length - 1); hi < end; hi += 16, lo += 16, row += 16, rowLo += 16) {
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
