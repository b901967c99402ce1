/** From a Gram to its eigenvalues: the one entry of the solver workers. */
import { applyV, bidiagonalize } from './bidiagonal';
import { pivotedCholesky } from './cholesky';
import { DOUBLE_DOUBLE_ROUNDOFF } from './double-double';
import { implicitQL } from './implicit-ql';
import { tridiagonalEigenvector } from './inverse-iteration';
import { exponentOf, largestMagnitude, scaledCopy } from './scaling';
import { bidiagonalSingularValues } from './singular-values';
import { runAtOnce } from './stepwise';
import type { Steps } from './stepwise';
import { assertFiniteMatrix } from './symmetric-eigen';
import { applyQ, tridiagonalize } from './tridiagonal';
import type { EigenResult, Gram } from './types';
import { dot } from './vector';

/** All pairs are checked up to here; above, this many from each end. */
const CHECK_ALL = 512;
const CHECK_ENDS = 16;

/**
 * Eigenvalues of gram / gram.rows, descending, as many as its dimension; residuals |G v - lambda v| of all pairs up to dimension 512,
 * of the 16 largest and 16 smallest above, none (NaN) where they are not wanted.
 *
 * A Gram of pairs goes through double-double pivoted Cholesky and the singular values of R: positive values keep relative accuracy
 * down to about dimension * 2^-104 of the largest, and missing rank is exactly 0. A Gram of single words goes through Householder
 * and QL, which knows values only to dimension * roundoff * lambda_max: rounding can make them negative, and those are set to 0
 * (the residual of such a pair keeps the size of what was cut). Throws InputError `not-finite`, ConvergenceError.
 */
export function eigenvaluesOfGram(gram: Gram, options: { residuals?: boolean } = {}): EigenResult {
  return runAtOnce(eigenvalueSteps(gram, options.residuals));
}

/** A solved matrix G / 2^exponent. */
interface Decomposition {
  /** Descending. */
  readonly values: Float64Array;
  /** A unit eigenvector of values[i]. */
  vector(i: number): Float64Array;
}

export function* eigenvalueSteps(gram: Gram, residualsWanted = true): Steps<EigenResult> {
  const { dimension: n, hi, lo } = gram;
  const largest = largestMagnitude(hi);
  assertFiniteMatrix(largest);
  if (lo) assertFiniteMatrix(largestMagnitude(lo));
  // Even, so that singular values are scaled by a whole power of two as well.
  const exponent = 2 * Math.ceil(exponentOf(largest) / 2);
  const scaled = scaledCopy(hi, -exponent);
  const solved = lo ? yield* solvePairs(scaled, scaledCopy(lo, -exponent), n, gram.roundoff) : yield* solvePlain(scaled, n);
  const residuals = new Float64Array(n).fill(NaN);
  for (let i = 0; i < n && residualsWanted; i++) {
    if (n > CHECK_ALL && i >= CHECK_ENDS && i < n - CHECK_ENDS) continue;
    residuals[i] = residual(scaled, n, solved.vector(i), solved.values[i]!);
    yield;
  }
  const rows = Math.max(1, gram.rows);
  return {
    values: scaledCopy(solved.values, exponent).map((x) => x / rows),
    residuals: scaledCopy(residuals, exponent).map((x) => x / rows),
    method: lo ? 'double-double Cholesky + bidiagonal SVD' : 'Householder + QL',
    roundoff: Math.max(gram.roundoff, lo ? DOUBLE_DOUBLE_ROUNDOFF : 2 ** -53),
    covers: 'all',
  };
}

function* solvePairs(hi: Float64Array, lo: Float64Array, n: number, roundoff: number): Steps<Decomposition> {
  const { factor, rank, permutation } = yield* pivotedCholesky(hi, lo, n, roundoff);
  const b = yield* bidiagonalize(factor, rank, n);
  const sigma = yield* bidiagonalSingularValues(b.diagonal, b.subDiagonal);
  const values = new Float64Array(n);
  sigma.forEach((s, i) => (values[i] = s * s));
  // V^T P^T G P V = B^T B, tridiagonal.
  const below = (k: number) => b.subDiagonal[k] ?? 0;
  const diagonal = b.diagonal.map((x, k) => x * x + below(k) ** 2);
  const offDiagonal = b.subDiagonal.map((x, k) => x * b.diagonal[k + 1]!);
  const vector = (i: number) => {
    const x = new Float64Array(n);
    if (i < rank) x.set(tridiagonalEigenvector(diagonal, offDiagonal, values[i]!));
    else x[i] = 1;
    applyV(b, x);
    const v = new Float64Array(n);
    for (let j = 0; j < n; j++) v[permutation[j]!] = x[j]!;
    return v;
  };
  return { values, vector };
}

function* solvePlain(a: Float64Array, n: number): Steps<Decomposition> {
  const t = yield* tridiagonalize(a, n, 0);
  const d = t.diagonal.slice();
  yield* implicitQL(d, t.offDiagonal);
  const raw = d.sort().reverse();
  const vector = (i: number) => {
    const x = tridiagonalEigenvector(t.diagonal, t.offDiagonal, raw[i]!);
    applyQ(t, x);
    return x;
  };
  return { values: raw.map((x) => Math.max(0, x)), vector };
}

/** |A v - lambda v| */
function residual(a: Float64Array, n: number, v: Float64Array, lambda: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const r = dot(a, i * n, v, 0, n) - lambda * v[i]!;
    sum += r * r;
  }
  return Math.sqrt(sum);
}
