/**
 * The seam under the dense algorithms: their inner loops, written twice, in TypeScript (loops/) and in WebAssembly with SIMD (wasm/).
 * Both do the same operations in the same order, so a result has the same bits whichever of them ran.
 *
 * WebAssembly sees one memory only, so arrays that a loop is given come from the workspace of that loop. Arguments named
 * `…At` count entries of the array before them.
 */
import { typescriptLoops } from './loops/all';
import type { Steps } from './stepwise';
import { WasmBench, wasmModule } from './wasm/bench';

export interface HotLoops {
  /**
   * Double-double products of one panel of `a` with `tiles` successive panels of `b`, in 2 x 2 tiles: out[8 t ...] holds hi and lo of
   * the products (0, 0), (0, 1), then (1, 0), (1, 1), as hi hi lo lo. A panel is two vectors of `length` components of `words` words,
   * component-major; it takes `panel` entries. Vectors are shorter than 1. See exact-products.ts.
   */
  multiplyTiles(words: number, a: Float64Array, aAt: number, b: Float64Array, bAt: number, panel: number, tiles: number, length: number, out: Float64Array): void;
  /** out [rows, columns] = A B^T of panels of four interleaved lines of `depth` values (cpu/matmul.ts); rows, columns are multiples of 4. */
  multiplyPanels(a: Float64Array, b: Float64Array, out: Float64Array, rows: number, columns: number, depth: number): void;
  /**
   * Over the packed lower triangle of size m: A -= v w^T + w v^T where `pending` is 1 (0: nothing), and p += A q in the same pass.
   */
  sweepTriangle(a: Float64Array, m: number, v: Float64Array, w: Float64Array, q: Float64Array, p: Float64Array, pending: number): void;
  /** For rows i > k of a [rows, columns]: a_i -= x_i v + u_i y (columns >= k), then x_i = a_i . next; v, next at `…At` of `a`, v < 0 at k = 0. */
  sweepRows(a: Float64Array, rows: number, columns: number, k: number, x: Float64Array, vAt: number, u: Float64Array, y: Float64Array): void;
  /** y = sum over rows i > k of u_i a_i, columns > k. */
  multiplyTransposed(a: Float64Array, rows: number, columns: number, k: number, u: Float64Array, y: Float64Array): void;
  /** x becomes H_0 H_1 ... x for the `count` reflectors in rows of `columns` (bidiagonal.ts). */
  applyRowReflectors(reflectors: Float64Array, taus: Float64Array, count: number, columns: number, x: Float64Array): void;
  /** x [n] becomes Q x for the packed reflectors of tridiagonal.ts. */
  applyPackedReflectors(reflectors: Float64Array, taus: Float64Array, n: number, x: Float64Array, xAt: number): void;
  /** s_ji -= r_mj r_mi for i > j and start <= m < j in double-double, over rows of hi + lo [., n]. */
  subtractRows(hi: Float64Array, lo: Float64Array, n: number, start: number, j: number): void;
  /** |A v - lambda v|^2 */
  residualSquare(a: Float64Array, n: number, v: Float64Array, lambda: number): number;
  /** Rows i and i + 1 of z [., n] are rotated: (c z_i - s z_{i+1}, s z_i + c z_{i+1}). */
  rotateRows(z: Float64Array, n: number, i: number, c: number, s: number): void;
}
