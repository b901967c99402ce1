/** Spectra along a path (training steps, scales of a weight): how many eigenvalues are read, the same number at every point. */
import { logDeterminant } from './readings/log-det-plus';

/**
 * Eigenvalues above the cut at every point of the path: 0 where the path is empty. Summed over their own ranks, log det+ would jump by
 * the logarithm of the floor whenever an eigenvalue crosses it.
 */
export function keptAlong(path: readonly { readonly rank: number }[]): number {
  return path.length === 0 ? 0 : Math.min(...path.map((s) => s.rank));
}

/** log det+ of each point over the eigenvalues that are kept along the whole path; null where that is none. */
export function logDetPlusAlong(path: readonly { readonly rank: number; readonly eigenvalues: ArrayLike<number> }[]): (number | null)[] {
  const kept = keptAlong(path);
  return path.map((s) => (kept === 0 ? null : logDeterminant(s.eigenvalues, kept)));
}
