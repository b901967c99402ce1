/** Singular values of a bidiagonal matrix to high relative accuracy, however small. */
import { dqds } from './dqds';
import { exponentOf } from './scaling';
import type { Steps } from './stepwise';

/** The largest entry is brought here, so that the squares of entries 300 orders smaller are still normal numbers. */
const LARGEST = 500;

/**
 * Descending singular values of the bidiagonal matrix with `diagonal` [n] and `offDiagonal` [n - 1] (above or below the diagonal:
 * the values are the same). The arguments are not changed. Throws ConvergenceError. Pauses every now and then.
 */
export function* bidiagonalSingularValues(diagonal: Float64Array, offDiagonal: Float64Array): Steps<Float64Array> {
  let largest = 0;
  for (const entries of [diagonal, offDiagonal]) for (const x of entries) largest = Math.max(largest, Math.abs(x));
  const scale = 2 ** (LARGEST - Math.max(-500, exponentOf(largest)));
  const square = (x: number) => (x * scale) ** 2;
  const squares = yield* dqds(diagonal.map(square), offDiagonal.map(square));
  return squares.map((x) => Math.sqrt(x) / scale).sort().reverse();
}
