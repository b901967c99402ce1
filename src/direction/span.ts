/** The space that the generators of known symmetries span at w0, and whether a direction lies in it. */
import { lsqr } from '../numerics/lsqr';
import { orthogonalFactor } from '../numerics/orthogonal-factor';
import type { ArcMap } from './arc-map';
import type { NamedVector } from './output-map';
import { norm, unit } from './scales';

export interface Span {
  /** Null where that could not be decided. */
  contains(u: Float64Array): Promise<boolean | null>;
}

/** A part of a unit direction under this lies in the span. */
export const IN_SPAN = 1e-6;
/** Multiplications of a factorisation; doubles that generators write, as they are made; nonzero ones that are kept for products. */
const FACTOR_WORK = 2e9;
const MADE = 4e9;
const KEPT = 4e6;
const PRODUCTS = { tolerance: 1e-10, iterations: 500 };

/** Whether so many generators may be factored. */
export function isFactored(map: ArcMap, count: number): boolean {
  return count ** 2 * map.dimension <= FACTOR_WORK;
}

const undecided: Span = { contains: () => Promise.resolve(null) };

/** Of flat generators, by a factorisation; null where there are none. */
export function spanOf(generators: readonly Float64Array[]): Span | null {
  const present = generators.filter((g) => norm(g) > 0);
  if (present.length === 0) return null;
  const { length } = present[0]!;
  const lines = new Float64Array(present.length * length);
  present.forEach((g, i) => lines.set(unit(g), i * length));
  const factor = orthogonalFactor(lines, length, present.length, (largest) => 1e-10 * largest);
  return { contains: (u) => Promise.resolve(norm(factor.outside(u)) < IN_SPAN * norm(u)) };
}

/**
 * Of as many generators as `count` says: by a factorisation where that is little work, else by products with the nonzero entries; where even
 * those are too many, nothing is decided.
 */
export function spanOfMany(map: ArcMap, generators: Iterable<NamedVector>, count: number): Span | null {
  if (isFactored(map, count)) return spanOf(Array.from(generators, (g) => map.flat(g)));
  if (count * map.dimension > MADE) return undecided;
  const columns: { at: Int32Array; values: Float64Array }[] = [];
  let kept = 0;
  for (const generator of generators) {
    const flat = unit(map.flat(generator));
    const at = Int32Array.from(flat.keys()).filter((p) => flat[p] !== 0);
    if (at.length === 0) continue;
    kept += at.length;
    if (kept > KEPT) return undecided;
    columns.push({ at, values: Float64Array.from(at, (p) => flat[p]!) });
  }
  return columns.length === 0 ? null : iterated(columns, map.dimension);
}

function iterated(columns: readonly { at: Int32Array; values: Float64Array }[], rows: number): Span {
  const matrix = {
    rows,
    columns: columns.length,
    apply: (x: Float64Array) => {
      const y = new Float64Array(rows);
      columns.forEach(({ at, values }, j) => at.forEach((p, k) => (y[p]! += values[k]! * x[j]!)));
      return Promise.resolve(y);
    },
    applyTransposed: (y: Float64Array) =>
      Promise.resolve(Float64Array.from(columns, ({ at, values }) => at.reduce((sum, p, k) => sum + values[k]! * y[p]!, 0))),
  };
  return {
    async contains(u) {
      const { x, converged } = await lsqr(matrix, unit(u), PRODUCTS);
      const inside = await matrix.apply(x);
      if (norm(unit(u).map((v, p) => v - inside[p]!)) < IN_SPAN) return true;
      return converged ? false : null;
    },
  };
}
