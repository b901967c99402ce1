/** The small singular values of a graded factor, as the reciprocals of the large ones of its inverse. */
import { bidiagonalize, bidiagonalWords } from './bidiagonal';
import { bidiagonalSingularValues } from './singular-values';
import type { Steps } from './stepwise';
import { addScaled } from './vector';
import type { Workspace } from './workspace';

/**
 * 1 / sigma, for descending sigma, of `r` [rank, n], upper trapezoidal and of full rank, an array of `work` that is overwritten.
 * Bidiagonalisation errs by a few 2^-53 of the largest value, which of the inverse is 1 / sigma_min: what is lost where r itself is
 * bidiagonalised is exact here, and the other way round. The inverse is no worse than r: an error of its i-th column amounts to
 * one of the i-th row of r, relative to that row (Demmel & Veselic 1992; Higham 2002, section 14.2).
 */
export function* inverseSingularValues(r: Float64Array, rank: number, n: number, work: Workspace): Steps<Float64Array> {
  const diagonal = yield* reduceToLower(r, rank, n, work);
  // The inverse takes the place of the rows that it was made of.
  const x = r.subarray(0, rank * rank);
  for (let i = 0; i < rank; i++) {
    const line = r.slice(i * n, i * n + i);
    x.fill(0, i * rank, (i + 1) * rank);
    x[i * rank + i] = 1;
    for (let j = 0; j < i; j++) addScaled(x, i * rank, -line[j]!, x, j * rank, j + 1);
    for (let j = 0; j <= i; j++) x[i * rank + j]! /= diagonal[i]!;
    yield;
  }
  const b = yield* bidiagonalize(x, rank, rank, work);
  return (yield* bidiagonalSingularValues(b.diagonal, b.subDiagonal)).reverse();
}

/** R = L Q with L lower triangular: its diagonal [rank] is returned, what is below is left in r. */
function* reduceToLower(r: Float64Array, rank: number, n: number, work: Workspace): Steps<Float64Array> {
  const diagonal = new Float64Array(rank);
  const x = work.zeros(rank);
  const u = work.zeros(rank);
  // There is no reflector from the left.
  const none = work.zeros(n);
  const unread = work.array(n);
  const reflector = work.array(2);
  let v = none;
  for (let k = 0; k < rank; k++) {
    // Row k gets the pending update a_i -= x_i v, then gives the next reflector.
    const row = k * n;
    if (k > 0) for (let j = k; j < n; j++) r[row + j]! -= x[k]! * v[j]!;
    work.loops.makeReflector(r, row + k, n - k, 0, reflector);
    diagonal[k] = reflector[1]!;
    const next = r.subarray(row, row + n);
    work.loops.sweepRows(r, rank, n, k, x, v, u, none, next, reflector[0]!, unread);
    v = next;
    for (let i = k + 1; i < rank; i++) r[i * n + k] = u[i]!;
    yield;
  }
  return diagonal;
}

/** Words of a workspace that `inverseSingularValues` needs besides its matrix. */
export function inverseWords(rank: number, n: number): number {
  return bidiagonalWords(rank, rank) + 2 * rank + 2 * n + 2;
}
