/** WebAssembly twin of loops/matrix-product.ts. */
import { multiplyAdd } from './lanes';

/** See HotLoops.multiplyPanels. */
export function multiplyPanels(a: usize, b: usize, out: usize, rows: i32, columns: i32, depth: i32): void {
  const stride = <usize>columns << 3;
  const panel = <usize>depth << 5;
  for (let j = 0; j < columns; j += 4, b += panel) {
    let pa = a;
    let po = out + (<usize>j << 3);
    for (let i = 0; i < rows; i += 4, pa += panel, po += stride << 2) tileProduct(pa, b, panel, po, stride, false);
  }
}

/** See HotLoops.subtractPanels. */
export function subtractPanels(a: usize, b: usize, out: usize, at: i32, stride: i32, rows: i32, columns: i32, depth: i32): void {
  const step = <usize>stride << 3;
  const panel = <usize>depth << 5;
  out += <usize>at << 3;
  for (let j = 0; j < columns; j += 4, b += panel) {
    let pa = a;
    let po = out + (<usize>j << 3);
    for (let i = 0; i < rows; i += 4, pa += panel, po += step << 2) tileProduct(pa, b, panel, po, step, true);
  }
}

/** 4 x 4: row i of the tile is c_i0 (columns 0, 1) and c_i1 (columns 2, 3). */
// @ts-ignore: decorator
@inline
function tileProduct(a: usize, b: usize, panel: usize, out: usize, stride: usize, subtract: bool): void {
  let c00 = f64x2.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (const end = a + panel; a < end; a += 32, b += 32) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const a0 = v128.load64_splat(a);
    c00 = multiplyAdd(a0, b0, c00);
    c01 = multiplyAdd(a0, b1, c01);
    const a1 = v128.load64_splat(a, 8);
    c10 = multiplyAdd(a1, b0, c10);
    c11 = multiplyAdd(a1, b1, c11);
    const a2 = v128.load64_splat(a, 16);
    c20 = multiplyAdd(a2, b0, c20);
    c21 = multiplyAdd(a2, b1, c21);
    const a3 = v128.load64_splat(a, 24);
    c30 = multiplyAdd(a3, b0, c30);
    c31 = multiplyAdd(a3, b1, c31);
  }
  storeRow(out, c00, c01, subtract);
  storeRow(out + stride, c10, c11, subtract);
  storeRow(out + 2 * stride, c20, c21, subtract);
  storeRow(out + 3 * stride, c30, c31, subtract);
}

// @ts-ignore: decorator
@inline
function storeRow(out: usize, c0: v128, c1: v128, subtract: bool): void {
  v128.store(out, subtract ? f64x2.sub(v128.load(out), c0) : c0);
  v128.store(out, subtract ? f64x2.sub(v128.load(out, 16), c1) : c1, 16);
}
