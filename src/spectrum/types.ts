/** A spectrum as readings see it, and a reading. */

export interface SpectrumView {
  /** Descending. */
  readonly eigenvalues: ArrayLike<number>;
  readonly dimension: number;
  readonly rows: number;
  /** Eigenvalues at or below this count as dead: the floor, or the person's threshold where that is higher. */
  readonly cut: number;
  /** Eigenvalues above the cut; null where not all of them are known. */
  readonly rank: number | null;
  /** Fewer rows than dimensions: missing rank may be sampling. */
  readonly sampleLimited: boolean;
  /** Where not all eigenvalues are known: what is known of the rest. */
  readonly estimate: SpectrumEstimate | null;
}

export interface SpectrumEstimate {
  readonly trace: number;
  /** The cut that the following refer to. */
  readonly cut: number;
  /** 95 % intervals: eigenvalues above the cut; log det+, or null and why. */
  readonly living: readonly [number, number];
  readonly logDetPlus: readonly [number, number] | null;
  readonly reason: string | null;
}

export interface ReadingValue {
  readonly value: number | null;
  readonly limitedBy: 'floor' | 'samples' | null;
  readonly interval?: [number, number];
  readonly reason?: string;
}

export interface ReadingKind {
  readonly name: string;
  /** Has a term for each of `rank` eigenvalues: readings of different ranks differ by a choice of units, and have no spread. */
  readonly ofRank?: true;
  read(s: SpectrumView): ReadingValue;
}

/** A reading that nothing limits. */
export const free = (value: number | null): ReadingValue => ({ value, limitedBy: null });

/** A reading of the small eigenvalues, where those are not known. */
export const unknown = (interval?: readonly [number, number]): ReadingValue => ({
  value: null,
  limitedBy: null,
  reason: 'it needs all eigenvalues, and only the largest were computed',
  ...(interval ? { interval: [interval[0], interval[1]] as [number, number] } : {}),
});
