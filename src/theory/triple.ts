/** The real log canonical threshold of a singular point: learning coefficient and multiplicity (Watanabe 2009). */
import type { Rational } from '../base/rational';

export interface Singularity {
  /** The learning coefficient lambda: the pole of the zeta function of K nearest to zero, with its sign turned. */
  readonly lambda: Rational;
  /** The order m of that pole. */
  readonly multiplicity: number;
}
