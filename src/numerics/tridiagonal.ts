/** Householder reduction of a symmetric matrix to tridiagonal form, A = Q T Q^T (last row first; blocked as LAPACK's dlatrd). */
import { wholeTiles } from './panels';
import { scaledLower } from './scaling';
import type { Steps } from './stepwise';
import type { Workspace } from './workspace';

/** Updates that wait: enough to leave the matrix alone most of the time, few enough to stay in the second-level cache. */
const DEFERRED = 16;
/** Rows that are updated at a time. */
const STRIP = 16;

export interface Tridiagonal {
  /** Diagonal of T [n]. */
  readonly diagonal: Float64Array;
  /** Off-diagonal of T [n - 1]: entry i couples i and i + 1. */
  readonly offDiagonal: Float64Array;
  /** Rows `stride` apart: the first i entries of row i are the v of H_i = I - tau_i v v^T; Q = H_{n-1} ... H_1. */
  readonly reflectors: Float64Array;
  readonly stride: number;
  readonly taus: Float64Array;
}

/**
 * Reduces 2^exponent times the matrix `full` [n, n], row-major, of which only the lower triangle is read; the scaled entries should
 * be near 1, so that squares stay in range. A step reads the matrix once, for one product with a vector; its update
 * A -= v w^T + w v^T waits until `DEFERRED` of them are made in one pass, and is accounted for in rows and products until then.
 * The result lives in `work`. Pauses after each row.
 */
export function* tridiagonalize(full: Float64Array, n: number, exponent: number, work: Workspace): Steps<Tridiagonal> {
  const stride = strideOf(n);
  const a = scaledLower(full, n, exponent, work.array(n * stride), stride);
  const diagonal = new Float64Array(n);
  const offDiagonal = new Float64Array(Math.max(0, n - 1));
  const taus = work.zeros(n);
  // Waiting updates: v_0, v_1, ..., then w_0, w_1, ..., then v once more, so that [v; w] meets [w; v] in the product.
  const block = DEFERRED * stride;
  const vectors = work.array(3 * block);
  const update = { left: work.array(wholeTiles(n) * 2 * DEFERRED), right: work.array(wholeTiles(n) * 2 * DEFERRED) };
  const p = work.array(n);
  const c = work.array(2 * DEFERRED);
  const reflector = work.array(2);
  let waiting = 0;
  /** Whether the matrix is read from its last rows on: those that were read last are still in the cache. */
  let upwards = 0;
  const { loops } = work;
  for (let i = n - 1; i >= 0; i--) {
    // Row i gets the waiting updates, then gives the next reflector.
    const row = i * stride;
    for (let k = 0; k < waiting; k++) {
      c[k] = -vectors[block + k * stride + i]!;
      c[DEFERRED + k] = -vectors[k * stride + i]!;
    }
    loops.addRows(vectors, 0, waiting, stride, i + 1, c, 0, a, row);
    loops.addRows(vectors, block, waiting, stride, i + 1, c, DEFERRED, a, row);
    diagonal[i] = a[row + i]!;
    if (i === 0) break;
    loops.makeReflector(a, row, i, i - 1, reflector);
    const tau = (taus[i] = reflector[0]!);
    offDiagonal[i - 1] = reflector[1]!;
    const v = a.subarray(row, row + i);
    // p = (A - V W^T - W V^T) v
    loops.multiplyTriangle(a, stride, i, upwards, v, p);
    upwards = 1 - upwards;
    loops.multiplyRows(vectors, block, waiting, stride, i, a, row, c, 0);
    loops.multiplyRows(vectors, 0, waiting, stride, i, a, row, c, DEFERRED);
    for (let k = 0; k < waiting; k++) {
      c[k] = -c[k]!;
      c[DEFERRED + k] = -c[DEFERRED + k]!;
    }
    loops.addRows(vectors, 0, waiting, stride, i, c, 0, p, 0);
    loops.addRows(vectors, block, waiting, stride, i, c, DEFERRED, p, 0);
    // w = tau p - (tau^2 / 2)(p . v) v
    const w = block + waiting * stride;
    vectors.fill(0, w, w + i);
    loops.multiplyRows(p, 0, 1, i, i, v, 0, c, 0);
    c[1] = -0.5 * tau * tau * c[0]!;
    c[0] = tau;
    loops.addRows(p, 0, 1, i, i, c, 0, vectors, w);
    loops.addRows(v, 0, 1, i, i, c, 1, vectors, w);
    vectors.set(v, waiting * stride);
    vectors.set(v, 2 * block + waiting * stride);
    waiting++;
    if (waiting === DEFERRED) {
      loops.packRows(vectors, 0, 2 * DEFERRED, stride, i, update.left);
      loops.packRows(vectors, block, 2 * DEFERRED, stride, i, update.right);
      for (let r = 0; r < i; r += STRIP) {
        const end = wholeTiles(Math.min(r + STRIP, i));
        loops.subtractPanels(update.left.subarray(r * 2 * DEFERRED), update.right, a, r * stride, stride, end - r, end, 2 * DEFERRED);
        yield;
      }
      waiting = 0;
      upwards = 1;
    }
    yield;
  }
  return { diagonal, offDiagonal, reflectors: a, stride, taus };
}

/** Words of a workspace that `tridiagonalize` needs. */
export function tridiagonalWords(n: number): number {
  return strideOf(n) * (n + 3 * DEFERRED) + DEFERRED * (4 * wholeTiles(n) + 2) + 2 * n + 2;
}

/** An odd number of cache lines: then rows do not compete for the same places of a cache. */
function strideOf(n: number): number {
  const lines = Math.ceil(n / 8);
  return 8 * (lines % 2 === 0 ? lines + 1 : lines);
}

/** x [n, 4], an array of the same workspace, becomes Q x. */
export function applyQ(t: Tridiagonal, work: Workspace, x: Float64Array): void {
  work.loops.applyLowerReflectors(t.reflectors, t.taus, t.diagonal.length, t.stride, x);
}
