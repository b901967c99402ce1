/** Householder reduction of a symmetric matrix to tridiagonal form, A = Q T Q^T (after EISPACK tred2: last row first). */
import { makeReflector } from './householder';
import { packedLower } from './scaling';
import type { Steps } from './stepwise';
import { dot } from './vector';
import type { Workspace } from './workspace';

export interface Tridiagonal {
  /** Diagonal of T [n]. */
  readonly diagonal: Float64Array;
  /** Off-diagonal of T [n - 1]: entry i couples i and i + 1. */
  readonly offDiagonal: Float64Array;
  /** Packed rows, row i at i (i + 1) / 2: its first i entries are the v of H_i = I - tau_i v v^T; Q = H_{n-1} ... H_1. */
  readonly reflectors: Float64Array;
  readonly taus: Float64Array;
}

/**
 * Reduces 2^exponent times the matrix `full` [n, n], row-major, of which only the lower triangle is read; the scaled entries should
 * be near 1, so that squares stay in range. The work is done on packed rows, which use a cache evenly. Each step reads and writes
 * the matrix once: the rank-two update of one step and the matrix-vector product of the next share a sweep. The result lives in
 * `work`. Pauses after each row.
 */
export function* tridiagonalize(full: Float64Array, n: number, exponent: number, work: Workspace): Steps<Tridiagonal> {
  const a = packedLower(full, n, exponent, work.array((n * (n + 1)) / 2));
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(Math.max(0, n - 1));
  const taus = work.zeros(n);
  // The update that is pending; none at first.
  let v = work.zeros(n);
  let w = work.zeros(n);
  let q = work.zeros(n);
  let p = work.zeros(n);
  for (let i = n - 1; i >= 0; i--) {
    // Row i gets the pending update A -= v w^T + w v^T, then gives the next reflector.
    const row = (i * (i + 1)) / 2;
    if (i < n - 1) for (let j = 0; j <= i; j++) a[row + j]! -= v[i]! * w[j]! + w[i]! * v[j]!;
    diagonal[i] = a[row + i]!;
    if (i === 0) break;
    const { tau, beta } = makeReflector(a, row, i, i - 1);
    taus[i] = tau;
    offDiagonal[i - 1] = beta;
    for (let j = 0; j < i; j++) q[j] = a[row + j]!;
    p.fill(0, 0, i);
    work.loops.sweepTriangle(a, i, v, w, q, p);
    // w = tau p - (tau^2 / 2)(p . v) v
    const half = 0.5 * tau * tau * dot(p, 0, q, 0, i);
    for (let j = 0; j < i; j++) p[j] = tau * p[j]! - half * q[j]!;
    [v, q] = [q, v];
    [w, p] = [p, w];
    yield;
  }
  return { diagonal, offDiagonal, reflectors: a, taus };
}

/** Words of a workspace that `tridiagonalize` needs. */
export function tridiagonalWords(n: number): number {
  return (n * (n + 1)) / 2 + 5 * n;
}

/** x [n, 4], an array of the same workspace, becomes Q x. */
export function applyQ(t: Tridiagonal, work: Workspace, x: Float64Array): void {
  work.loops.applyPackedReflectors(t.reflectors, t.taus, t.diagonal.length, x);
}
