/** From the factor of a pivoted Cholesky factorisation, P^T G P = R^T R, to the eigenvalues and eigenvectors of G. */
import { applyV, bidiagonalize } from './bidiagonal';
import type { Bidiagonal } from './bidiagonal';
import { inverseIteration } from './inverse-iteration';
import { setLane } from './lanes';
import { bidiagonalSingularValues } from './singular-values';
import type { Steps } from './stepwise';
import type { Workspace } from './workspace';

/** Singular values within this range of each other lose no digits that matter to one another. */
const NARROW = 2 ** -10;
/** Growth of rows in the bidiagonalisation, relative to where they began, that costs no more than a digit or two. */
const GROWTH = 32;

/** A solved matrix. */
export interface Decomposition {
  /** Descending. */
  readonly values: Float64Array;
  /** Unit eigenvectors [n, 4] of values[i] for up to four i, side by side; valid until the next are asked for. */
  vectors(indices: readonly number[]): Float64Array;
}

/**
 * Of R [rank, n], an array of `work` that is overwritten. `gradingLost`: the small values should come from the inverse of R (`refine`).
 */
export function* solveFactor(r: Float64Array, rank: number, permutation: Int32Array, work: Workspace): Steps<Decomposition & { gradingLost: boolean }> {
  const n = permutation.length;
  const pivots = Float64Array.from({ length: rank }, (_, k) => r[k * n + k]!);
  const b = yield* bidiagonalize(r, rank, n, work);
  const sigma = yield* bidiagonalSingularValues(b.diagonal, b.subDiagonal);
  const values = new Float64Array(n);
  sigma.forEach((s, i) => (values[i] = s * s));
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
  return { values, vectors, gradingLost: sigma[rank - 1]! < NARROW * sigma[0]! && gradingLost(b, pivots) };
}

/**
 * Row k of R is no larger than its diagonal entry. Where singular values come in clusters, rows that are orthogonal within rounding
 * let small rows of B take up large ones, and with them errors relative to those.
 */
function gradingLost({ diagonal, subDiagonal }: Bidiagonal, pivots: Float64Array): boolean {
  return diagonal.some((x, k) => Math.max(Math.abs(x), Math.abs(subDiagonal[k - 1] ?? 0)) > GROWTH * pivots[k]!);
}

/** The values below the middle, on a log scale, become those of `inverse`: the singular values of R, descending, from its inverse. */
export function refine(values: Float64Array, inverse: Float64Array): void {
  const rank = inverse.length;
  const middle = Math.sqrt(values[0]!) / inverse[rank - 1]!;
  for (let i = 0; i < rank; i++) if (values[i]! < middle) values[i] = 1 / inverse[i]! ** 2;
  values.sort().reverse();
}

function unitVector(n: number, i: number): Float64Array {
  const x = new Float64Array(n);
  x[i] = 1;
  return x;
}
