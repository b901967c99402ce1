/** Vectors of floating-point numbers as integers times a power of two: what every exact Gram starts from, on any device. */
import { assertFinite } from '../finite';
import { wholeTiles } from '../panels';
import { gather } from '../product-blocks';
import type { Vectors } from '../product-blocks';
import { exponentOf, powerFactors } from '../scaling';
import type { Steps } from '../stepwise';
import { inWorkspace } from '../workspace';

/** x[r, j] = q[r, j] * 2^units[j] with integers |q| < 2^bits. */
export interface FixedPoint {
  readonly rows: number;
  readonly units: Int32Array;
  readonly bits: number;
  /** Low bits that the finest entry lost (towards zero); 0: every entry is exact. */
  readonly cut: number;
}

/** Exponents of a column: its entries are below 2^end in magnitude and multiples of 2^begin. Both 0 where all are zero. */
export interface ColumnSpans {
  readonly begin: Int32Array;
  readonly end: Int32Array;
}

/**
 * The bits that are kept. Cutting moves an entry by less than 2^(end - bits), and the column is at least 2^(end - 1) long, so
 * |error of G_ij| < sqrt(rows) 2^(2 - bits) (1 + ..) sqrt(G_ii G_jj): below 2^-105 of it, which a hi + lo result cannot show; below 2^-103 for
 * more than 2^20 rows, since remainders are taken of three pieces (residue-products.ts).
 */
export function mostBits(rows: number): number {
  return Math.min(118, 108 + Math.ceil(Math.log2(Math.max(1, rows)) / 2));
}

/** The coarsest units that keep every bit of every entry; or, beyond `mostBits`, as many bits as count. */
export function fixedPoint({ begin, end }: ColumnSpans, rows: number): FixedPoint {
  const widest = end.reduce((most, e, j) => Math.max(most, e - begin[j]!), 0);
  const bits = Math.min(widest, mostBits(rows));
  return { rows, units: begin.map((unit, j) => Math.max(unit, end[j]! - bits)), bits, cut: widest - bits };
}

/** Bits of an entry of the Gram of the integers with its sign: |sum over rows of q_i q_j| <= rows 2^(2 bits). */
export function gramBits({ rows, bits }: FixedPoint): number {
  return 2 * bits + Math.ceil(Math.log2(Math.max(1, rows))) + 2;
}

/** log2 |q_j| of each vector, and 0 for less: by Cauchy and Schwarz |sum of q_i q_j| is at most |q_i| |q_j|. */
export function lengthBits({ end, energy }: VectorSpans, { units }: FixedPoint): Float64Array {
  return energy.map((e, j) => Math.max(0, Math.log2(e) / 2 + end[j]! - units[j]!));
}

export interface VectorSpans extends ColumnSpans {
  /** Squared lengths in units of 2^end, or more. */
  readonly energy: Float64Array;
}

/** Components of all vectors that are looked at at a time. */
const BLOCK = 128;
/** A sum of squares between these has lost nothing to the range of float64. */
const [SMALL, LARGE] = [2 ** -700, 2 ** 700];

/** Spans of vectors, the columns of a matrix or its rows. Throws InputError `not-finite`. */
export function* vectorSpans(vectors: Vectors): Steps<VectorSpans> {
  const { count, length } = vectors;
  const width = wholeTiles(count);
  return yield* inWorkspace(width * (Math.min(BLOCK, length) + 3), function* (work) {
    const values = work.array(width * Math.min(BLOCK, length));
    const [largest, lowest, energy] = [work.zeros(width), work.array(width).fill(Infinity), work.zeros(width)];
    for (let start = 0; start < length; start += BLOCK) {
      const components = Math.min(BLOCK, length - start);
      gather(values, width, vectors.values, vectors, start, components);
      work.loops.spanVectors(values, width, components, largest, lowest, energy);
      yield;
    }
    if (!largest.every(Number.isFinite)) refuse(vectors);
    const begin = Int32Array.from(lowest.subarray(0, count), (bit) => (bit === Infinity ? 0 : exponentOf(bit) - 1));
    const end = Int32Array.from(largest.subarray(0, count), exponentOf);
    const energies = Float64Array.from(end, (e, i) => {
      const sum = energy[i]!;
      if (largest[i] === 0) return 0;
      const [outer, inner] = powerFactors(-2 * e);
      return sum > SMALL && sum < LARGE ? sum * outer * inner : length;
    });
    return { begin, end, energy: energies };
  });
}

/** Throws InputError `not-finite` with the place in the matrix. */
function refuse({ values, vectorStride, componentStride }: Vectors): void {
  const columns = Math.max(vectorStride, componentStride);
  assertFinite(values, values.length / columns, columns);
}
