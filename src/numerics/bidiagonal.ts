/** Householder reduction of a wide matrix to lower bidiagonal form, R = U B V^T (Golub & Kahan 1965). */
import type { Steps } from './stepwise';
import { dot } from './vector';
import type { Workspace } from './workspace';

export interface Bidiagonal {
  /** Diagonal of B [rows]. */
  readonly diagonal: Float64Array;
  /** Below the diagonal [rows - 1]: entry k is B[k + 1, k]. */
  readonly subDiagonal: Float64Array;
  /** Row k of [rows, columns] holds, from column k on, the v of H_k = I - tau_k v v^T; V = H_0 H_1 ... */
  readonly reflectors: Float64Array;
  readonly taus: Float64Array;
  readonly columns: number;
}

/**
 * Reduces `a` [rows, columns], rows <= columns, row-major, an array of `work`; it is overwritten. Rows should come graded, largest first, as pivoted
 * Cholesky leaves them: then small singular values keep their relative accuracy. A step reads and writes the matrix once: the update
 * by both reflectors of the step before, the product A v and the product A^T u share a sweep, u before it is divided by its pivot.
 * Pauses after each row.
 */
export function* bidiagonalize(a: Float64Array, rows: number, columns: number, work: Workspace): Steps<Bidiagonal> {
  const diagonal = new Float64Array(rows);
  const subDiagonal = new Float64Array(Math.max(0, rows - 1));
  const taus = work.zeros(rows);
  // Pending update of rows >= k: a_ij -= x_i v_j + u_i y_j; none at first.
  const x = work.zeros(rows);
  const u = work.zeros(rows);
  let v = work.zeros(columns);
  const y = work.zeros(columns);
  const z = work.array(columns);
  const reflector = work.array(2);
  const { loops } = work;
  for (let k = 0; k < rows; k++) {
    const row = k * columns;
    if (k > 0) for (let j = k; j < columns; j++) a[row + j]! -= x[k]! * v[j]! + u[k]! * y[j]!;
    loops.makeReflector(a, row + k, columns - k, 0, reflector);
    taus[k] = reflector[0]!;
    diagonal[k] = reflector[1]!;
    if (k === rows - 1) break;
    const next = a.subarray(row, row + columns);
    loops.sweepRows(a, rows, columns, k, x, v, u, y, next, taus[k]!, z);
    const first = u[k + 1]!;
    loops.makeReflector(u, k + 1, rows - k - 1, 0, reflector);
    const [tau, beta] = [reflector[0]!, reflector[1]!];
    subDiagonal[k] = beta;
    // y = (A - x v^T)^T u; the pivot of u was `first` in the sweep and is first - beta before the division.
    const scale = tau === 0 ? Infinity : first - beta;
    const along = dot(x, k + 1, u, k + 1, rows - k - 1);
    for (let j = k + 1; j < columns; j++) y[j] = (z[j]! - beta * a[row + columns + j]!) / scale - along * next[j]!;
    for (let i = k + 1; i < rows; i++) u[i]! *= tau;
    v = next;
    yield;
  }
  return { diagonal, subDiagonal, reflectors: a, taus, columns };
}

/** Words of a workspace that `bidiagonalize` needs besides its matrix. */
export function bidiagonalWords(rows: number, columns: number): number {
  return 3 * rows + 3 * columns + 2;
}

/** x [columns, 4], an array of the same workspace, becomes V x. */
export function applyV(b: Bidiagonal, work: Workspace, x: Float64Array): void {
  work.loops.applyRowReflectors(b.reflectors, b.taus, b.taus.length, b.columns, x);
}
