/** WebAssembly twin of loops/residues.ts: the same integers, eight products of 16-bit remainders to an instruction. */

import { at as address } from './lanes';

/** Adding them rounds to a whole number, which is then there in the low bits. */
const WHOLE64: f64 = 6755399441055744;
const WHOLE32: f32 = 12582912;
const WHOLE32_BITS: i32 = 0x4b400000;

/** See HotLoops.makeResidues. */
export function makeResidues(
  q: usize,
  qAt: i32,
  stride: i32,
  pieces: i32,
  count: i32,
  modulus: f64,
  fold1: f64,
  fold2: f64,
  out: usize,
  outAt: i32,
): void {
  const piece = <usize>stride << 3;
  const m = f64x2.splat(modulus);
  const inverse = f64x2.splat(1 / modulus);
  const whole = f64x2.splat(WHOLE64);
  const f1 = f64x2.splat(fold1);
  const f2 = f64x2.splat(fold2);
  q = address(q, qAt);
  out = address(out, outAt);
  for (const end = q + (<usize>count << 3); q < end; q += 128, out += 32) {
    for (let half: usize = 0; half < 64; half += 32) {
      const at = q + half;
      let x00 = v128.load(at);
      let x01 = v128.load(at, 16);
      let x10 = v128.load(at, 64);
      let x11 = v128.load(at, 80);
      if (pieces > 1) {
        const second = at + piece;
        x00 = f64x2.add(x00, f64x2.mul(f1, v128.load(second)));
        x01 = f64x2.add(x01, f64x2.mul(f1, v128.load(second, 16)));
        x10 = f64x2.add(x10, f64x2.mul(f1, v128.load(second, 64)));
        x11 = f64x2.add(x11, f64x2.mul(f1, v128.load(second, 80)));
        if (pieces > 2) {
          const third = second + piece;
          x00 = f64x2.add(x00, f64x2.mul(f2, v128.load(third)));
          x01 = f64x2.add(x01, f64x2.mul(f2, v128.load(third, 16)));
          x10 = f64x2.add(x10, f64x2.mul(f2, v128.load(third, 64)));
          x11 = f64x2.add(x11, f64x2.mul(f2, v128.load(third, 80)));
        }
      }
      const row0 = lowWords(remainder(x00, m, inverse, whole), remainder(x01, m, inverse, whole), whole);
      const row1 = lowWords(remainder(x10, m, inverse, whole), remainder(x11, m, inverse, whole), whole);
      v128.store(out + (half >> 1), v128.or(v128.and(row0, i32x4.splat(0xffff)), i32x4.shl(row1, 16)));
    }
  }
}

/** x minus the nearest multiple of m. */
// @ts-ignore: decorator
@inline
function remainder(x: v128, m: v128, inverse: v128, whole: v128): v128 {
  const quotient = f64x2.sub(f64x2.add(f64x2.mul(x, inverse), whole), whole);
  return f64x2.sub(x, f64x2.mul(quotient, m));
}

/** The whole numbers in `a` and `b` as 32-bit integers. */
// @ts-ignore: decorator
@inline
function lowWords(a: v128, b: v128, whole: v128): v128 {
  return v128.shuffle<i32>(f64x2.add(a, whole), f64x2.add(b, whole), 0, 2, 4, 6);
}

/** See HotLoops.multiplyResidues. */
export function multiplyResidues(
  panels: usize,
  at: i32,
  across: usize,
  acrossAt: i32,
  rows: i32,
  width: i32,
  pairs: i32,
  modulus: f64,
  sums: usize,
  sumsAt: i32,
): void {
  panels = address(panels, at);
  sums = address(sums, sumsAt);
  across += <usize>acrossAt << 2;
  const panel = <usize>pairs << 5;
  const m = i32x4.splat(<i32>modulus);
  const inverse = f32x4.splat(<f32>(1 / modulus));
  for (let row = 0; row < rows; row++, panels += panel, across += 4) {
    let b = panels;
    let tile = sums;
    for (let t = load<i32>(across); t > 0; t--, b += panel, tile += 256) {
      multiplyHalf(panels, b, panel, m, inverse, tile);
      multiplyHalf(panels + 16, b, panel, m, inverse, tile + 128);
    }
    sums += <usize>(width - row) << 8;
  }
}

/** Four rows of a tile. */
function multiplyHalf(a: usize, b: usize, panel: usize, m: v128, inverse: v128, sums: usize): void {
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
    c00 = i32x4.add(c00, i32x4.dot_i16x8_s(a0, b0));
    c01 = i32x4.add(c01, i32x4.dot_i16x8_s(a0, b1));
    const a1 = v128.load32_splat(a, 4);
    c10 = i32x4.add(c10, i32x4.dot_i16x8_s(a1, b0));
    c11 = i32x4.add(c11, i32x4.dot_i16x8_s(a1, b1));
    const a2 = v128.load32_splat(a, 8);
    c20 = i32x4.add(c20, i32x4.dot_i16x8_s(a2, b0));
    c21 = i32x4.add(c21, i32x4.dot_i16x8_s(a2, b1));
    const a3 = v128.load32_splat(a, 12);
    c30 = i32x4.add(c30, i32x4.dot_i16x8_s(a3, b0));
    c31 = i32x4.add(c31, i32x4.dot_i16x8_s(a3, b1));
  }
  v128.store(sums, reduce(c00, m, inverse));
  v128.store(sums, reduce(c01, m, inverse), 16);
  v128.store(sums, reduce(c10, m, inverse), 32);
  v128.store(sums, reduce(c11, m, inverse), 48);
  v128.store(sums, reduce(c20, m, inverse), 64);
  v128.store(sums, reduce(c21, m, inverse), 80);
  v128.store(sums, reduce(c30, m, inverse), 96);
  v128.store(sums, reduce(c31, m, inverse), 112);
}

/** x minus a multiple of m that is the nearest one or next to it. */
// @ts-ignore: decorator
@inline
export function reduce(x: v128, m: v128, inverse: v128): v128 {
  const quotient = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(x), inverse), f32x4.splat(WHOLE32));
  return i32x4.sub(x, i32x4.mul(i32x4.sub(quotient, i32x4.splat(WHOLE32_BITS)), m));
}

/** See HotLoops.mixedRadix. */
export function mixedRadix(
  sums: usize,
  sumsAt: i32,
  stride: i32,
  count: i32,
  moduli: usize,
  k: i32,
  inverses: usize,
  words: i32,
  out: usize,
): void {
  sums = address(sums, sumsAt);
  const step = <usize>stride << 2;
  for (const end = sums + (<usize>count << 2); sums < end; sums += 16, out += <usize>words << 4) {
    // Digit by digit out of all higher remainders: those are independent of each other.
    for (let l = 0; l + 1 < k; l++) {
      const digit = v128.load(sums + <usize>l * step);
      let place = sums + <usize>(l + 1) * step;
      let constants = address(moduli, l + 1);
      let inverse = inverses + (<usize>((l * (l + 3)) >> 1) << 2);
      for (let i = l + 1; i < k; i++, place += step, constants += 8) {
        const product = i32x4.mul(i32x4.sub(v128.load(place), digit), v128.load32_splat(inverse));
        v128.store(place, reduce(product, v128.load32_splat(constants), v128.load32_splat(constants, 4)));
        inverse += <usize>i << 2;
      }
    }
    for (let lane: usize = 0; lane < 16; lane += 4) toWords(sums + lane, step, moduli, k, words, out + lane * <usize>words);
  }
}

/** Horner's rule from the top digit, which has the sign, two digits at a time; words that are still only sign are filled in at the end. */
function toWords(digits: usize, step: usize, moduli: usize, k: i32, words: i32, out: usize): void {
  const end = out + (<usize>words << 2);
  let i = (k - 1) & ~1;
  let carry = <i64>load<i32>(digits + <usize>i * step);
  if (i + 1 < k) carry += <i64>load<i32>(digits + <usize>(i + 1) * step) * <i64>load<i32>(address(moduli, i));
  store<i32>(out, <i32>carry);
  let sign = carry >> 32;
  let used = out + 4;
  for (i -= 2; i >= 0; i -= 2) {
    const m = <i64>load<i32>(address(moduli, i));
    const both = m * <i64>load<i32>(address(moduli, i + 1));
    // A pair of digits is 26 bits: at most one word more.
    if (used < end) {
      store<i32>(used, <i32>sign);
      used += 4;
    }
    carry = <i64>load<i32>(digits + <usize>i * step) + <i64>load<i32>(digits + <usize>(i + 1) * step) * m;
    for (let word = out; word < used; word += 4) {
      carry += <i64>load<u32>(word) * both;
      store<i32>(word, <i32>carry);
      carry >>= 32;
    }
    sign = <i64>load<i32>(used - 4) >> 32;
  }
  for (; used < end; used += 4) store<i32>(used, <i32>sign);
}
