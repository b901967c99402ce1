/**
 * Float64 matrix product: blocks of both operands are packed into panels that the innermost loop reads in order, and that loop
 * keeps a tile of the result in registers (Goto & van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008).
 * The order of summation depends on k alone.
 */
import { packPanels, TILE, wholeTiles } from '../panels';
import { engine } from '../workspace';

/** A matrix inside an array: element (i, j) is values[offset + i * rowStride + j * columnStride]. */
export interface MatrixView {
  readonly values: Float64Array | Float32Array;
  readonly offset: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** Depth of a block: a panel of B, 4 * 256 * 8 bytes = 8 KiB, stays in the L1 cache. */
const DEPTH = 256;
/** Rows of a block of A: 64 * 256 * 8 bytes = 128 KiB, stays in the L2 cache. */
const ROWS = 64;
/** Values of B that are packed at a time, all of its depth: 4 MiB. */
const PACKED = 2 ** 19;
/** Columns of the result that are made at a time, at least: where A has several blocks of rows, it is packed anew for each lot of them. */
const COLUMNS = 64;
/** Products of fewer multiplications than this are done as they stand, in the same order. */
const SMALL = 8000;

/** out[offset …] = A B, row-major [m, n], for A [m, k] and B [k, n]. */
export function multiply(a: MatrixView, b: MatrixView, out: Float64Array, offset: number, m: number, k: number, n: number): void {
  if (m * k * n < SMALL && k <= DEPTH) return multiplySmall(a, b, out, offset, m, k, n);
  const depth = Math.min(DEPTH, k);
  const rows = Math.min(ROWS, wholeTiles(m));
  const columns = Math.min(wholeTiles(n), Math.max(COLUMNS, TILE * Math.floor(PACKED / k / TILE)));
  const once = m <= rows;
  const work = engine().open(rows * (once ? k : depth) + columns * k + rows * columns);
  const panelsA = work.array(rows * (once ? k : depth));
  const panelsB = work.array(columns * k);
  const product = work.array(rows * columns);
  // Of -A: products are subtracted from zero.
  const packA = (to: Float64Array, i0: number, mb: number, k0: number, kb: number) =>
    packPanels(to, a.values, a.offset + i0 * a.rowStride + k0 * a.columnStride, a.rowStride, a.columnStride, mb, kb, -1);
  if (once) for (let k0 = 0; k0 < k; k0 += depth) packA(panelsA.subarray(k0 * rows), 0, m, k0, Math.min(depth, k - k0));
  for (let j0 = 0; j0 < n; j0 += columns) {
    const nb = Math.min(columns, n - j0);
    const width = wholeTiles(nb);
    for (let k0 = 0; k0 < k; k0 += depth) {
      const from = b.offset + k0 * b.rowStride + j0 * b.columnStride;
      packPanels(panelsB.subarray(k0 * width), b.values, from, b.columnStride, b.rowStride, nb, Math.min(depth, k - k0));
    }
    for (let i0 = 0; i0 < m; i0 += rows) {
      const mb = Math.min(rows, m - i0);
      const height = wholeTiles(mb);
      product.fill(0, 0, height * width);
      for (let k0 = 0; k0 < k; k0 += depth) {
        const kb = Math.min(depth, k - k0);
        const panels = once ? panelsA.subarray(k0 * rows) : panelsA;
        if (!once) packA(panels, i0, mb, k0, kb);
        work.loops.subtractPanels(panels, panelsB.subarray(k0 * width), product, 0, width, height, width, kb);
      }
      for (let i = 0; i < mb; i++) out.set(product.subarray(i * width, i * width + nb), offset + (i0 + i) * n + j0);
    }
  }
  work.release();
}

/** Two rows by four columns at a time, which stay in registers; what is left over entry by entry. */
function multiplySmall(a: MatrixView, b: MatrixView, out: Float64Array, offset: number, m: number, k: number, n: number): void {
  const { values: x, rowStride: down, columnStride: dp } = a;
  const { values: y, rowStride: dq, columnStride: across } = b;
  const [rows, columns] = [m - (m % 2), n - (n % 4)];
  for (let i = 0; i < rows; i += 2) {
    for (let j = 0; j < columns; j += 4) {
      let s00 = 0, s01 = 0, s02 = 0, s03 = 0;
      let s10 = 0, s11 = 0, s12 = 0, s13 = 0;
      let p = a.offset + i * down;
      let q = b.offset + j * across;
      for (let t = 0; t < k; t++, p += dp, q += dq) {
        const x0 = x[p]!, x1 = x[p + down]!;
        const y0 = y[q]!, y1 = y[q + across]!, y2 = y[q + 2 * across]!, y3 = y[q + 3 * across]!;
        s00 += x0 * y0;
        s01 += x0 * y1;
        s02 += x0 * y2;
        s03 += x0 * y3;
        s10 += x1 * y0;
        s11 += x1 * y1;
        s12 += x1 * y2;
        s13 += x1 * y3;
      }
      const at = offset + i * n + j;
      out[at] = s00;
      out[at + 1] = s01;
      out[at + 2] = s02;
      out[at + 3] = s03;
      out[at + n] = s10;
      out[at + n + 1] = s11;
      out[at + n + 2] = s12;
      out[at + n + 3] = s13;
    }
  }
  for (let i = 0; i < m; i++) {
    for (let j = i < rows ? columns : 0; j < n; j++) {
      let sum = 0;
      let p = a.offset + i * down;
      let q = b.offset + j * across;
      for (let t = 0; t < k; t++, p += dp, q += dq) sum += x[p]! * y[q]!;
      out[offset + i * n + j] = sum;
    }
  }
}
