/** The upper triangle of a symmetric matrix of pairs, in the whole square or in half its room. */

/** Rows of a block: as many as a blocked factorisation takes at a time. */
export const BLOCK = 48;

export interface Triangle {
  readonly n: number;
  readonly hi: Float64Array;
  readonly lo: Float64Array;
  /** Entry (i, j), j >= i, of hi and of lo is at rowAt(i) + j. */
  rowAt(i: number): number;
  /** The block that begins with row `start`, a multiple of BLOCK: its entry (i, j) is at base + (i - origin) stride + j - origin. */
  block(start: number): { base: number; origin: number; stride: number };
}

/** The upper half of matrices [n, n]. */
export function squareTriangle(hi: Float64Array, lo: Float64Array, n: number): Triangle {
  return { n, hi, lo, rowAt: (i) => i * n, block: () => ({ base: 0, origin: 0, stride: n }) };
}

/** Blocks of rows one after the other, each from its own diagonal on: [BLOCK, n], [BLOCK, n - BLOCK], ... */
export function staircase(hi: Float64Array, lo: Float64Array, n: number): Triangle {
  const block = (start: number) => ({ base: staircaseWords(n, start), origin: start, stride: n - start });
  const starts = Float64Array.from({ length: n }, (_, i) => {
    const { base, origin, stride } = block(i - (i % BLOCK));
    return base + (i - origin) * stride - origin;
  });
  return { n, hi, lo, rowAt: (i) => starts[i]!, block };
}

/** Words of the first `rows` rows of a staircase. */
export function staircaseWords(n: number, rows = n): number {
  const whole = Math.floor(rows / BLOCK);
  return BLOCK * (whole * n - (BLOCK * (whole * (whole - 1))) / 2) + (rows - whole * BLOCK) * (n - whole * BLOCK);
}

/** The first `rows` rows of hi of a staircase as a matrix [rows, n] at the beginning of `words`, where they are; zeros left of the diagonal. */
export function unfold({ n, rowAt }: Triangle, words: Float64Array, rows: number): Float64Array {
  // A row moves up, beyond the ends of all before it.
  for (let i = rows - 1; i >= 0; i--) {
    words.copyWithin(i * n + i, rowAt(i) + i, rowAt(i) + n);
    words.fill(0, i * n, i * n + i);
  }
  return words.subarray(0, rows * n);
}
