/** What the makers of the exact Fisher-Gram agree on: the units and bits of its integers. */
import { fixedPoint } from './fixed-point';
import type { ColumnSpans, FixedPoint } from './fixed-point';

export interface FisherShape {
  readonly samples: number;
  readonly positions: number;
  /** Width of `a`. */
  readonly p: number;
  /** Width of `delta`. */
  readonly q: number;
}

/**
 * One factor, a or delta: all positions of a sample share a unit, so that every term of K_ij is an integer times
 * 2^(unit_i + unit_j). A cut moves the factor of a sample by less than 2^-105 of its Frobenius norm.
 */
export interface FisherFactor {
  readonly fixed: FixedPoint;
  /** The unit of every position. */
  readonly units: Int32Array;
}

/** @param spans of the samples. */
export function fisherFactor(spans: ColumnSpans, positions: number, width: number): FisherFactor {
  const fixed = fixedPoint(spans, positions * width);
  return { fixed, units: Int32Array.from({ length: fixed.units.length * positions }, (_, t) => fixed.units[Math.floor(t / positions)]!) };
}

/** The integers of gradients, sum over t of a_t delta_t^T: units add up. */
export function gradientPoint(a: FixedPoint, delta: FixedPoint, { samples, positions }: FisherShape): FixedPoint {
  const units = a.units.map((unit, i) => unit + delta.units[i]!);
  return { rows: samples, units, bits: a.bits + delta.bits + Math.ceil(Math.log2(positions)), cut: a.cut + delta.cut };
}

/** Bits of an entry with its sign: gradients have p q components below 2^bits. */
export function fisherBits({ bits }: FixedPoint, { p, q }: FisherShape): number {
  return 2 * bits + Math.ceil(Math.log2(Math.max(1, p * q))) + 2;
}

/** Spans of samples from those of their positions. */
export function spansOfSamples({ begin, end }: ColumnSpans, positions: number): ColumnSpans {
  const samples = begin.length / positions;
  const joined = { begin: new Int32Array(samples), end: new Int32Array(samples) };
  for (let i = 0; i < samples; i++) {
    let any = false;
    for (let t = i * positions; t < (i + 1) * positions; t++) {
      // A nonzero number is a multiple of something smaller than itself: only zeros have begin = end.
      if (begin[t] === end[t]) continue;
      joined.begin[i] = any ? Math.min(joined.begin[i]!, begin[t]!) : begin[t]!;
      joined.end[i] = any ? Math.max(joined.end[i]!, end[t]!) : end[t]!;
      any = true;
    }
  }
  return joined;
}
