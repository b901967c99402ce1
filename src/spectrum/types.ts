/** A spectrum as readings see it, and a reading. */

export interface SpectrumView {
  /** Descending. */
  readonly eigenvalues: ArrayLike<number>;
  readonly dimension: number;
  readonly rows: number;
  /** Eigenvalues at or below this count as dead: the floor, or the person's threshold where that is higher. */
  readonly cut: number;
  /** Eigenvalues above the cut. */
  readonly rank: number;
  /** Fewer rows than dimensions: missing rank may be sampling. */
  readonly sampleLimited: boolean;
}

export interface ReadingValue {
  readonly value: number | null;
  readonly limitedBy: 'floor' | 'samples' | null;
}

export interface ReadingKind {
  readonly name: string;
  /** Has a term for each of `rank` eigenvalues: readings of different ranks differ by a choice of units, and have no spread. */
  readonly ofRank?: true;
  read(s: SpectrumView): ReadingValue;
}

/** A reading that nothing limits. */
export const free = (value: number | null): ReadingValue => ({ value, limitedBy: null });
