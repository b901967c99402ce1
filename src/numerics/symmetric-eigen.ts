/** Dense symmetric eigenproblem in float64: Householder tridiagonalisation + implicit QL. */
import { InputError } from '../base/errors';
import { implicitQL } from './implicit-ql';
import { exponentOf, largestMagnitude, scaledCopy } from './scaling';
import { runAtOnce } from './stepwise';
import type { Steps } from './stepwise';
import { applyQ, tridiagonalize } from './tridiagonal';

export interface SymmetricEigen {
  /** Descending [n]. */
  readonly values: Float64Array;
  /** Row i is the unit eigenvector of values[i], [n, n]; null where vectors were not asked for. */
  readonly vectors: Float64Array | null;
}

/**
 * Eigenvalues, and vectors where asked, of the symmetric matrix `a` [n, n] (the lower triangle is read). Prescaled by an exact power
 * of two: scaling `a` by 2^k scales the values and changes no bit of the vectors. Errors in values are a few eps |a|.
 * Throws InputError `not-finite`, ConvergenceError.
 */
export function symmetricEigen(a: Float64Array, n: number, options: { vectors: boolean }): SymmetricEigen {
  return runAtOnce(symmetricEigenSteps(a, n, options));
}

export function* symmetricEigenSteps(a: Float64Array, n: number, options: { vectors: boolean }): Steps<SymmetricEigen> {
  const largest = largestMagnitude(a);
  assertFiniteMatrix(largest);
  const exponent = exponentOf(largest);
  const t = yield* tridiagonalize(a, n, -exponent);
  const d = t.diagonal.slice();
  const z = options.vectors ? identity(n) : undefined;
  yield* implicitQL(d, t.offDiagonal, z);
  const order = Array.from(d.keys()).sort((i, j) => d[j]! - d[i]!);
  const values = scaledCopy(Float64Array.from(order, (i) => d[i]!), exponent);
  if (!z) return { values, vectors: null };
  const vectors = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    vectors.set(z.subarray(order[i]! * n, order[i]! * n + n), i * n);
    applyQ(t, vectors, i * n);
    yield;
  }
  return { values, vectors };
}

export function assertFiniteMatrix(largest: number): void {
  if (Number.isFinite(largest)) return;
  throw new InputError(
    'not-finite',
    'The matrix holds NaN or infinite entries. A spectrum needs finite values: check the weights and the probe.',
  );
}

function identity(n: number): Float64Array {
  const z = new Float64Array(n * n);
  for (let i = 0; i < n; i++) z[i * n + i] = 1;
  return z;
}
