/** What counts as zero, by the arithmetic. Sizes are relative to a generic Taylor coefficient of the same order (`Scales`). */
export interface Tolerances {
  /** Highest order that is read. */
  readonly maxOrder: number;
  /** At or under this a coefficient is zero; at or over `present` it is not; between them nothing is claimed. */
  readonly zero: number;
  readonly present: number;
  /** Singular values of J at or under this times the largest are not live: nothing is lifted along them. */
  readonly rank: number;
  /** Down to here they may still be more than rounding: an obstruction counts only if it is outside of these too. */
  readonly faint: number;
}

/**
 * Float64: coefficients that vanish come out below 1e-8 and those that do not above 7e-3 over all cells and charts, with every lift
 * amplified by what it divides by. Float32: only the test of order 2, one lift from the straight line, leaves room between the two.
 */
export function tolerancesFor(roundoff: number): Tolerances {
  return roundoff > 2 ** -40
    ? { maxOrder: 2, zero: 2 ** 9 * roundoff, present: 2 ** 15 * roundoff, rank: 2 ** 15 * roundoff, faint: 2 ** 8 * roundoff }
    : { maxOrder: 6, zero: 1e-8, present: 1e-5, rank: 1e-8, faint: 1e-12 };
}
