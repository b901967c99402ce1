/**
 * Complete orthogonal factorisation A = L^T M R of a matrix that may lack rank: L and R have orthonormal rows, M is triangular
 * (Golub & Van Loan, Matrix Computations, 4th ed., 5.4.2 and 5.4.7). Householder QR with column pivoting, then QR of what it left.
 */
import { addScaled, dot } from './vector';

export interface OrthogonalFactor {
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  /** |R_kk| of the pivoted QR for every k it came to, descending: within a modest factor of the singular values. */
  readonly diagonal: Float64Array;
  /** What is left of c [rows] outside the range of A, or outside the first `count` vectors of its orthonormal basis. */
  outside(c: Float64Array, count?: number): Float64Array;
  /** The shortest x [columns] with A x closest to c [rows]. */
  solve(c: Float64Array): Float64Array;
}

/**
 * @param lines the columns of A one after the other, [columns, rows]
 * @param cut |R_kk| at or under `cut(|R_00|)` counts as zero
 * @param keep how far the basis of `outside` goes on: down to |R_kk| > keep(|R_00|) <= cut
 */
export function orthogonalFactor(
  lines: Float64Array,
  rows: number,
  columns: number,
  cut: (largest: number) => number,
  keep: (largest: number) => number = cut,
): OrthogonalFactor {
  const a = lines.slice();
  const { taus, permutation, diagonal } = pivotedQr(a, rows, columns, keep);
  const kept = diagonal.length;
  const threshold = diagonal.length > 0 ? cut(diagonal[0]!) : 0;
  const found = diagonal.findIndex((x) => !(x > threshold));
  const rank = found < 0 ? kept : found;
  // R [rank, columns] has its row k in the k-th entries of the columns; its transpose is factored again.
  const r = new Float64Array(rank * columns);
  for (let k = 0; k < rank; k++) for (let j = k; j < columns; j++) r[k * columns + j] = a[j * rows + k]!;
  const rightTaus = new Float64Array(rank);
  for (let k = 0; k < rank; k++) {
    rightTaus[k] = reflect(r, k * columns + k, columns - k);
    for (let j = k + 1; j < rank; j++) applyReflector(r, k * columns + k, columns - k, rightTaus[k]!, r, j * columns + k);
  }
  return {
    rows,
    columns,
    rank,
    diagonal,
    outside(c, count = rank) {
      const x = c.slice();
      for (let k = 0; k < Math.min(count, kept); k++) applyReflector(a, k * rows + k, rows - k, taus[k]!, x, k);
      x.fill(0, 0, Math.min(count, kept));
      for (let k = Math.min(count, kept) - 1; k >= 0; k--) applyReflector(a, k * rows + k, rows - k, taus[k]!, x, k);
      return x;
    },
    solve(c) {
      const y = c.slice();
      for (let k = 0; k < rank; k++) applyReflector(a, k * rows + k, rows - k, taus[k]!, y, k);
      // M is lower triangular: row j in the first entries of line j of r.
      const z = new Float64Array(columns);
      for (let j = 0; j < rank; j++) {
        let rest = y[j]!;
        for (let k = 0; k < j; k++) rest -= r[j * columns + k]! * z[k]!;
        z[j] = rest / r[j * columns + j]!;
      }
      for (let k = rank - 1; k >= 0; k--) applyReflector(r, k * columns + k, columns - k, rightTaus[k]!, z, k);
      const x = new Float64Array(columns);
      permutation.forEach((from, j) => (x[from] = z[j]!));
      return x;
    },
  };
}

/**
 * In place: reflector k lies in column k from entry k + 1 on (its first entry is 1 and is not stored), R above and on the diagonal.
 * Column norms are computed afresh at every step that could have lost half their digits.
 */
function pivotedQr(a: Float64Array, rows: number, columns: number, keep: (largest: number) => number) {
  const permutation = Int32Array.from({ length: columns }, (_, j) => j);
  const norms = Float64Array.from(permutation, (j) => norm(a, j * rows, rows));
  const exact = norms.slice();
  const taus: number[] = [];
  const diagonal: number[] = [];
  for (let k = 0; k < Math.min(rows, columns); k++) {
    let pivot = k;
    for (let j = k + 1; j < columns; j++) if (norms[j]! > norms[pivot]!) pivot = j;
    if (!(norms[pivot]! > keep(diagonal[0] ?? norms[pivot]!))) break;
    if (pivot !== k) {
      swapLines(a, rows, k, pivot);
      for (const list of [norms, exact, permutation]) [list[k], list[pivot]] = [list[pivot]!, list[k]!];
    }
    const tau = reflect(a, k * rows + k, rows - k);
    taus.push(tau);
    diagonal.push(Math.abs(a[k * rows + k]!));
    for (let j = k + 1; j < columns; j++) {
      applyReflector(a, k * rows + k, rows - k, tau, a, j * rows + k);
      const rest = norms[j]! ** 2 - a[j * rows + k]! ** 2;
      if (rest > 1e-8 * exact[j]! ** 2) norms[j] = Math.sqrt(rest);
      else norms[j] = exact[j] = norm(a, j * rows + k + 1, rows - k - 1);
    }
  }
  return { taus: Float64Array.from(taus), permutation, diagonal: Float64Array.from(diagonal) };
}

/**
 * Turns x = a[at ...] into (beta, v_1, v_2, ...) with H x = beta e_0 for H = I - tau v v^T, v_0 = 1; returns tau.
 */
function reflect(a: Float64Array, at: number, length: number): number {
  const size = norm(a, at, length);
  const x = a[at]!;
  const below = norm(a, at + 1, length - 1);
  if (below === 0) return 0;
  const beta = x > 0 ? -size : size;
  for (let i = at + 1; i < at + length; i++) a[i]! /= x - beta;
  a[at] = beta;
  return (beta - x) / beta;
}

/** x[to ...] becomes H x for the reflector stored at v[at ...]. */
function applyReflector(v: Float64Array, at: number, length: number, tau: number, x: Float64Array, to: number): void {
  if (tau === 0) return;
  const s = tau * (x[to]! + dot(v, at + 1, x, to + 1, length - 1));
  x[to]! -= s;
  addScaled(x, to + 1, -s, v, at + 1, length - 1);
}

/** 2-norm, relative to the largest entry, so that nothing over- or underflows. */
function norm(a: Float64Array, at: number, length: number): number {
  let largest = 0;
  for (let i = at; i < at + length; i++) largest = Math.max(largest, Math.abs(a[i]!));
  if (largest === 0 || !Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let i = at; i < at + length; i++) sum += (a[i]! / largest) ** 2;
  return largest * Math.sqrt(sum);
}

function swapLines(a: Float64Array, length: number, i: number, j: number): void {
  const line = a.slice(i * length, (i + 1) * length);
  a.copyWithin(i * length, j * length, (j + 1) * length);
  a.set(line, j * length);
}
