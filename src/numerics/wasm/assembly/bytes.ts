/** WebAssembly twin of the loops for remainders of 8 bits (loops/residues.ts). */
import { at as address } from './lanes';

/** See HotLoops.splitResidues. */
export function splitResidues(residues: usize, at: i32, count: i32, modulus: i32, left: usize, leftAt: i32, right: usize, rightAt: i32): void {
  residues = address(residues, at);
  left = address(left, leftAt);
  right = address(right, rightAt);
  const m = i16x8.splat(<i16>modulus);
  const inverse = i16x8.splat(<i16>nearest(32768 / <f64>modulus));
  for (const end = residues + (<usize>count << 1); residues < end; residues += 64, left += 32, right += 32) {
    for (let half: usize = 0; half < 32; half += 16) {
      const one = remainder(v128.load(residues + half), m, inverse);
      const two = remainder(v128.load(residues + half, 32), m, inverse);
      v128.store(left + half, fours(one, two));
      v128.store(right + half, fours(positive(one, m), positive(two, m)));
    }
  }
}

/** x minus a multiple of m, within +-0.625 m for |x| < 2^13. */
// @ts-ignore: decorator
@inline
function remainder(x: v128, m: v128, inverse: v128): v128 {
  return i16x8.sub(x, i16x8.mul(i16x8.q15mulr_sat_s(x, inverse), m));
}

// @ts-ignore: decorator
@inline
function positive(x: v128, m: v128): v128 {
  return i16x8.add(x, v128.and(i16x8.shr_s(x, 15), m));
}

/** Pairs of components of four vectors, and the pairs after them, as bytes. */
// @ts-ignore: decorator
@inline
function fours(one: v128, two: v128): v128 {
  const bytes = i8x16.narrow_i16x8_s(one, two);
  return v128.shuffle<i16>(bytes, bytes, 0, 4, 1, 5, 2, 6, 3, 7);
}

/** See HotLoops.multiplyBytes. */
export function multiplyBytes(
  panels: usize,
  at: i32,
  otherAt: i32,
  across: usize,
  acrossAt: i32,
  rows: i32,
  width: i32,
  fours: i32,
  sums: usize,
  sumsAt: i32,
): void {
  let a = address(panels, at);
  let others = address(panels, otherAt);
  sums = address(sums, sumsAt);
  across += <usize>acrossAt << 2;
  const panel = <usize>fours << 5;
  for (let row = 0; row < rows; row++, a += panel, others += panel, across += 4) {
    let b = others;
    let tile = sums;
    for (let t = load<i32>(across); t > 0; t--, b += panel, tile += 256) {
      multiplyHalf(a, b, panel, tile);
      multiplyHalf(a + 16, b, panel, tile + 128);
    }
    sums += <usize>(width - row) << 8;
  }
}

/** Four rows of a tile. */
function multiplyHalf(a: usize, b: usize, panel: usize, sums: usize): void {
  let c00 = v128.load(sums);
  let c01 = v128.load(sums, 16);
  let c10 = v128.load(sums, 32);
  let c11 = v128.load(sums, 48);
  let c20 = v128.load(sums, 64);
  let c21 = v128.load(sums, 80);
  let c30 = v128.load(sums, 96);
  let c31 = v128.load(sums, 112);
  for (const end = a + panel; a < end; a += 32, b += 32) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c00 = addDots(a0, b0, c00);
    c01 = addDots(a0, b1, c01);
    const a1 = v128.load32_splat(a, 4);
    c10 = addDots(a1, b0, c10);
    c11 = addDots(a1, b1, c11);
    const a2 = v128.load32_splat(a, 8);
    c20 = addDots(a2, b0, c20);
    c21 = addDots(a2, b1, c21);
    const a3 = v128.load32_splat(a, 12);
    c30 = addDots(a3, b0, c30);
    c31 = addDots(a3, b1, c31);
  }
  v128.store(sums, c00);
  v128.store(sums, c01, 16);
  v128.store(sums, c10, 32);
  v128.store(sums, c11, 48);
  v128.store(sums, c20, 64);
  v128.store(sums, c21, 80);
  v128.store(sums, c30, 96);
  v128.store(sums, c31, 112);
}

/** Sums of four products of bytes, those of b not negative, added to c. */
// @ts-ignore: decorator
@inline
function addDots(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_dot_i8x16_i7x16_add_s(a, b, c);
  const low = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(a), i16x8.extend_low_i8x16_s(b));
  const high = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(a), i16x8.extend_high_i8x16_s(b));
  return i32x4.add(c, i32x4.add(v128.shuffle<i32>(low, high, 0, 2, 4, 6), v128.shuffle<i32>(low, high, 1, 3, 5, 7)));
}
