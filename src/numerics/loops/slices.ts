/** Slices of vectors, and what their exact sums amount to: slices.ts explains the arithmetic. */
import { sumError } from '../double-double';

/** x + ROUNDER - ROUNDER is x rounded to the grid 2^-25. */
const ROUNDER = 1.5 * 2 ** 27;
const SHIFT = 2 ** 23;
const TILE = 4;

export function sliceVectors(
  values: Float64Array,
  tails: Float64Array,
  paired: number,
  inverses: Float64Array,
  width: number,
  length: number,
  out: Float64Array,
  plane: number,
): void {
  for (let i = 0; i < width; i++) {
    const inverse = inverses[i]!;
    let at = (i - (i % TILE)) * length + (i % TILE);
    for (let k = 0; k < length; k++, at += TILE) {
      const x = values[k * width + i]! * inverse;
      const x1 = x + ROUNDER - ROUNDER;
      const rest = (x - x1) * SHIFT;
      const x2 = rest + ROUNDER - ROUNDER;
      const x3 = paired ? rest - x2 + tails[k * width + i]! * inverse * SHIFT : rest - x2;
      out[at] = x1;
      out[at + plane] = x2;
      out[at + 2 * plane] = x1 + x2;
      out[at + 3 * plane] = x3;
      out[at + 4 * plane] = x - x3 * (0.5 / SHIFT);
    }
  }
}

const MIDDLE = 2 ** -23;
const LOW = 2 ** -46;

export function addSlices(
  hi: Float64Array,
  lo: Float64Array,
  at: number,
  sums: Float64Array,
  sumsAt: number,
  plane: number,
  unit: number,
  units: Float64Array,
  unitsAt: number,
  count: number,
): void {
  for (let j = 0, from = sumsAt; j < count; j++, at++, from++) {
    const c1 = sums[from]!;
    const c2 = sums[from + plane]!;
    // Exact, as is the sum of e and the lowest products; only the rounded rest loses bits.
    const cross = (sums[from + 2 * plane]! - c1 - c2) * MIDDLE;
    const t = c1 + cross;
    const e = sumError(c1, cross, t) + c2 * LOW;
    const sum = t + e;
    const rest = sumError(t, e, sum) + (sums[from + 3 * plane]! + sums[from + 4 * plane]!) * MIDDLE;
    const scale = units[unitsAt + j]!;
    const p = sum * unit * scale;
    const s = hi[at]! + p;
    const low = lo[at]! + (sumError(hi[at]!, p, s) + rest * unit * scale);
    const h = s + low;
    hi[at] = h;
    lo[at] = low - (h - s);
  }
}
