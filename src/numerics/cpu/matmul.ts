/**
 * Float64 matrix product for an engine with no SIMD: blocks of both operands are packed into panels that the innermost loop
 * reads in order, and that loop keeps a 4 x 4 tile of the result in registers (Goto & van de Geijn, Anatomy of
 * High-Performance Matrix Multiplication, 2008). The order of summation depends on k alone.
 */

/** A matrix inside an array: element (i, j) is values[offset + i * rowStride + j * columnStride]. */
export interface MatrixView {
  readonly values: Float64Array;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Rows and columns of the register tile. */
const tile = 4;
/** Depth of a block: a panel of B, tile * depth * 8 bytes = 8 KiB, stays in the L1 cache. */
const depth = 256;
/** Rows of a block of A: rows * depth * 8 bytes = 128 KiB, stays in the L2 cache. */
const rows = 64;

const panelsA = new Float64Array(rows * depth);
let panelsB = new Float64Array(0);

/** out[offset …] += A B, row-major [m, n], for A [m, k] and B [k, n]. */
export function multiply(a: MatrixView, b: MatrixView, out: Float64Array, offset: number, m: number, k: number, n: number): void {
  const columns = roundUp(n);
  if (panelsB.length < columns * Math.min(depth, k)) panelsB = new Float64Array(columns * Math.min(depth, k));
  for (let k0 = 0; k0 < k; k0 += depth) {
    const kb = Math.min(depth, k - k0);
    pack(panelsB, b.values, b.offset + k0 * b.rowStride, b.columnStride, b.rowStride, n, kb);
    for (let i0 = 0; i0 < m; i0 += rows) {
      const mb = Math.min(rows, m - i0);
      pack(panelsA, a.values, a.offset + i0 * a.rowStride + k0 * a.columnStride, a.rowStride, a.columnStride, mb, kb);
      for (let j = 0; j < n; j += tile) {
        for (let i = 0; i < mb; i += tile) {
          tileProduct(i * kb, j * kb, kb, out, offset + (i0 + i) * n + j, n, Math.min(tile, mb - i), Math.min(tile, n - j));
        }
      }
    }
  }
}

function roundUp(length: number): number {
  return Math.ceil(length / tile) * tile;
}

/**
 * Copies `count` lines of `length` values into panels of `tile` interleaved lines, zero where a panel has no line:
 * panels[(line - line % tile) * length + t * tile + line % tile] = value t of the line.
 */
function pack(
  panels: Float64Array,
  values: Float64Array,
  offset: number,
  lineStride: number,
  stride: number,
  count: number,
  length: number,
): void {
  let to = 0;
  for (let line = 0; line < count; line += tile) {
    let p = offset + line * lineStride;
    if (line + tile <= count) {
      for (let t = 0; t < length; t++, p += stride, to += tile) {
        panels[to] = values[p]!;
        panels[to + 1] = values[p + lineStride]!;
        panels[to + 2] = values[p + 2 * lineStride]!;
        panels[to + 3] = values[p + 3 * lineStride]!;
      }
    } else {
      const left = count - line;
      for (let t = 0; t < length; t++, p += stride, to += tile) {
        for (let l = 0; l < tile; l++) panels[to + l] = l < left ? values[p + l * lineStride]! : 0;
      }
    }
  }
}

/** Adds one tile, panel of A (at `pa`) times panel of B (at `pb`), to `height` x `width` values of `out` at `po`. */
function tileProduct(
  pa: number,
  pb: number,
  length: number,
  out: Float64Array,
  po: number,
  stride: number,
  height: number,
  width: number,
): void {
  const a = panelsA;
  const b = panelsB;
  let c00 = 0, c01 = 0, c02 = 0, c03 = 0;
  let c10 = 0, c11 = 0, c12 = 0, c13 = 0;
  let c20 = 0, c21 = 0, c22 = 0, c23 = 0;
  let c30 = 0, c31 = 0, c32 = 0, c33 = 0;
  for (let t = 0; t < length; t++, pa += tile, pb += tile) {
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
  addRow(out, po, width, c00, c01, c02, c03);
  if (height > 1) addRow(out, po + stride, width, c10, c11, c12, c13);
  if (height > 2) addRow(out, po + 2 * stride, width, c20, c21, c22, c23);
  if (height > 3) addRow(out, po + 3 * stride, width, c30, c31, c32, c33);
}

function addRow(out: Float64Array, p: number, width: number, c0: number, c1: number, c2: number, c3: number): void {
  out[p]! += c0;
  if (width > 1) out[p + 1]! += c1;
  if (width > 2) out[p + 2]! += c2;
  if (width > 3) out[p + 3]! += c3;
}
