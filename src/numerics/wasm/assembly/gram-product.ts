/** WebAssembly twin of loops/gram-product.ts: four interleaved vectors are two registers. */
import { at } from './lanes';

/** See HotLoops.multiplyGram. */
export function multiplyGram(a: usize, rows: i32, columns: i32, x: usize, y: usize): void {
  for (let i = 0; i < rows; i += 4) multiplyFourRows(at(a, i * columns), columns, x, y);
}

/** Sums of row r with vectors 0, 1 are in s_r0, with vectors 2, 3 in s_r1. */
function multiplyFourRows(a: usize, columns: i32, x: usize, y: usize): void {
  const stride = <usize>columns << 3;
  let s00 = f64x2.splat(0);
  let s01 = s00;
  let s10 = s00;
  let s11 = s00;
  let s20 = s00;
  let s21 = s00;
  let s30 = s00;
  let s31 = s00;
  const end = a + stride;
  for (let p = a; p < end; p += 8, x += 32) {
    const x0 = v128.load(x);
    const x1 = v128.load(x, 16);
    const a0 = v128.load64_splat(p);
    s00 = f64x2.add(s00, f64x2.mul(a0, x0));
    s01 = f64x2.add(s01, f64x2.mul(a0, x1));
    const a1 = v128.load64_splat(p + stride);
    s10 = f64x2.add(s10, f64x2.mul(a1, x0));
    s11 = f64x2.add(s11, f64x2.mul(a1, x1));
    const a2 = v128.load64_splat(p + (stride << 1));
    s20 = f64x2.add(s20, f64x2.mul(a2, x0));
    s21 = f64x2.add(s21, f64x2.mul(a2, x1));
    const a3 = v128.load64_splat(p + stride + (stride << 1));
    s30 = f64x2.add(s30, f64x2.mul(a3, x0));
    s31 = f64x2.add(s31, f64x2.mul(a3, x1));
  }
  for (let p = a; p < end; p += 8, y += 32) {
    const a0 = v128.load64_splat(p);
    const a1 = v128.load64_splat(p + stride);
    const a2 = v128.load64_splat(p + (stride << 1));
    const a3 = v128.load64_splat(p + stride + (stride << 1));
    const left0 = f64x2.add(f64x2.mul(a0, s00), f64x2.mul(a1, s10));
    const right0 = f64x2.add(f64x2.mul(a2, s20), f64x2.mul(a3, s30));
    const left1 = f64x2.add(f64x2.mul(a0, s01), f64x2.mul(a1, s11));
    const right1 = f64x2.add(f64x2.mul(a2, s21), f64x2.mul(a3, s31));
    v128.store(y, f64x2.add(v128.load(y), f64x2.add(left0, right0)));
    v128.store(y, f64x2.add(v128.load(y, 16), f64x2.add(left1, right1)), 16);
  }
}
