/** From a Gram to its eigenvalues: the one entry of the solver workers. */
import { applyV, bidiagonalize, bidiagonalWords } from './bidiagonal';
import type { Bidiagonal } from './bidiagonal';
import { choleskyWords, pivotedCholesky } from './cholesky';
import { DOUBLE_DOUBLE_ROUNDOFF } from './double-double';
import { inverseIteration } from './inverse-iteration';
import { inverseSingularValues, inverseWords } from './inverse-values';
import { setLane } from './lanes';
import { rationalQL } from './rational-ql';
import { exponentOf, largestMagnitude, scaledCopy } from './scaling';
import { bidiagonalSingularValues } from './singular-values';
import { runAtOnce } from './stepwise';
import type { Steps } from './stepwise';
import { assertFiniteMatrix } from './symmetric-eigen';
import { applyQ, tridiagonalize, tridiagonalWords } from './tridiagonal';
import type { EigenResult, Gram } from './types';
import { inWorkspace } from './workspace';
import type { Workspace } from './workspace';

/** All pairs are checked up to here; above, this many from each end. */
const CHECK_ALL = 128;
const CHECK_ENDS = 16;
/** Singular values within this range of each other lose no digits that matter to one another. */
const NARROW = 2 ** -10;
/** Growth of rows in the bidiagonalisation, relative to where they began, that costs no more than a digit or two. */
const GROWTH = 32;

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

/** A solved matrix G / 2^exponent. */
interface Decomposition {
  /** Descending. */
  readonly values: Float64Array;
  /** Unit eigenvectors [n, 4] of values[i] for up to four i, side by side; valid until the next are asked for. */
  vectors(indices: readonly number[]): Float64Array;
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
      method: lo ? 'double-double Cholesky + bidiagonal SVD' : 'Householder + QL',
      roundoff: Math.max(gram.roundoff, lo ? DOUBLE_DOUBLE_ROUNDOFF : 2 ** -53),
      covers: 'all',
    };
  });
}

/** residuals[i] = |A v - lambda v|, scaled as A, for the pairs that are checked. */
function* checkPairs(a: Float64Array, n: number, solved: Decomposition, residuals: Float64Array, work: Workspace): Steps<void> {
  const lambdas = work.zeros(4);
  const squares = work.array(4);
  const checked = Array.from(residuals.keys()).filter((i) => n <= CHECK_ALL || i < CHECK_ENDS || i >= n - CHECK_ENDS);
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
  const b = yield* bidiagonalize(factor, rank, n, work);
  const sigma = yield* bidiagonalSingularValues(b.diagonal, b.subDiagonal);
  const values = new Float64Array(n);
  sigma.forEach((s, i) => (values[i] = s * s));
  if (sigma[rank - 1]! < NARROW * sigma[0]! && gradingLost(b, kept, n)) {
    const inverse = yield* inverseSingularValues(kept, rank, n, work);
    const middle = sigma[0]! / inverse[rank - 1]!;
    for (let i = 0; i < rank; i++) if (values[i]! < middle) values[i] = 1 / inverse[i]! ** 2;
    values.sort().reverse();
  }
  // V^T P^T G P V = B^T B, tridiagonal.
  const below = (k: number) => b.subDiagonal[k] ?? 0;
  const diagonal = b.diagonal.map((x, k) => x * x + below(k) ** 2);
  const offDiagonal = b.subDiagonal.map((x, k) => x * b.diagonal[k + 1]!);
  const eigenvector = inverseIteration(diagonal, offDiagonal);
  const x = work.zeros(4 * n);
  const permuted = work.array(4 * n);
  const vectors = (indices: readonly number[]) => {
    indices.forEach((i, lane) => setLane(x, lane, i < rank ? eigenvector(values[i]!) : unitVector(n, i)));
    applyV(b, work, x);
    for (let j = 0; j < n; j++) for (let lane = 0; lane < 4; lane++) permuted[4 * permutation[j]! + lane] = x[4 * j + lane]!;
    return permuted;
  };
  return { values, vectors };
}

/**
 * Row k of R is no larger than its diagonal entry. Where singular values come in clusters, rows that are orthogonal within rounding
 * let small rows of B take up large ones, and with them errors relative to those.
 */
function gradingLost({ diagonal, subDiagonal }: Bidiagonal, r: Float64Array, n: number): boolean {
  return diagonal.some((x, k) => Math.max(Math.abs(x), Math.abs(subDiagonal[k - 1] ?? 0)) > GROWTH * r[k * n + k]!);
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

function unitVector(n: number, i: number): Float64Array {
  const x = new Float64Array(n);
  x[i] = 1;
  return x;
}
