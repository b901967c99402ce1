/** Householder reduction of a symmetric matrix to tridiagonal form, A = Q T Q^T (after EISPACK tred2: last row first). */
import { makeReflector } from './householder';
import { packedLower } from './scaling';
import type { Steps } from './stepwise';
import { addScaled, dot } from './vector';

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
 * the matrix once: the rank-two update of one step and the matrix-vector product of the next share a sweep. Pauses after each row.
 */
export function* tridiagonalize(full: Float64Array, n: number, exponent: number): Steps<Tridiagonal> {
  const a = packedLower(full, n, exponent);
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(Math.max(0, n - 1));
  const taus = new Float64Array(n);
  let v = new Float64Array(n);
  let w = new Float64Array(n);
  let q = new Float64Array(n);
  let p = new Float64Array(n);
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
    sweep(a, i, v, w, q, p, i < n - 1);
    // w = tau p - (tau^2 / 2)(p . v) v
    const half = 0.5 * tau * tau * dot(p, 0, q, 0, i);
    for (let j = 0; j < i; j++) p[j] = tau * p[j]! - half * q[j]!;
    [v, q] = [q, v];
    [w, p] = [p, w];
    yield;
  }
  return { diagonal, offDiagonal, reflectors: a, taus };
}

/** Over the lower triangle of size m: A -= v w^T + w v^T where `pending`, and p += A q in the same pass, two rows at a time. */
function sweep(
  a: Float64Array,
  m: number,
  v: Float64Array,
  w: Float64Array,
  q: Float64Array,
  p: Float64Array,
  pending: boolean,
): void {
  const scale = pending ? 1 : 0;
  let i = 0;
  if (m & 1) {
    const x = a[0]! - 2 * scale * v[0]! * w[0]!;
    a[0] = x;
    p[0]! += x * q[0]!;
    i = 1;
  }
  for (; i < m; i += 2) {
    const r0 = (i * (i + 1)) / 2;
    const r1 = r0 + i + 1;
    const v0 = scale * v[i]!;
    const w0 = scale * w[i]!;
    const q0 = q[i]!;
    const v1 = scale * v[i + 1]!;
    const w1 = scale * w[i + 1]!;
    const q1 = q[i + 1]!;
    let s0 = 0;
    let s1 = 0;
    for (let j = 0; j < i; j++) {
      const wj = w[j]!;
      const vj = v[j]!;
      const qj = q[j]!;
      const x = a[r0 + j]! - (v0 * wj + w0 * vj);
      const y = a[r1 + j]! - (v1 * wj + w1 * vj);
      a[r0 + j] = x;
      a[r1 + j] = y;
      s0 += x * qj;
      s1 += y * qj;
      p[j]! += x * q0 + y * q1;
    }
    const d0 = a[r0 + i]! - 2 * v0 * w0;
    const c = a[r1 + i]! - (v1 * w[i]! * scale + w1 * v[i]! * scale);
    const d1 = a[r1 + i + 1]! - 2 * v1 * w1;
    a[r0 + i] = d0;
    a[r1 + i] = c;
    a[r1 + i + 1] = d1;
    p[i]! += s0 + d0 * q0 + c * q1;
    p[i + 1]! += s1 + c * q0 + d1 * q1;
  }
}

/** x [n] at `at` becomes Q x. */
export function applyQ(t: Tridiagonal, x: Float64Array, at = 0): void {
  const n = t.diagonal.length;
  const { reflectors, taus } = t;
  for (let i = 1; i < n; i++) {
    const tau = taus[i]!;
    if (tau === 0) continue;
    const row = (i * (i + 1)) / 2;
    addScaled(x, at, -tau * dot(reflectors, row, x, at, i), reflectors, row, i);
  }
}
