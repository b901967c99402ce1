/** What the products of many vectors are made of, and how they are made: block by block of components, strip by strip of rows. */

/** Vectors inside flat arrays: component k of vector i is values[offset + i * vectorStride + k * componentStride] (+ tails[same]). */
export interface Vectors {
  readonly values: Float64Array | Float32Array;
  /** Second words of double-double components. */
  readonly tails?: Float64Array;
  readonly offset: number;
  readonly count: number;
  readonly length: number;
  readonly vectorStride: number;
  readonly componentStride: number;
}

/** The columns of x [rows, columns]. */
export function columnsOf(x: Vectors['values'], rows: number, columns: number): Vectors {
  return { values: x, offset: 0, count: columns, length: rows, vectorStride: 1, componentStride: columns };
}

/** The rows of x [rows, columns]. */
export function rowsOf(x: Vectors['values'], rows: number, columns: number): Vectors {
  return { values: x, offset: 0, count: rows, length: columns, vectorStride: columns, componentStride: 1 };
}

/** Where the products go: entry (i, j) is at rowAt(i) + j of hi and lo. */
export interface PairMatrix {
  readonly hi: Float64Array;
  readonly lo: Float64Array;
  rowAt(i: number): number;
}

/** Rows of A that are multiplied at a time; a multiple of all kinds of tiles. */
export const STRIP = 16;
/** Columns of the result that are finished before the next are begun: what is packed of B for them stays in the second-level cache. */
export const COLUMNS = 256;

/** Rows i ... end of A times rows first ... last of B, added to the target; only what is right of the diagonal where A is B. */
export type MultiplyStrip = (target: PairMatrix, i: number, end: number, first: number, last: number, sign: 1 | -1) => void;
/** Packs components start ... start + length, divided by the units. */
export type PackBlock = (start: number, length: number, unitA: Float64Array, unitB: Float64Array) => MultiplyStrip;

/** Vectors whose components are put side by side at a time: a line of the cache. */
const LINE = 8;

/** Components start ... start + length of all vectors, side by side, `width` to a component; zeros fill it up. */
export function gather(out: Float64Array, width: number, values: Vectors['values'], v: Vectors, start: number, length: number): void {
  const { count, vectorStride, componentStride } = v;
  const from = v.offset + start * componentStride;
  if (vectorStride === 1) for (let k = 0; k < length; k++) out.set(values.subarray(from + k * componentStride, from + k * componentStride + count), k * width);
  else {
    for (let i0 = 0; i0 < count; i0 += LINE) {
      for (let k = 0; k < length; k++) {
        let at = from + i0 * vectorStride + k * componentStride;
        for (let i = i0; i < Math.min(i0 + LINE, count); i++, at += vectorStride) out[k * width + i] = values[at]!;
      }
    }
  }
  if (width > count) for (let k = 0; k < length; k++) out.fill(0, k * width + count, (k + 1) * width);
}
