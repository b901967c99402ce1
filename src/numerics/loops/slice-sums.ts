/** What the exact sums of slices (slices.ts) amount to. */
import { sumError } from '../double-double';

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
