/**
 * Products of float64 and double-double vectors by plain matrix products of slices, whose sums are exact (the idea of Ozaki, Ogita,
 * Oishi & Rump 2012). A component x of a vector shorter than 1 is x1 + 2^-23 (x2 + x3) with x1 and x2 on the grid 2^-25,
 * |x2| <= 2^-3 and |x3| <= 2^-26. Over a block of SLICED_DEPTH components the sums of x1 y1, x2 y2 and (x1 + x2)(y1 + y2) are
 * below 8 and on the grid 2^-50: exact in float64, in any order, fused or not. As by Karatsuba they give the sum of x1 y2 + x2 y1
 * without a product of its own. What is left, x3' y + x y3' - x3' y3' with x3' = 2^-23 x3, is x3' (y - y3' / 2) + (x - x3' / 2) y3';
 * its sum is below 2^-44 and rounded, product by product, so that it must not be fused. Ten operations per product of components,
 * seven instructions with fused multiply-adds.
 */
import { wholeTiles } from './panels';
import { COLUMNS, gather, STRIP } from './product-blocks';
import type { MultiplyStrip, PackBlock, Vectors } from './product-blocks';
import type { Workspace } from './workspace';

/** (1 + 2^-3 sqrt(depth))^2 < 8, and a multiple of it fills the first-level cache with panels of four. */
export const SLICED_DEPTH = 192;
/** The slices, in this order: x1, x2, x1 + x2, x3, x - 2^-24 x3. */
const SLICES = 5;
/** Slices of A and of B that meet, and the loop for them: products of the first three are exact, multiples of 2^-50 below 2. */
const PAIRS = [
  [0, 0, 'multiplyPanelsRelaxed'],
  [1, 1, 'multiplyPanelsRelaxed'],
  [2, 2, 'multiplyPanelsRelaxed'],
  [3, 4, 'multiplyPanels'],
  [4, 3, 'multiplyPanels'],
] as const;

/** Words of a workspace that the slices of `vectors` and their products take. */
export function slicedWords(vectors: number, depth: number): number {
  return (SLICES + 2) * vectors * depth + SLICES * STRIP * COLUMNS + vectors;
}

export function multiplySlices(a: Vectors, b: Vectors, depth: number, work: Workspace): PackBlock {
  const sliceB = slicer(b, depth, work);
  const sliceA = a === b ? sliceB : slicer(a, depth, work);
  const strip = work.array(SLICES * STRIP * COLUMNS);
  return (start, length, unitA, unitB): MultiplyStrip => {
    const slicesB = sliceB(unitB, start, length);
    const slicesA = a === b ? slicesB : sliceA(unitA, start, length);
    return (target, i, end, first, last, sign) => {
      // Whole tiles: what they have left of the diagonal is not added.
      const from = a === b ? Math.max(i, first) : first;
      const width = wholeTiles(last - from);
      const height = wholeTiles(end - i);
      PAIRS.forEach(([left, right, multiply], k) => {
        const out = strip.subarray(k * STRIP * COLUMNS);
        work.loops[multiply](slicesA[left]!.subarray(i * length), slicesB[right]!.subarray(from * length), out, height, width, length);
      });
      for (let row = i; row < end; row++) {
        const column = a === b ? Math.max(row, from) : from;
        const at = target.rowAt(row) + column;
        const sumsAt = (row - i) * width + column - from;
        work.loops.addSlices(target.hi, target.lo, at, strip, sumsAt, STRIP * COLUMNS, sign * unitA[row]!, unitB, column, last - column);
      }
    };
  };
}

/** Makes the slices of components start ... start + length, divided by the units. */
function slicer(v: Vectors, depth: number, work: Workspace): (unit: Float64Array, start: number, length: number) => Float64Array[] {
  const width = wholeTiles(v.count);
  const inverses = work.zeros(width);
  const values = work.array(width * depth);
  const tails = v.tails ? work.array(width * depth) : values;
  const slices = work.array(SLICES * width * depth);
  return (unit, start, length) => {
    for (let i = 0; i < v.count; i++) inverses[i] = 1 / unit[i]!;
    gather(values, width, v.values, v, start, length);
    if (v.tails) gather(tails, width, v.tails, v, start, length);
    work.loops.sliceVectors(values, tails, v.tails ? 1 : 0, inverses, width, length, slices, width * depth);
    return Array.from({ length: SLICES }, (_, k) => slices.subarray(k * width * depth));
  };
}
