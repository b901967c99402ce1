/** From a Gram to its eigenvalues: the one entry of the solver workers. */
import { bidiagonalWords } from './bidiagonal';
import { choleskyWords, pivotedCholesky } from './cholesky';
import { DOUBLE_DOUBLE_ROUNDOFF } from './double-double';
import { refine, solveFactor } from './factor-values';
import type { Decomposition } from './factor-values';
import { inverseIteration } from './inverse-iteration';
import { inverseSingularValues, inverseWords } from './inverse-values';
import { setLane } from './lanes';
import { rationalQL } from './rational-ql';
import { exponentOf, largestMagnitude, scaledCopy } from './scaling';
import { runAtOnce } from './stepwise';
import type { Steps } from './stepwise';
import { assertFiniteMatrix } from './symmetric-eigen';
import { applyQ, tridiagonalize, tridiagonalWords } from './tridiagonal';
import type { EigenResult, Gram } from './types';
import { inWorkspace } from './workspace';
import type { Workspace } from './workspace';

/** The method of hi + lo Grams, in words. */
export const PAIRS_METHOD = 'double-double Cholesky + bidiagonal SVD';
/** All pairs are checked up to here; above, this many from each end. */
const CHECK_ALL = 128;
const CHECK_ENDS = 16;

/**
 * Eigenvalues of gram / gram.rows, descending, as many as its dimension; residuals |G v - lambda v| of all pairs up to dimension 128,
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

export function* eigenvalueSteps(gram: Gram, residualsWanted = true): Steps<EigenResult> {
  const { dimension: n, hi, lo } = gram;
  const largest = largestMagnitude(hi);
  assertFiniteMatrix(largest);
  if (lo) assertFiniteMatrix(largestMagnitude(lo));
  // Even, so that singular values are scaled by a whole power of two as well.
  const exponent = 2 * Math.ceil(exponentOf(largest) / 2);
  const matrix = residualsWanted ? n * n : 0;
  const solver = lo ? 2 * n * n + choleskyWords(n) + bidiagonalWords(n, n) + inverseWords(n, n) : tridiagonalWords(n);
  return yield* inWorkspace(matrix + solver + 8 * n + 8, function* (work) {
    const copy = (values: Float64Array) => scaledCopy(values, -exponent, work.array(n * n));
    const solved = lo
      ? yield* solvePairs(copy(hi), copy(lo), n, gram.roundoff, work)
      : yield* solvePlain(hi, n, -exponent, work);
    const residuals = new Float64Array(n).fill(NaN);
    if (residualsWanted) yield* checkPairs(copy(hi), n, solved, residuals, work);
    const rows = Math.max(1, gram.rows);
    return {
      values: scaledCopy(solved.values, exponent).map((x) => x / rows),
      residuals: scaledCopy(residuals, exponent).map((x) => x / rows),
      method: lo ? PAIRS_METHOD : 'Householder + QL',
      roundoff: Math.max(gram.roundoff, lo ? DOUBLE_DOUBLE_ROUNDOFF : 2 ** -53),
      covers: 'all',
    };
  });
}

/** Which pairs of n are checked. */
export function checkedPairs(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i).filter((i) => n <= CHECK_ALL || i < CHECK_ENDS || i >= n - CHECK_ENDS);
}

/** residuals[i] = |A v - lambda v|, scaled as A, for the pairs that are checked. */
function* checkPairs(a: Float64Array, n: number, solved: Decomposition, residuals: Float64Array, work: Workspace): Steps<void> {
  const lambdas = work.zeros(4);
  const squares = work.array(4);
  const checked = checkedPairs(n);
  for (let k = 0; k < checked.length; k += 4) {
    const indices = checked.slice(k, k + 4);
    lambdas.set(indices.map((i) => solved.values[i]!));
    work.loops.residualSquares(a, n, solved.vectors(indices), lambdas, squares);
    indices.forEach((i, lane) => (residuals[i] = Math.sqrt(squares[lane]!)));
    yield;
  }
}

function* solvePairs(hi: Float64Array, lo: Float64Array, n: number, roundoff: number, work: Workspace): Steps<Decomposition> {
  const { factor, rank, permutation } = yield* pivotedCholesky(hi, lo, n, roundoff, work);
  const kept = lo.subarray(0, rank * n);
  kept.set(factor);
  const solved = yield* solveFactor(factor, rank, permutation, work);
  if (solved.gradingLost) refine(solved.values, yield* inverseSingularValues(kept, rank, n, work));
  return solved;
}

function* solvePlain(a: Float64Array, n: number, exponent: number, work: Workspace): Steps<Decomposition> {
  const t = yield* tridiagonalize(a, n, exponent, work);
  const d = t.diagonal.slice();
  yield* rationalQL(d, t.offDiagonal);
  const raw = d.sort().reverse();
  const eigenvector = inverseIteration(t.diagonal, t.offDiagonal);
  const x = work.zeros(4 * n);
  const vectors = (indices: readonly number[]) => {
    indices.forEach((i, lane) => setLane(x, lane, eigenvector(raw[i]!)));
    applyQ(t, work, x);
    return x;
  };
  return { values: raw.map((value) => Math.max(0, value)), vectors };
}
