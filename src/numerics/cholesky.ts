/** Diagonally pivoted Cholesky factorisation in double-double: P^T G P = R^T R with R upper trapezoidal, graded by its rows. */
import { DOUBLE_DOUBLE_ROUNDOFF, ddDiv, ddSqrt } from './double-double';
import { addProducts, productWords } from './exact-products';
import type { Vectors } from './product-blocks';
import type { Steps } from './stepwise';
import { BLOCK, squareTriangle } from './triangle';
import type { Triangle } from './triangle';
import type { Workspace } from './workspace';

export interface PivotedCholesky {
  /** R [rank, n], row-major, in the memory of `hi`, rounded to float64 (which moves its singular values by a few 2^-53 of themselves). */
  readonly factor: Float64Array;
  /** What R has beyond float64, in the memory of `lo`; only entries on and above the diagonal mean something. */
  readonly tails: Float64Array;
  readonly rank: number;
  /** Column j of R belongs to row and column permutation[j] of G. */
  readonly permutation: Int32Array;
}

/** Factors G = hi + lo [n, n], arrays of the workspace that are overwritten: `factorTriangle` of whole squares. */
export function* pivotedCholesky(
  hi: Float64Array,
  lo: Float64Array,
  n: number,
  roundoff: number,
  work: Workspace,
): Steps<PivotedCholesky> {
  const { rank, permutation } = yield* factorTriangle(squareTriangle(hi, lo, n), roundoff, work);
  const factor = hi.subarray(0, rank * n);
  for (let i = 0; i < rank; i++) factor.fill(0, i * n, i * n + i);
  return { factor, tails: lo.subarray(0, rank * n), rank, permutation };
}

/**
 * Factors the matrix in place (blocked as LAPACK's dpstrf, Lucas 2004): BLOCK rows, then the rest is updated with them. The first `rank`
 * rows are those of R. A column is spent, and its remainder exactly zero, when its pivot has fallen below 16 (n + 16) roundoffs of its
 * own diagonal entry or n roundoffs of the largest: what is left there is rounding. max|hi| near 1 is expected. `tell` is told how many rows are done.
 */
export function* factorTriangle(
  T: Triangle,
  roundoff: number,
  work: Workspace,
  tell?: (rows: number) => void,
): Steps<Pick<PivotedCholesky, 'rank' | 'permutation'>> {
  const { n, hi, lo, rowAt } = T;
  const permutation = Int32Array.from({ length: n }, (_, i) => i);
  const pivots = { hi: work.array(n), lo: work.array(n) };
  for (let i = 0; i < n; i++) {
    pivots.hi[i] = hi[rowAt(i) + i]!;
    pivots.lo[i] = lo[rowAt(i) + i]!;
  }
  const unit = Math.max(roundoff, DOUBLE_DOUBLE_ROUNDOFF);
  const largest = pivots.hi.reduce((a, b) => Math.max(a, b), 0);
  const floors = Float64Array.from(pivots.hi, (g) => unit * Math.max(16 * (n + 16) * g, n * largest));
  let rank = 0;
  // The permutation as it was when each block of rows was done.
  const orders: Int32Array[] = [];
  for (let start = 0; rank === start; start += BLOCK) {
    const end = Math.min(start + BLOCK, n);
    const { base, origin, stride } = T.block(start);
    const [rowsHi, rowsLo] = [hi.subarray(base), lo.subarray(base)];
    for (; rank < end; rank++) {
      const pivot = largestPivot(pivots.hi, floors, rank);
      if (pivot < 0) break;
      if (pivot !== rank) {
        for (const words of [hi, lo]) swapColumns(words, rowAt, n, start, rank, pivot);
        for (const list of [pivots.hi, pivots.lo, floors, permutation]) [list[rank], list[pivot]] = [list[pivot]!, list[rank]!];
      }
      work.loops.subtractRows(rowsHi, rowsLo, stride, start - origin, rank - origin);
      factorRow(T, rank, pivots, work);
      yield;
    }
    tell?.(end);
    if (rank < end || rank === n) break;
    orders.push(permutation.slice());
    const rows: Vectors = {
      values: hi, tails: lo, offset: rowAt(start) + end, count: n - end, length: end - start, vectorStride: 1, componentStride: stride,
    };
    yield* addProducts({ hi, lo, rowAt: (i) => rowAt(end + i) + end }, rows, rows, -1, work);
  }
  // Rows of earlier blocks are only read as R: their columns follow once, at the end.
  orders.forEach((order, block) => {
    for (const words of [hi, lo]) reorderColumns(words, rowAt, n, block * BLOCK, (block + 1) * BLOCK, order, permutation);
  });
  return { rank, permutation };
}

/** The largest pivot above its floor, from index `from` on; -1 where there is none. */
export function largestPivot(pivots: Float64Array, floors: Float64Array, from: number): number {
  let best = -1;
  for (let i = from; i < pivots.length; i++) {
    if (pivots[i]! > floors[i]! && (best < 0 || pivots[i]! > pivots[best]!)) best = i;
  }
  return best;
}

type RowAt = (i: number) => number;

/** Exchanges rows and columns j < p of the symmetric matrix kept in the upper triangle, and columns j, p of rows start ... j. */
export function swapColumns(s: Float64Array, rowAt: RowAt, n: number, start: number, j: number, p: number): void {
  for (let m = start; m < j; m++) swap(s, rowAt(m) + j, rowAt(m) + p);
  for (let i = j + 1; i < p; i++) swap(s, rowAt(j) + i, rowAt(i) + p);
  for (let i = p + 1; i < n; i++) swap(s, rowAt(j) + i, rowAt(p) + i);
  swap(s, rowAt(j) + j, rowAt(p) + p);
}

/** Rows from ... to of `s`, whose columns beyond `to` are in the order `before`, get them in the order `after`. */
function reorderColumns(s: Float64Array, rowAt: RowAt, n: number, from: number, to: number, before: Int32Array, after: Int32Array): void {
  const places = new Int32Array(n);
  for (let j = to; j < n; j++) places[before[j]!] = j;
  const sources = after.map((column) => places[column]!);
  const old = new Float64Array(n);
  for (let i = from; i < to; i++) {
    const row = rowAt(i);
    for (let j = to; j < n; j++) old[j] = s[row + j]!;
    for (let j = to; j < n; j++) s[row + j] = old[sources[j]!]!;
  }
}

function swap(s: Float64Array, x: number, y: number): void {
  const t = s[x]!;
  s[x] = s[y]!;
  s[y] = t;
}

/** Words of a workspace that `pivotedCholesky` needs besides its matrix. */
export function choleskyWords(n: number): number {
  const rows = { count: n, length: BLOCK };
  return 2 * n + productWords(rows, rows);
}

type Pairs = { readonly hi: Float64Array; readonly lo: Float64Array };

/** Row j of R from row j of S; then the pivots of the later columns. */
function factorRow({ n, hi, lo, rowAt }: Triangle, j: number, pivots: Pairs, work: Workspace): void {
  const at = rowAt(j) + j;
  const diagonal = ddSqrt({ hi: pivots.hi[j]!, lo: pivots.lo[j]! });
  const inverse = ddDiv({ hi: 1, lo: 0 }, diagonal);
  hi[at] = diagonal.hi;
  lo[at] = diagonal.lo;
  work.loops.scaleRow(hi, lo, at + 1, n - j - 1, inverse.hi, inverse.lo, pivots.hi, pivots.lo, j + 1);
}
