/** Vectors of floating-point numbers as integers times a power of two: what every exact Gram starts from, on any device. */
import type { Vectors } from '../product-blocks';
import { exponentOf, powerFactors } from '../scaling';
import type { Steps } from '../stepwise';

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

/** log2 |q_j| of each vector, and 0 for less: by Cauchy and Schwarz |sum of q_i q_j| is at most |q_i| |q_j|. */
export function lengthBits({ end, energy }: VectorSpans, { units }: FixedPoint): Float64Array {
  return energy.map((e, j) => Math.max(0, Math.log2(e) / 2 + end[j]! - units[j]!));
}

export interface VectorSpans extends ColumnSpans {
  /** Squared lengths in units of 2^end. */
  readonly energy: Float64Array;
}

/** Components of a vector looked at before the next vector's: vectors side by side share lines of the cache. */
const BLOCK = 512;
/** Above the lowest exponent of any number. */
const NONE = 2000;

/** Spans of vectors (columns of a matrix, or rows) of finite values. */
export function* vectorSpans({ values, offset, count, length, vectorStride, componentStride }: Vectors): Steps<VectorSpans> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.byteLength / 4);
  const lowest = values instanceof Float32Array ? lowestOfFloat32 : lowestOfFloat64;
  const begin = new Int32Array(count).fill(NONE);
  const largest = new Float64Array(count);
  const energy = new Float64Array(count);
  for (let start = 0; start < length; start += BLOCK) {
    const components = Math.min(BLOCK, length - start);
    for (let i = 0, at = offset + start * componentStride; i < count; i++, at += vectorStride) {
      largest[i] = largestOf(values, at, components, componentStride, largest[i]!);
      begin[i] = lowest(bits, at, components, componentStride, begin[i]!);
    }
    yield;
  }
  const end = Int32Array.from(largest, exponentOf);
  for (let start = 0; start < length; start += BLOCK) {
    const components = Math.min(BLOCK, length - start);
    for (let i = 0, at = offset + start * componentStride; i < count; i++, at += vectorStride) {
      energy[i]! += energyOf(values, at, components, componentStride, end[i]!);
    }
    yield;
  }
  return { begin: begin.map((low) => (low === NONE ? 0 : low)), end, energy };
}

type Values = Float32Array | Float64Array;

function largestOf(values: Values, at: number, count: number, stride: number, largest: number): number {
  for (const stop = at + count * stride; at < stop; at += stride) {
    const size = Math.abs(values[at]!);
    if (size > largest) largest = size;
  }
  return largest;
}

/** A float32 number is a 24-bit integer times 2^(exponent - 150). */
function lowestOfFloat32(bits: Uint32Array, at: number, count: number, stride: number, lowest: number): number {
  for (const stop = at + count * stride; at < stop; at += stride) {
    const word = bits[at]! & 0x7fffffff;
    const field = word >>> 23;
    // Most numbers cannot lower it.
    if (field - 150 >= lowest || word === 0) continue;
    const mantissa = (word & 0x7fffff) | (field === 0 ? 0 : 0x800000);
    lowest = Math.min(lowest, (field || 1) - 119 - Math.clz32(mantissa & -mantissa));
  }
  return lowest;
}

/** A float64 number is a 53-bit integer times 2^(exponent - 1075). */
function lowestOfFloat64(bits: Uint32Array, at: number, count: number, stride: number, lowest: number): number {
  for (const stop = at + count * stride; at < stop; at += stride) {
    const word = bits[2 * at + 1]! & 0x7fffffff;
    const field = word >>> 20;
    const under = bits[2 * at]! | 0;
    if (field - 1075 >= lowest || (word === 0 && under === 0)) continue;
    const upper = (word & 0xfffff) | (field === 0 ? 0 : 0x100000);
    const zeros = under === 0 ? 63 - Math.clz32(upper & -upper) : 31 - Math.clz32(under & -under);
    lowest = Math.min(lowest, (field || 1) - 1075 + zeros);
  }
  return lowest;
}

function energyOf(values: Values, at: number, count: number, stride: number, end: number): number {
  const [outer, inner] = powerFactors(-end);
  let energy = 0;
  for (const stop = at + count * stride; at < stop; at += stride) {
    const x = values[at]! * outer * inner;
    energy += x * x;
  }
  return energy;
}
