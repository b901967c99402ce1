/** Householder reduction of a wide matrix to lower bidiagonal form, R = U B V^T (Golub & Kahan 1965). */
import { makeReflector } from './householder';
import type { Steps } from './stepwise';
import { addScaled, dot } from './vector';

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
 * Reduces `a` [rows, columns], rows <= columns, row-major; it is overwritten. Rows should come graded, largest first, as pivoted
 * Cholesky leaves them: then small singular values keep their relative accuracy. The update by both reflectors of a step and the
 * first product of the next share a sweep. Pauses after each row.
 */
export function* bidiagonalize(a: Float64Array, rows: number, columns: number): Steps<Bidiagonal> {
  const diagonal = new Float64Array(rows);
  const subDiagonal = new Float64Array(Math.max(0, rows - 1));
  const taus = new Float64Array(rows);
  // Pending update of rows >= k: a_ij -= x_i v_j + u_i y_j.
  const x = new Float64Array(rows);
  const u = new Float64Array(rows);
  let v: Float64Array = new Float64Array(columns);
  const y = new Float64Array(columns);
  for (let k = 0; k < rows; k++) {
    const row = k * columns;
    if (k > 0) for (let j = k; j < columns; j++) a[row + j]! -= x[k]! * v[j]! + u[k]! * y[j]!;
    const right = makeReflector(a, row + k, columns - k, 0);
    diagonal[k] = right.beta;
    taus[k] = right.tau;
    if (k === rows - 1) break;
    const next = a.subarray(row, row + columns);
    updateAndMultiply(a, rows, columns, k, x, v, u, y, next);
    for (let i = k + 1; i < rows; i++) {
      x[i]! *= right.tau;
      u[i] = a[i * columns + k]! - x[i]!;
    }
    const left = makeReflector(u, k + 1, rows - k - 1, 0);
    subDiagonal[k] = left.beta;
    multiplyTransposed(a, rows, columns, k, u, y);
    addScaled(y, k + 1, -dot(x, k + 1, u, k + 1, rows - k - 1), next, k + 1, columns - k - 1);
    for (let i = k + 1; i < rows; i++) u[i]! *= left.tau;
    v = next;
    yield;
  }
  return { diagonal, subDiagonal, reflectors: a, taus, columns };
}

/** For rows i > k: a_i -= x_i v + u_i y (columns >= k; nothing is pending at k = 0), then x_i = a_i . next; two rows at a time. */
function updateAndMultiply(
  a: Float64Array,
  rows: number,
  columns: number,
  k: number,
  x: Float64Array,
  v: Float64Array,
  u: Float64Array,
  y: Float64Array,
  next: Float64Array,
): void {
  for (let i = k + 1; i < rows; i += 2) {
    // An odd last row is taken with itself.
    const i1 = Math.min(i + 1, rows - 1);
    const r0 = i * columns;
    const r1 = i1 * columns;
    const x0 = x[i]!;
    const u0 = u[i]!;
    const x1 = x[i1]!;
    const u1 = u[i1]!;
    let s0 = 0;
    let s1 = 0;
    for (let j = k; j < columns; j++) {
      const vj = v[j]!;
      const yj = y[j]!;
      const nj = next[j]!;
      const p = a[r0 + j]! - (x0 * vj + u0 * yj);
      const q = a[r1 + j]! - (x1 * vj + u1 * yj);
      a[r0 + j] = p;
      a[r1 + j] = q;
      s0 += p * nj;
      s1 += q * nj;
    }
    x[i] = s0;
    x[i1] = s1;
  }
}

/** y = sum over rows i > k of u_i a_i, columns > k; two rows at a time. */
function multiplyTransposed(a: Float64Array, rows: number, columns: number, k: number, u: Float64Array, y: Float64Array): void {
  y.fill(0);
  let i = k + 1;
  if ((rows - i) & 1) {
    for (let j = k + 1; j < columns; j++) y[j] = u[i]! * a[i * columns + j]!;
    i++;
  }
  for (; i < rows; i += 2) {
    const r0 = i * columns;
    const r1 = r0 + columns;
    const u0 = u[i]!;
    const u1 = u[i + 1]!;
    for (let j = k + 1; j < columns; j++) y[j]! += u0 * a[r0 + j]! + u1 * a[r1 + j]!;
  }
}

/** x [columns] becomes V x. */
export function applyV(b: Bidiagonal, x: Float64Array): void {
  const { reflectors, taus, columns } = b;
  for (let k = taus.length - 1; k >= 0; k--) {
    const row = k * columns;
    const length = columns - k;
    addScaled(x, k, -taus[k]! * dot(reflectors, row + k, x, k, length), reflectors, row + k, length);
  }
}
