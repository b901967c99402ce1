/**
 * The seam under the dense algorithms: their inner loops, written twice, in TypeScript (loops/) and in WebAssembly with SIMD (wasm/).
 * Both do the same operations in the same order, sums in two or four partial sums as the lanes of a register have it, so a result has
 * the same bits whichever of them ran. WebAssembly with relaxed SIMD may round a product and a sum at once: it is used where products
 * are exact in float64, so that once and twice are the same.
 *
 * WebAssembly sees one memory only: the arrays that a loop is given come from the workspace of that loop (workspace.ts).
 */
export interface HotLoops {
  /**
   * The five slices (slices.ts) of vectors times their inverse units, in panels of four as `multiplyPanels` reads them, at
   * out[k * plane ...]. Component k of vector i is values[k * width + i], plus tails[same] where `paired` is 1; width is a multiple of 4.
   */
  sliceVectors(
    values: Float64Array,
    tails: Float64Array,
    paired: number,
    inverses: Float64Array,
    width: number,
    length: number,
    out: Float64Array,
    plane: number,
  ): void;

  /**
   * hi + lo at `at` ... += unit * units[unitsAt ...] * what the five sums of products of slices (slices.ts) amount to, in
   * double-double. Sum k of column j is sums[sumsAt + k * plane + j].
   */
  addSlices(
    hi: Float64Array,
    lo: Float64Array,
    at: number,
    sums: Float64Array,
    sumsAt: number,
    plane: number,
    unit: number,
    units: Float64Array,
    unitsAt: number,
    count: number,
  ): void;

  /** out [rows, columns] = A B^T for panels of four interleaved lines of `depth` values; rows and columns are multiples of 4. */
  multiplyPanels(a: Float64Array, b: Float64Array, out: Float64Array, rows: number, columns: number, depth: number): void;

  /**
   * The same product by multiply-adds that may be rounded once, as the processor has it. The same bits as `multiplyPanels` where all
   * products of components are exact in float64, since then both round the sum alone; else the bits of this machine only.
   */
  multiplyPanelsRelaxed(a: Float64Array, b: Float64Array, out: Float64Array, rows: number, columns: number, depth: number): void;

  /**
   * `multiplyPanels`, subtracted from a matrix [rows, columns] inside `out`, rows `stride` apart. Panels that are filled up with zero
   * lines change nothing beyond its edges, but room for whole tiles must be there.
   */
  subtractPanels(
    a: Float64Array,
    b: Float64Array,
    out: Float64Array,
    at: number,
    stride: number,
    rows: number,
    columns: number,
    depth: number,
  ): void;

  /** `subtractPanels` by such multiply-adds. */
  subtractPanelsRelaxed(
    a: Float64Array,
    b: Float64Array,
    out: Float64Array,
    at: number,
    stride: number,
    rows: number,
    columns: number,
    depth: number,
  ): void;

  /**
   * Looks at `length` more components of `width` (even) vectors: component k of vector i is values[k * width + i]. For each vector
   * `largest` is the largest magnitude so far, NaN where there was one, `lowest` the lowest bit of any number other than zero, as the power
   * of two that it is, and `energy` the sum of squares.
   */
  spanVectors(values: Float64Array, width: number, length: number, largest: Float64Array, lowest: Float64Array, energy: Float64Array): void;

  /**
   * Integers for the lanes first ... first + count (multiples of 8) of panels of eight: lane i is vector order[i] (32-bit; values as for
   * `spanVectors`) times factors[i] times factors[lanes + i], cut towards zero. In `pieces` planes of q, lane i at
   * [panel][component][i mod 8]: q_0 + 2^48 q_1 + 2^83 q_2, where the first two are below 2^48 and 2^35.
   */
  packIntegers(
    values: Float64Array,
    width: number,
    order: Float64Array,
    factors: Float64Array,
    lanes: number,
    first: number,
    count: number,
    length: number,
    pieces: number,
    q: Float64Array,
    plane: number,
  ): void;

  /**
   * Remainders nearest to zero of `count` whole numbers (q [pieces][stride]: q_0 + fold1 q_1 + fold2 q_2, as `packIntegers` makes them,
   * fold_p the remainders of 2^48 and 2^83) modulo an m below 2^14, as 16-bit integers. q holds eight vectors of a panel, component by component; out has its
   * components in pairs.
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
   * Inner products of successive panels, from `at` on, with themselves and those after them, added to tiles of 8 x 8 32-bit sums and reduced to
   * +-0.6 m: `rows` rows of tiles, of which row i has width - i, and the first across[acrossAt + i] (32-bit) of these are made. A panel is
   * [pairs, 8 vectors, 2] such remainders, at most 64 pairs: 128 products of +-4095 stay below 2^31.
   */
  multiplyResidues(
    panels: Float64Array,
    at: number,
    across: Float64Array,
    acrossAt: number,
    rows: number,
    width: number,
    pairs: number,
    modulus: number,
    sums: Float64Array,
    sumsAt: number,
  ): void;

  /**
   * `count` remainders modulo a multiple of `modulus`, |r| < 2^13, as `makeResidues` leaves them, modulo a number up to 128: as bytes within
   * +-0.625 m in `left`, and of 0 ... m - 1 in `right`; components in fours, so that there must be a multiple of four.
   */
  splitResidues(
    residues: Float64Array,
    at: number,
    count: number,
    modulus: number,
    left: Float64Array,
    leftAt: number,
    right: Float64Array,
    rightAt: number,
  ): void;

  /**
   * The same of bytes, not reduced: products of panels from `at` on with those from `otherAt` on. A panel is [fours, 8 vectors, 4] bytes, of
   * which the others are not negative.
   */
  multiplyBytes(
    panels: Float64Array,
    at: number,
    otherAt: number,
    across: Float64Array,
    acrossAt: number,
    rows: number,
    width: number,
    fours: number,
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

  /**
   * `count` (a multiple of 4) integers out of such sums, within +-2^31, as hi + lo within 2^-105 of the integer: the Chinese remainder
   * theorem, by sums of products that are exact in float64. constants: for each modulus m and the product M
   * of all: m and (M / m)^-1 modulo m, 32-bit, with 1 / m, float32, between them; 1 / m, float64; M / m in `digits` digits of 36 bits, float64,
   * least first; after all of them M likewise, and room for 4 (k + `digits`) words. The same bits for more moduli than needed.
   */
  residuePairs(
    sums: Float64Array,
    sumsAt: number,
    stride: number,
    count: number,
    constants: Float64Array,
    k: number,
    digits: number,
    hi: Float64Array,
    lo: Float64Array,
  ): void;

  /**
   * Eight rows of entries [8, 8 tiles] out of tiles of 8 x 8 pairs, one after the other: entry (i, j) times the factors of vectors row + i and
   * column + j, which are products of two, factors[same] and factors[vectors + same], turn by turn: one makes up for the other.
   */
  placeTiles(
    hi: Float64Array,
    lo: Float64Array,
    tiles: number,
    factors: Float64Array,
    vectors: number,
    row: number,
    column: number,
    outHi: Float64Array,
    outLo: Float64Array,
  ): void;

  /**
   * p [m] = A q for a symmetric matrix [m, m] of which the lower triangle is read, rows `stride` apart; from the last rows to the first
   * where `upwards` is 1. A matrix that is larger than a cache is best read to and fro: what was read last is still there.
   */
  multiplyTriangle(a: Float64Array, stride: number, m: number, upwards: number, q: Float64Array, p: Float64Array): void;

  /**
   * One step of a bidiagonal reduction, a [rows, columns], from column k on. For each row i > k: a_i -= x_i v + u_i y; then
   * x_i = tau a_i . q, u_i = a_ik - x_i; and z = sum of u_i a_i.
   */
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
    tau: number,
    z: Float64Array,
  ): void;

  /** y_i = a_i . x for `rows` rows of `length`, the first at `at`, `stride` apart. */
  multiplyRows(
    a: Float64Array,
    at: number,
    rows: number,
    stride: number,
    length: number,
    x: Float64Array,
    xAt: number,
    y: Float64Array,
    yAt: number,
  ): void;

  /** y [length] += sum of c_i a_i over such rows. */
  addRows(
    a: Float64Array,
    at: number,
    rows: number,
    stride: number,
    length: number,
    c: Float64Array,
    cAt: number,
    y: Float64Array,
    yAt: number,
  ): void;

  /**
   * Replaces x = a[at .. at + length) by v such that H x = beta e_pivot for H = I - tau v v^T, v_pivot = 1; `pivot` counts from `at`.
   * out: tau, beta. The norm has full relative accuracy at any size, so that tiny rows of a graded matrix keep their digits.
   */
  makeReflector(a: Float64Array, at: number, length: number, pivot: number, out: Float64Array): void;

  /** The first `count` columns of `rows` rows, the first at `at`, `stride` apart, as panels (panels.ts); zeros fill up the last one. */
  packRows(a: Float64Array, at: number, rows: number, stride: number, count: number, out: Float64Array): void;

  /** x [columns, 4] becomes H_0 H_1 ... H_{count-1} x for reflectors in rows of `columns`, the v of H_k from column k on. */
  applyRowReflectors(reflectors: Float64Array, taus: Float64Array, count: number, columns: number, x: Float64Array): void;

  /** x [n, 4] becomes H_{n-1} ... H_1 x for reflectors in rows `stride` apart: the v of H_i, of length i, from column 0 on. */
  applyLowerReflectors(reflectors: Float64Array, taus: Float64Array, n: number, stride: number, x: Float64Array): void;

  /** out [4] = |A v - lambda v|^2 of four v, the columns of x [n, 4], and four lambdas; A [n, n]. */
  residualSquares(a: Float64Array, n: number, x: Float64Array, lambdas: Float64Array, out: Float64Array): void;

  /** y [columns, 4] += A^T A x for A [rows, columns] and x [columns, 4]; rows is a multiple of 4. */
  multiplyGram(a: Float64Array, rows: number, columns: number, x: Float64Array, y: Float64Array): void;

  /** Row j of hi + lo [., n] minus, in double-double, r_mj times row m for start <= m < j; columns > j. */
  subtractRows(hi: Float64Array, lo: Float64Array, n: number, start: number, j: number): void;

  /** r = hi + lo at `at` ... [count] times scale + scaleLo, and rest + restLo at restAt ... -= r^2, in double-double. */
  scaleRow(
    hi: Float64Array,
    lo: Float64Array,
    at: number,
    count: number,
    scale: number,
    scaleLo: number,
    rest: Float64Array,
    restLo: Float64Array,
    restAt: number,
  ): void;

  /** Rows i and i + 1 of z [., n] become c z_i - s z_{i+1} and s z_i + c z_{i+1}. */
  rotateRows(z: Float64Array, n: number, i: number, c: number, s: number): void;
}
