/** A direction of weight space, before and after it is read. Plain data. */
import type { Obstruction } from './arc-order';
import type { NamedVector } from './output-map';
import type { RateReading } from './rate';

/** What a detector proposes. */
export interface Candidate {
  readonly detector: string;
  /** Tensor prefix of the layer it belongs to. */
  readonly layer: string;
  /** Which of the detector's directions this is: 'unit 3, incoming and outgoing weights zero'. */
  readonly note?: string;
  readonly vector: NamedVector;
  /** Tangents at w0 of the symmetries that the detector knows of here: a flat direction in their span is a gauge. */
  readonly generators?: readonly NamedVector[];
  /** The vector was found on the probe, as one that it does not move, and not from the weights alone. */
  readonly fromProbe?: boolean;
}

/**
 * regular: the outputs move at first order. singular: they move at an order of 2 or more, whatever the arc. gauge: they need not move,
 * by a known symmetry. flat fibre: they need not move, and no known symmetry says why. unresolved: nothing is claimed.
 */
export type Verdict = 'regular' | 'singular' | 'gauge' | 'flat fibre' | 'unresolved';

export interface Direction {
  readonly detector: string;
  readonly layer: string;
  readonly note: string | null;
  /** First order on the straight line, null where none shows. */
  readonly lineOrder: number | null;
  /** Null when flat or unresolved. */
  readonly order: number | null;
  readonly verdict: Verdict;
  /** 1 / (2 order), what it adds to the learning coefficient as a slice; 0 when flat, null when unresolved. */
  readonly coefficient: number | null;
  /** How far the outputs move at that order, relative to a generic coefficient of the same order; null where there is none. */
  readonly magnitude: number | null;
  /** One sentence. */
  readonly evidence: string;
  readonly obstructions: readonly Obstruction[];
  /** The straight line's directional Fisher, where it was asked for. */
  readonly sweep: RateReading | null;
}
