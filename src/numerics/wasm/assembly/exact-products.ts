/**
 * WebAssembly twin of loops/exact-products.ts: the same operations in the same order, two columns to a register. Products are exact, so
 * that p - (s - h) is the multiply-add x y + (h - s), fused or not.
 */
import { at as address, multiplyAdd } from './lanes';

const BIAS: f64 = 6;

/** See HotLoops.multiplyTiles. */
export function multiplyTiles(a: usize, aAt: i32, b: usize, bAt: i32, tiles: i32, length: i32, out: usize): void {
  a += <usize>aAt << 3;
  b += <usize>bAt << 3;
  const panel = <usize>length << 4;
  let t = 0;
  for (; t + 1 < tiles; t += 2, b += 2 * panel, out += 128) multiplyTwo(a, b, b + panel, length, out);
  if (t < tiles) multiplyOne(a, b, length, out);
}

// @ts-ignore: decorator
@inline
function storeTile(out: usize, h0: v128, l0: v128, h1: v128, l1: v128): void {
  const bias = f64x2.splat(BIAS);
  v128.store(out, f64x2.sub(h0, bias));
  v128.store(out, l0, 16);
  v128.store(out, f64x2.sub(h1, bias), 32);
  v128.store(out, l1, 48);
}

function multiplyOne(a: usize, b: usize, length: i32, out: usize): void {
  let h0 = f64x2.splat(BIAS);
  let h1 = h0;
  let l0 = f64x2.splat(0);
  let l1 = l0;
  for (const end = a + (<usize>length << 4); a < end; a += 16, b += 16) {
    const u = v128.load(b);
    const x = v128.load64_splat(a);
    const s0 = multiplyAdd(x, u, h0);
    l0 = f64x2.add(l0, multiplyAdd(x, u, f64x2.sub(h0, s0)));
    h0 = s0;
    const y = v128.load64_splat(a, 8);
    const s1 = multiplyAdd(y, u, h1);
    l1 = f64x2.add(l1, multiplyAdd(y, u, f64x2.sub(h1, s1)));
    h1 = s1;
  }
  storeTile(out, h0, l0, h1, l1);
}

/** Two panels of `b` at once: four chains hide the latency of the additions. */
function multiplyTwo(a: usize, b: usize, c: usize, length: i32, out: usize): void {
  let h0 = f64x2.splat(BIAS);
  let h1 = h0;
  let h2 = h0;
  let h3 = h0;
  let l0 = f64x2.splat(0);
  let l1 = l0;
  let l2 = l0;
  let l3 = l0;
  for (const end = a + (<usize>length << 4); a < end; a += 16, b += 16, c += 16) {
    const x = v128.load64_splat(a);
    const y = v128.load64_splat(a, 8);
    const u = v128.load(b);
    const s0 = multiplyAdd(x, u, h0);
    l0 = f64x2.add(l0, multiplyAdd(x, u, f64x2.sub(h0, s0)));
    h0 = s0;
    const s1 = multiplyAdd(y, u, h1);
    l1 = f64x2.add(l1, multiplyAdd(y, u, f64x2.sub(h1, s1)));
    h1 = s1;
    const v = v128.load(c);
    const s2 = multiplyAdd(x, v, h2);
    l2 = f64x2.add(l2, multiplyAdd(x, v, f64x2.sub(h2, s2)));
    h2 = s2;
    const s3 = multiplyAdd(y, v, h3);
    l3 = f64x2.add(l3, multiplyAdd(y, v, f64x2.sub(h3, s3)));
    h3 = s3;
  }
  storeTile(out, h0, l0, h1, l1);
  storeTile(out + 64, h2, l2, h3, l3);
}

/** See HotLoops.addTiles. */
export function addTiles(
  hi: usize,
  lo: usize,
  at: i32,
  strip: usize,
  stripAt: i32,
  unit: f64,
  units: usize,
  unitsAt: i32,
  count: i32,
): void {
  hi = address(hi, at);
  lo = address(lo, at);
  strip = address(strip, stripAt);
  units = address(units, unitsAt);
  const u = f64x2.splat(unit);
  for (const end = address(hi, count - 1); hi < end; hi += 16, lo += 16, strip += 64, units += 16) {
    const scale = v128.load(units);
    const h = v128.load(hi);
    const p = f64x2.mul(f64x2.mul(v128.load(strip), u), scale);
    const s = f64x2.add(h, p);
    const rest = addTail(h, v128.load(lo), p, s, f64x2.mul(f64x2.mul(v128.load(strip, 16), u), scale));
    const sum = f64x2.add(s, rest);
    v128.store(hi, sum);
    v128.store(lo, f64x2.sub(rest, f64x2.sub(sum, s)));
  }
  if (count & 1) {
    const scale = v128.load64_zero(units);
    const h = v128.load64_zero(hi);
    const p = f64x2.mul(f64x2.mul(v128.load64_zero(strip), u), scale);
    const s = f64x2.add(h, p);
    const rest = addTail(h, v128.load64_zero(lo), p, s, f64x2.mul(f64x2.mul(v128.load64_zero(strip, 16), u), scale));
    const sum = f64x2.add(s, rest);
    v128.store64_lane(hi, sum, 0);
    v128.store64_lane(lo, f64x2.sub(rest, f64x2.sub(sum, s)), 0);
  }
}

/** l + (the error of s = h + p, + tail) */
// @ts-ignore: decorator
@inline
function addTail(h: v128, l: v128, p: v128, s: v128, tail: v128): v128 {
  const t = f64x2.sub(s, h);
  const error = f64x2.add(f64x2.sub(h, f64x2.sub(s, t)), f64x2.sub(p, t));
  return f64x2.add(l, f64x2.add(error, tail));
}
