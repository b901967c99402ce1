/** The innermost loops of a matrix product: a 4 x 4 tile of the result stays in registers. */

const TILE = 4;

export function multiplyPanels(a: Float64Array, b: Float64Array, out: Float64Array, rows: number, columns: number, depth: number): void {
  for (let j = 0; j < columns; j += TILE) {
    for (let i = 0; i < rows; i += TILE) tileProduct(a, i * depth, b, j * depth, depth, out, i * columns + j, columns);
  }
}

export function subtractPanels(
  a: Float64Array,
  b: Float64Array,
  out: Float64Array,
  at: number,
  stride: number,
  rows: number,
  columns: number,
  depth: number,
): void {
  for (let j = 0; j < columns; j += TILE) {
    for (let i = 0; i < rows; i += TILE) {
      tileProduct(a, i * depth, b, j * depth, depth, tile, 0, TILE);
      for (let k = 0; k < TILE * TILE; k++) out[at + (i + (k >> 2)) * stride + j + (k & 3)]! -= tile[k]!;
    }
  }
}

const tile = new Float64Array(TILE * TILE);

function tileProduct(
  a: Float64Array,
  pa: number,
  b: Float64Array,
  pb: number,
  depth: number,
  out: Float64Array,
  po: number,
  stride: number,
): void {
  let c00 = 0, c01 = 0, c02 = 0, c03 = 0;
  let c10 = 0, c11 = 0, c12 = 0, c13 = 0;
  let c20 = 0, c21 = 0, c22 = 0, c23 = 0;
  let c30 = 0, c31 = 0, c32 = 0, c33 = 0;
  for (let t = 0; t < depth; t++, pa += TILE, pb += TILE) {
    const b0 = b[pb]!, b1 = b[pb + 1]!, b2 = b[pb + 2]!, b3 = b[pb + 3]!;
    const a0 = a[pa]!;
    c00 += a0 * b0;
    c01 += a0 * b1;
    c02 += a0 * b2;
    c03 += a0 * b3;
    const a1 = a[pa + 1]!;
    c10 += a1 * b0;
    c11 += a1 * b1;
    c12 += a1 * b2;
    c13 += a1 * b3;
    const a2 = a[pa + 2]!;
    c20 += a2 * b0;
    c21 += a2 * b1;
    c22 += a2 * b2;
    c23 += a2 * b3;
    const a3 = a[pa + 3]!;
    c30 += a3 * b0;
    c31 += a3 * b1;
    c32 += a3 * b2;
    c33 += a3 * b3;
  }
  storeRow(out, po, c00, c01, c02, c03);
  storeRow(out, po + stride, c10, c11, c12, c13);
  storeRow(out, po + 2 * stride, c20, c21, c22, c23);
  storeRow(out, po + 3 * stride, c30, c31, c32, c33);
}

function storeRow(out: Float64Array, p: number, c0: number, c1: number, c2: number, c3: number): void {
  out[p] = c0;
  out[p + 1] = c1;
  out[p + 2] = c2;
  out[p + 3] = c3;
}
