/** Dense symmetric eigenproblem in float64: Householder tridiagonalisation + QL. */
import { InputError } from '../base/errors';
import { implicitQL } from './implicit-ql';
import { getLane, setLane } from './lanes';
import { rationalQL } from './rational-ql';
import { exponentOf, largestMagnitude, scaledCopy } from './scaling';
import { runAtOnce } from './stepwise';
import type { Steps } from './stepwise';
import { applyQ, tridiagonalize, tridiagonalWords } from './tridiagonal';
import { inWorkspace } from './workspace';

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
  return yield* inWorkspace(tridiagonalWords(n) + (options.vectors ? n * n + 4 * n : 0), function* (work) {
    const t = yield* tridiagonalize(a, n, -exponent, work);
    const d = t.diagonal.slice();
    if (!options.vectors) {
      yield* rationalQL(d, t.offDiagonal);
      return { values: scaledCopy(d.sort().reverse(), exponent), vectors: null };
    }
    const z = identity(work.zeros(n * n), n);
    yield* implicitQL(d, t.offDiagonal, (i, c, s) => work.loops.rotateRows(z, n, i, c, s));
    const order = Array.from(d.keys()).sort((i, j) => d[j]! - d[i]!);
    const values = scaledCopy(Float64Array.from(order, (i) => d[i]!), exponent);
    const vectors = new Float64Array(n * n);
    const x = work.zeros(4 * n);
    for (let i = 0; i < n; i += 4) {
      const lanes = order.slice(i, i + 4);
      lanes.forEach((from, lane) => setLane(x, lane, z.subarray(from * n, from * n + n)));
      applyQ(t, work, x);
      lanes.forEach((_, lane) => getLane(x, lane, vectors.subarray((i + lane) * n, (i + lane + 1) * n)));
      yield;
    }
    return { values, vectors };
  });
}

export function assertFiniteMatrix(largest: number): void {
  if (Number.isFinite(largest)) return;
  throw new InputError(
    'not-finite',
    'The matrix holds NaN or infinite entries. A spectrum needs finite values: check the weights and the probe.',
  );
}

function identity(z: Float64Array, n: number): Float64Array {
  for (let i = 0; i < n; i++) z[i * n + i] = 1;
  return z;
}
