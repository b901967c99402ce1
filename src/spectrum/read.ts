/** Eigenvalues, floor and threshold -> rank and readings, with jackknife errors where folds are given. */
import { READINGS } from './readings/registry';
import type { ReadingValue, SpectrumView } from './types';

export interface NamedReading extends ReadingValue {
  readonly name: string;
  readonly uncertainty: number | null;
}

/** @param threshold relative cut; eigenvalues under threshold * largest count as dead even above the floor. */
export function viewSpectrum(
  eigenvalues: ArrayLike<number>,
  dimension: number,
  rows: number,
  floor: number,
  threshold: number,
  sampleLimited: boolean,
): SpectrumView {
  const cut = Math.max(floor, threshold * (eigenvalues[0] ?? 0));
  let rank = 0;
  while (rank < eigenvalues.length && eigenvalues[rank]! > cut) rank++;
  return { eigenvalues, dimension, rows, cut, rank, sampleLimited };
}

/**
 * All readings of `whole`; the error bar of each is the delete-one-block jackknife over `folds` (Efron & Stein 1981):
 * sqrt((B - 1) / B * sum (theta_b - mean)^2). A reading that is missing or limited in some fold gets none, nor does one that
 * goes with a rank which some fold does not have.
 */
export function readAll(whole: SpectrumView, folds: readonly SpectrumView[]): NamedReading[] {
  const sameRank = folds.every((f) => f.rank === whole.rank);
  return READINGS.map((kind) => {
    const reading = kind.read(whole);
    const comparable = reading.limitedBy === null && (sameRank || !kind.ofRank);
    return { name: kind.name, ...reading, uncertainty: comparable ? jackknife(folds.map((f) => kind.read(f))) : null };
  });
}

function jackknife(folds: readonly ReadingValue[]): number | null {
  const values = folds.flatMap((f) => (f.value === null || f.limitedBy !== null ? [] : [f.value]));
  if (values.length < 2 || values.length < folds.length) return null;
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const spread = values.reduce((a, b) => a + (b - mean) ** 2, 0);
  return Math.sqrt(((values.length - 1) / values.length) * spread);
}
