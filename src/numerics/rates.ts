/** What was measured of an adapter and of the CPU beside it. An operation is one multiply-add. */
import type { Numerics } from './types';

/** Operations per second. */
export interface Rates {
  /** A matrix product in the precision that layers run in. */
  readonly matmul: number;
  /** An exact (hi + lo) Gram from rows to the finished pair, rows * d^2 operations. On the CPU: of one core. */
  readonly gram: number;
}

export interface AdapterMeasurement {
  /** Fastest variant of each family of kernels, by the name of the family. */
  readonly tuning: Readonly<Record<string, string>>;
  /** Null for a software adapter, which is no choice. */
  readonly rates: { readonly gpu: Rates; readonly cpu: Rates } | null;
  /** How long measuring took, without compilation. */
  readonly milliseconds: number;
}

/** Gives what was measured under this key before, else measures. */
export type Remember = (key: string, measure: () => Promise<AdapterMeasurement>) => Promise<AdapterMeasurement>;

/** A backend on an adapter, and what is known of its speed. */
export interface MeasuredNumerics extends Numerics {
  /** The adapter is a CPU in disguise. */
  readonly software: boolean;
  /** Null where it was not measured. */
  readonly measured: AdapterMeasurement | null;
  /** Bytes that a shader can be handed in one piece: larger tensors are kept in tiles. Absent: as many as there are. */
  readonly binding?: number;
}
