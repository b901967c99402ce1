/** How far a reading puts networks of different widths apart, and what it does that with. */
import type { LayerReading } from './readings';

/** In the units of the reading. A distance is between the nearest seeds of two widths, and 0 where their seeds overlap. */
export interface Separation {
  /** Of the two widths that are least told apart. */
  readonly nearest: number;
  /** Of the two that are told apart most. */
  readonly farthest: number;
}

/** @param groups the readings of all seeds at each width. @returns null where a value is missing, or there is only one width. */
export function separation(groups: readonly (readonly (number | null)[])[]): Separation | null {
  if (groups.length < 2 || groups.some((group) => group.includes(null))) return null;
  const ranges = (groups as readonly (readonly number[])[]).map((group) => ({ low: Math.min(...group), high: Math.max(...group) }));
  const distances = ranges.flatMap((a, i) => ranges.slice(0, i).map((b) => Math.max(0, a.low - b.high, b.low - a.high)));
  return { nearest: Math.min(...distances), farthest: Math.max(...distances) };
}

/** log det+ from one network to another, as an exact sum of three parts. */
export interface Parts {
  readonly total: number;
  /** There are more live dimensions, each worth the mean of both networks: another number in other units of the loss. */
  readonly count: number;
  /** Eigenvalues have another mean: loss and weights are of another size. */
  readonly scale: number;
  /** Eigenvalues are spread differently about their mean. */
  readonly shape: number;
}

/** log det+ = live (scale + shape); differences of a product are split at the midpoint. */
export function partsOf(from: Pick<LayerReading, 'live' | 'scale' | 'shape'>, to: Pick<LayerReading, 'live' | 'scale' | 'shape'>): Parts {
  const live = (from.live + to.live) / 2;
  const count = ((to.live - from.live) * (from.scale + from.shape + to.scale + to.shape)) / 2;
  const scale = live * (to.scale - from.scale);
  const shape = live * (to.shape - from.shape);
  return { total: count + scale + shape, count, scale, shape };
}

export function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
