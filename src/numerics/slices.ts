/**
 * Products of float64 and double-double vectors by plain matrix products of slices, whose sums are exact (the idea of Ozaki, Ogita,
 * Oishi & Rump 2012). A component x of a vector shorter than 1 is x1 + 2^-23 (x2 + x3) with x1 and x2 on the grid 2^-25,
 * |x2| <= 2^-3 and |x3| <= 2^-26. Over a block of SLICED_DEPTH components the sums of x1 y1, x2 y2 and (x1 + x2)(y1 + y2) are
 * below 8 and on the grid 2^-50: exact in float64, in any order. As by Karatsuba they give the sum of x1 y2 + x2 y1 without a
 * product of its own. What is left, x3' y + x y3' - x3' y3' with x3' = 2^-23 x3, is x3' (y - y3' / 2) + (x - x3' / 2) y3'; its sum is
 * below 2^-44 and rounded. Ten operations per product of components.
 */
import { TILE, wholeTiles } from './panels';
import { STRIP } from './product-blocks';
import type { MultiplyStrip, PackBlock, Vectors } from './product-blocks';
import type { Workspace } from './workspace';

/** (1 + 2^-3 sqrt(depth))^2 < 8, and a multiple of it fills the first-level cache with panels of four. */
export const SLICED_DEPTH = 192;
/** Columns of a strip of results. */
const COLUMNS = 256;
/** The slices, in this order: x1, x2, x1 + x2, x3, x - 2^-24 x3. */
const SLICES = 5;
/** Slices of A and of B that meet. */
const PAIRS = [[0, 0], [1, 1], [2, 2], [3, 4], [4, 3]] as const;

/** x + ROUNDER - ROUNDER is x rounded to the grid 2^-25. */
const ROUNDER = 1.5 * 2 ** 27;
const SHIFT = 2 ** 23;

/** Words of a workspace that the slices of `vectors` and their products take. */
export function slicedWords(vectors: number, depth: number): number {
  return SLICES * (vectors * depth + STRIP * COLUMNS);
}

export function multiplySlices(a: Vectors, b: Vectors, depth: number, work: Workspace): PackBlock {
  const planes = (v: Vectors) => Array.from({ length: SLICES }, () => work.array(wholeTiles(v.count) * depth));
  const slicesA = planes(a);
  const slicesB = a === b ? slicesA : planes(b);
  const strip = work.array(SLICES * STRIP * COLUMNS);
  return (start, length, unitA, unitB): MultiplyStrip => {
    sliceVectors(slicesB, b, unitB, start, length);
    if (a !== b) sliceVectors(slicesA, a, unitA, start, length);
    return (target, i, end, sign) => {
      for (let j = a === b ? i : 0; j < b.count; j += COLUMNS) {
        const count = Math.min(COLUMNS, b.count - j);
        const width = wholeTiles(count);
        PAIRS.forEach(([left, right], k) => {
          const out = strip.subarray(k * STRIP * COLUMNS);
          work.loops.multiplyPanels(slicesA[left]!.subarray(i * length), slicesB[right]!.subarray(j * length), out, wholeTiles(end - i), width, length);
        });
        for (let row = i; row < end; row++) {
          const from = a === b ? Math.max(row, j) : j;
          const at = target.offset + row * target.stride + from;
          const stripAt = (row - i) * width + from - j;
          work.loops.addSlices(target.hi, target.lo, at, strip, stripAt, STRIP * COLUMNS, sign * unitA[row]!, unitB, from, j + count - from);
        }
      }
    };
  };
}

/** Slices of components start ... start + length, divided by the units, in panels of four vectors filled up with zeros. */
function sliceVectors(planes: readonly Float64Array[], v: Vectors, unit: Float64Array, start: number, length: number): void {
  const [first, second, both, third, middle] = planes as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const { values, tails } = v;
  for (let i0 = 0; i0 < v.count; i0 += TILE) {
    for (let lane = 0; lane < TILE; lane++) {
      const i = i0 + lane;
      const inverse = i < v.count ? 1 / unit[i]! : 0;
      let from = v.offset + Math.min(i, v.count - 1) * v.vectorStride + start * v.componentStride;
      let at = i0 * length + lane;
      for (let k = 0; k < length; k++, from += v.componentStride, at += TILE) {
        const x = values[from]! * inverse;
        const x1 = x + ROUNDER - ROUNDER;
        const rest = (x - x1) * SHIFT;
        const x2 = rest + ROUNDER - ROUNDER;
        const x3 = tails ? rest - x2 + tails[from]! * inverse * SHIFT : rest - x2;
        first[at] = x1;
        second[at] = x2;
        both[at] = x1 + x2;
        third[at] = x3;
        middle[at] = x - x3 * (0.5 / SHIFT);
      }
    }
  }
}
