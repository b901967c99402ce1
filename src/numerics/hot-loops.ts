/**
 * The seam under the dense algorithms: their inner loops, written twice, in TypeScript (loops/) and in WebAssembly with SIMD (wasm/).
 * Both do the same operations in the same order, sums in two or four partial sums as the lanes of a register have it, so a result has
 * the same bits whichever of them ran.
 *
 * WebAssembly sees one memory only: the arrays that a loop is given come from the workspace of that loop (workspace.ts).
 */
export interface HotLoops {
  /**
   * Double-double products of one panel of `a` with `tiles` successive panels of `b`. A panel is two interleaved vectors: `length`
   * components of `words` words of two values. Entries of a tile at out[8 t]: hi of row 0, lo of row 0, hi of row 1, lo of row 1, for
   * both columns each. What the words are, and why vectors are shorter than 1, is said in exact-products.ts.
   */
  multiplyTiles(
    words: number,
    a: Float64Array,
    aAt: number,
    b: Float64Array,
    bAt: number,
    tiles: number,
    length: number,
    out: Float64Array,
  ): void;

  /** hi + lo at `at` ... += unit * units[unitsAt ...] * one row of such tiles, `stripAt` 0 or 4, `count` columns, in double-double. */
  addTiles(
    hi: Float64Array,
    lo: Float64Array,
    at: number,
    strip: Float64Array,
    stripAt: number,
    unit: number,
    units: Float64Array,
    unitsAt: number,
    count: number,
  ): void;

  /** out [rows, columns] = A B^T for panels of four interleaved lines of `depth` values; rows and columns are multiples of 4. */
  multiplyPanels(a: Float64Array, b: Float64Array, out: Float64Array, rows: number, columns: number, depth: number): void;

  /**
   * Remainders nearest to zero of `count` whole numbers (q [pieces][stride]: q_0 + fold1 q_1 + fold2 q_2, |q_p| <= 2^48) modulo an m
   * below 2^13, as 16-bit integers. q holds eight vectors of a panel, component by component; out has its components in pairs.
   */
  makeResidues(
    q: Float64Array,
    qAt: number,
    stride: number,
    pieces: number,
    count: number,
    modulus: number,
    fold1: number,
    fold2: number,
    out: Float64Array,
    outAt: number,
  ): void;

  /**
   * Inner products of one panel of `a` with `tiles` successive panels of `b`, added to tiles of 8 x 8 32-bit sums and reduced to
   * +-0.6 m. A panel is [pairs, 8 vectors, 2] such remainders, at most 64 pairs: 128 products of +-4095 stay below 2^31.
   */
  multiplyResidues(
    a: Float64Array,
    aAt: number,
    b: Float64Array,
    bAt: number,
    tiles: number,
    pairs: number,
    modulus: number,
    sums: Float64Array,
    sumsAt: number,
  ): void;

  /**
   * The integers of `count` (a multiple of 4) sets of remainders: sums [k moduli][stride] 32-bit, of which entry e of every row is one
   * set; they become digits. moduli [k]: m, 32-bit, and 1 / m, float32. inverses: 1 / m_l modulo m_i, 32-bit, at i (i - 1) / 2 + l.
   * out [count, words]: two's complement, least word first. (Garner; Knuth, The Art of Computer Programming 2, 4.3.2.)
   */
  mixedRadix(
    sums: Float64Array,
    sumsAt: number,
    stride: number,
    count: number,
    moduli: Float64Array,
    k: number,
    inverses: Float64Array,
    words: number,
    out: Float64Array,
  ): void;

  /** Over the packed lower triangle of size m: A -= v w^T + w v^T, and p += A q in the same pass. */
  sweepTriangle(a: Float64Array, m: number, v: Float64Array, w: Float64Array, q: Float64Array, p: Float64Array): void;

  /** For the rows i > k of a [rows, columns], from column k on: a_i -= x_i v + u_i y, then x_i = a_i . q, in the same pass. */
  sweepRows(
    a: Float64Array,
    rows: number,
    columns: number,
    k: number,
    x: Float64Array,
    v: Float64Array,
    u: Float64Array,
    y: Float64Array,
    q: Float64Array,
  ): void;

  /** y = sum over the rows i > k of u_i a_i, columns > k. */
  multiplyTransposed(a: Float64Array, rows: number, columns: number, k: number, u: Float64Array, y: Float64Array): void;

  /** x [columns, 4] becomes H_0 H_1 ... H_{count-1} x for reflectors in rows of `columns`, the v of H_k from column k on. */
  applyRowReflectors(reflectors: Float64Array, taus: Float64Array, count: number, columns: number, x: Float64Array): void;

  /** x [n, 4] becomes H_{n-1} ... H_1 x for packed reflectors: the v of H_i, of length i, at i (i + 1) / 2. */
  applyPackedReflectors(reflectors: Float64Array, taus: Float64Array, n: number, x: Float64Array): void;

  /** out [4] = |A v - lambda v|^2 of four v, the columns of x [n, 4], and four lambdas; A [n, n]. */
  residualSquares(a: Float64Array, n: number, x: Float64Array, lambdas: Float64Array, out: Float64Array): void;

  /** Row j of hi + lo [., n] minus, in double-double, r_mj times row m for start <= m < j; columns > j. */
  subtractRows(hi: Float64Array, lo: Float64Array, n: number, start: number, j: number): void;

  /** Rows i and i + 1 of z [., n] become c z_i - s z_{i+1} and s z_i + c z_{i+1}. */
  rotateRows(z: Float64Array, n: number, i: number, c: number, s: number): void;
}
