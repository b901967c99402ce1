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
    let left = load<i32>(across);
    for (; left >= 3; left -= 3, b += 3 * panel, tile += 768) {
      multiplySix(a, b, panel, tile);
      multiplySix(a, b + panel, panel, tile + 256);
      multiplySix(a, b + 2 * panel, panel, tile + 512);
      multiplyTwoOfThree(a, b, panel, tile);
    }
    for (; left > 0; left--, b += panel, tile += 256) {
      multiplySix(a, b, panel, tile);
      multiplyTwoOfOne(a, b, panel, tile);
    }
    sums += <usize>(width - row) << 8;
  }
}

/** The first six rows of a tile: twelve sums, since each waits for the one before it. */
function multiplySix(a: usize, b: usize, panel: usize, sums: usize): void {
  let c00 = v128.load(sums);
  let c01 = v128.load(sums, 16);
  let c10 = v128.load(sums, 32);
  let c11 = v128.load(sums, 48);
  let c20 = v128.load(sums, 64);
  let c21 = v128.load(sums, 80);
  let c30 = v128.load(sums, 96);
  let c31 = v128.load(sums, 112);
  let c40 = v128.load(sums, 128);
  let c41 = v128.load(sums, 144);
  let c50 = v128.load(sums, 160);
  let c51 = v128.load(sums, 176);
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
    const a4 = v128.load32_splat(a, 16);
    c40 = addDots(a4, b0, c40);
    c41 = addDots(a4, b1, c41);
    const a5 = v128.load32_splat(a, 20);
    c50 = addDots(a5, b0, c50);
    c51 = addDots(a5, b1, c51);
  }
  v128.store(sums, c00);
  v128.store(sums, c01, 16);
  v128.store(sums, c10, 32);
  v128.store(sums, c11, 48);
  v128.store(sums, c20, 64);
  v128.store(sums, c21, 80);
  v128.store(sums, c30, 96);
  v128.store(sums, c31, 112);
  v128.store(sums, c40, 128);
  v128.store(sums, c41, 144);
  v128.store(sums, c50, 160);
  v128.store(sums, c51, 176);
}

/** The last two rows of three tiles. */
function multiplyTwoOfThree(a: usize, b: usize, panel: usize, sums: usize): void {
  let second = b + panel;
  let third = second + panel;
  let c00 = v128.load(sums, 192);
  let c01 = v128.load(sums, 208);
  let c02 = v128.load(sums, 448);
  let c03 = v128.load(sums, 464);
  let c04 = v128.load(sums, 704);
  let c05 = v128.load(sums, 720);
  let c10 = v128.load(sums, 224);
  let c11 = v128.load(sums, 240);
  let c12 = v128.load(sums, 480);
  let c13 = v128.load(sums, 496);
  let c14 = v128.load(sums, 736);
  let c15 = v128.load(sums, 752);
  for (const end = a + panel; a < end; a += 32, b += 32, second += 32, third += 32) {
    const a0 = v128.load32_splat(a, 24);
    const a1 = v128.load32_splat(a, 28);
    const b0 = v128.load(b);
    c00 = addDots(a0, b0, c00);
    c10 = addDots(a1, b0, c10);
    const b1 = v128.load(b, 16);
    c01 = addDots(a0, b1, c01);
    c11 = addDots(a1, b1, c11);
    const b2 = v128.load(second);
    c02 = addDots(a0, b2, c02);
    c12 = addDots(a1, b2, c12);
    const b3 = v128.load(second, 16);
    c03 = addDots(a0, b3, c03);
    c13 = addDots(a1, b3, c13);
    const b4 = v128.load(third);
    c04 = addDots(a0, b4, c04);
    c14 = addDots(a1, b4, c14);
    const b5 = v128.load(third, 16);
    c05 = addDots(a0, b5, c05);
    c15 = addDots(a1, b5, c15);
  }
  v128.store(sums, c00, 192);
  v128.store(sums, c01, 208);
  v128.store(sums, c02, 448);
  v128.store(sums, c03, 464);
  v128.store(sums, c04, 704);
  v128.store(sums, c05, 720);
  v128.store(sums, c10, 224);
  v128.store(sums, c11, 240);
  v128.store(sums, c12, 480);
  v128.store(sums, c13, 496);
  v128.store(sums, c14, 736);
  v128.store(sums, c15, 752);
}

/** The same of one tile. */
function multiplyTwoOfOne(a: usize, b: usize, panel: usize, sums: usize): void {
  let c00 = v128.load(sums, 192);
  let c01 = v128.load(sums, 208);
  let c10 = v128.load(sums, 224);
  let c11 = v128.load(sums, 240);
  for (const end = a + panel; a < end; a += 32, b += 32) {
    const a0 = v128.load32_splat(a, 24);
    const a1 = v128.load32_splat(a, 28);
    const b0 = v128.load(b);
    c00 = addDots(a0, b0, c00);
    c10 = addDots(a1, b0, c10);
    const b1 = v128.load(b, 16);
    c01 = addDots(a0, b1, c01);
    c11 = addDots(a1, b1, c11);
  }
  v128.store(sums, c00, 192);
  v128.store(sums, c01, 208);
  v128.store(sums, c10, 224);
  v128.store(sums, c11, 240);
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
