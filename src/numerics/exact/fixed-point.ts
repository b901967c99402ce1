/** Columns of float32 numbers as integers times a power of two: what every exact Gram starts from, on any device. */
import { exponentOf } from '../scaling';

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
 * |error of G_ij| < sqrt(rows) 2^(2 - bits) (1 + ..) sqrt(G_ii G_jj): below 2^-105 of it, which a hi + lo result cannot show.
 */
export function mostBits(rows: number): number {
  return 108 + Math.ceil(Math.log2(Math.max(1, rows)) / 2);
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

/** Spans of x [rows, columns]; x is finite. */
export function columnSpans(x: Float32Array, rows: number, columns: number): ColumnSpans {
  const begin = new Int32Array(columns);
  const end = new Int32Array(columns);
  const seen = new Uint8Array(columns);
  for (let at = 0; at < rows * columns; at++) {
    const value = x[at]!;
    if (value === 0) continue;
    const j = at % columns;
    const top = exponentOf(value);
    // A float32 is a 24-bit integer times a power of two.
    const mantissa = Math.abs(value * 2 ** (24 - top));
    const low = top - 24 + 31 - Math.clz32(mantissa & -mantissa);
    if (!seen[j] || top > end[j]!) end[j] = top;
    if (!seen[j] || low < begin[j]!) begin[j] = low;
    seen[j] = 1;
  }
  return { begin, end };
}
