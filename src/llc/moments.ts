/** Means and scatter of chains, and how many independent draws a correlated one is worth. */
import type { ChainResult } from './chain';

/** Batches of a trace: long enough to forget each other where the chain is any good, enough to have a variance. */
const BATCHES = 16;

/**
 * draws var / (batch length x var of batch means), at most the draws (batch means: Geyer 1992; Flegal & Jones 2010). A chain that never
 * moved is one draw.
 */
export function effectiveDraws({ trace, variance, draws }: Pick<ChainResult, 'trace' | 'variance' | 'draws'>): number {
  if (!(variance > 0)) return 1;
  const batches = batchMeans(trace.means);
  if (batches.length < 2) return draws;
  const length = trace.length * Math.floor(trace.means.length / batches.length);
  return Math.min(draws, (draws * variance) / (length * scatter(batches) ** 2));
}

/** Means of at most 16 stretches of equal length; what is left over at the end is left out. */
export function batchMeans(values: ArrayLike<number>): number[] {
  const count = Math.min(BATCHES, values.length);
  const length = count === 0 ? 0 : Math.floor(values.length / count);
  return Array.from({ length: count }, (_, b) => mean(Array.from({ length }, (_, i) => values[b * length + i]!)));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, v) => sum + v, 0) / values.length;
}

/** Standard deviation, from n - 1. */
export function scatter(values: readonly number[]): number {
  const m = mean(values);
  return Math.sqrt(values.reduce((sum, v) => sum + (v - m) ** 2, 0) / (values.length - 1));
}
