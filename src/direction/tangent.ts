/** The live directions at w0: the row space of J = DF(w0), the range of J, and least squares with it. */
import { lsqr } from '../numerics/lsqr';
import { multiply } from '../numerics/cpu/matmul';
import { orthogonalFactor } from '../numerics/orthogonal-factor';
import { symmetricEigen } from '../numerics/symmetric-eigen';
import { addScaled, dot } from '../numerics/vector';
import type { ArcMap, Linearization } from './arc-map';
import type { Tolerances } from './tolerances';

export interface Absorption {
  /** The shortest u with J u closest to c. */
  readonly step: Float64Array;
  /** c - J u, what the live tangent space does not reach. */
  readonly rest: Float64Array;
  /** c less its part in the range of J, faint singular values included: at most |rest|. */
  readonly outside: Float64Array;
}

export interface TangentSpace {
  /** Number of live directions; null where only products with J were formed. */
  readonly rank: number | null;
  /** Rank with the first half of the probe alone: as large, unless the probe is too small to show every live direction. */
  readonly halfRank: number | null;
  absorb(c: Float64Array): Promise<Absorption>;
  dispose(): void;
}

/** Multiplications that a direct factorisation of J may take, and doubles that J may. */
const FACTOR_WORK = 3e9;
const GRAM_ROWS = 2000;
const STORED = 3e7;

/** @param scale generic size of a first-order coefficient: J may vanish altogether, and then its own size says nothing. */
export async function tangentSpace(map: ArcMap, scale: number, tolerances: Tolerances): Promise<TangentSpace> {
  const { rows, dimension } = map;
  const linear = map.linearize([map.point], 0);
  if (rows * dimension > STORED) return iterated(map, linear, tolerances);
  const direct = rows * dimension * Math.min(rows, dimension) <= FACTOR_WORK;
  if (!direct && rows > GRAM_ROWS) return iterated(map, linear, tolerances);
  const [lines] = await columns(map, linear);
  linear.dispose();
  return direct ? factored(map, lines!, scale, tolerances) : byGram(map, lines!, scale, tolerances);
}

/** J by columns [dimension, rows]: by as many products as its shorter side has. */
export async function columns(map: ArcMap, linear: Linearization, order = 0): Promise<Float64Array[]> {
  const { rows, dimension } = map;
  const out = Array.from({ length: order + 1 }, () => new Float64Array(rows * dimension));
  const byRows = order === 0 && rows < dimension;
  for (let i = 0; i < (byRows ? rows : dimension); i++) {
    const unit = new Float64Array(byRows ? rows : dimension);
    unit[i] = 1;
    if (byRows) (await linear.applyTransposed([unit]))[0]!.forEach((x, p) => (out[0]![p * rows + i] = x));
    else (await linear.apply([unit])).forEach((column, s) => out[s]!.set(column, i * rows));
  }
  return out;
}

function factored(map: ArcMap, lines: Float64Array, scale: number, tolerances: Tolerances): TangentSpace {
  const { rows, dimension } = map;
  const above = (factor: number) => (largest: number) => factor * Math.max(largest, scale);
  const all = orthogonalFactor(lines, rows, dimension, above(tolerances.rank), above(tolerances.faint));
  const half = Math.ceil(rows / 2);
  const first = new Float64Array(half * dimension);
  for (let p = 0; p < dimension; p++) first.set(lines.subarray(p * rows, p * rows + half), p * half);
  return {
    rank: all.rank,
    halfRank: orthogonalFactor(first, half, dimension, above(Math.sqrt(tolerances.rank * tolerances.faint))).rank,
    absorb: async (c) => ({ step: all.solve(c), rest: all.outside(c), outside: all.outside(c, all.diagonal.length) }),
    dispose() {},
  };
}

/**
 * Through J J^T [rows, rows], whose eigenvalues are squares: singular values under 1e-7 of the largest are lost in it. The step is
 * corrected twice with what J itself leaves, which brings the rest of what is resolved back to the roundoff of J.
 */
function byGram(map: ArcMap, lines: Float64Array, scale: number, tolerances: Tolerances): TangentSpace {
  const { rows, dimension } = map;
  const { values, vectors, rank } = eigenOfRows(lines, rows, dimension, rows, scale, tolerances);
  const half = Math.ceil(rows / 2);
  const project = (c: Float64Array) => {
    const weights = new Float64Array(rows);
    for (let k = 0; k < rank; k++) addScaled(weights, 0, dot(vectors, k * rows, c, 0, rows) / values[k]!, vectors, k * rows, rows);
    return Float64Array.from({ length: dimension }, (_, p) => dot(lines, p * rows, weights, 0, rows));
  };
  return {
    rank,
    halfRank: eigenOfRows(lines, rows, dimension, half, scale, tolerances).rank,
    async absorb(c) {
      const step = new Float64Array(dimension);
      const rest = c.slice();
      for (let pass = 0; pass < 3; pass++) {
        const correction = project(rest);
        addScaled(step, 0, 1, correction, 0, dimension);
        for (let p = 0; p < dimension; p++) addScaled(rest, 0, -correction[p]!, lines, p * rows, rows);
      }
      return { step, rest, outside: rest };
    },
    dispose() {},
  };
}

/** Eigenvalues and vectors of the Gram of the first `count` rows of J. */
function eigenOfRows(lines: Float64Array, rows: number, dimension: number, count: number, scale: number, tolerances: Tolerances) {
  const gram = new Float64Array(count * count);
  const left = { values: lines, offset: 0, rowStride: 1, columnStride: rows };
  multiply(left, { values: lines, offset: 0, rowStride: rows, columnStride: 1 }, gram, 0, count, dimension, count);
  const { values, vectors } = symmetricEigen(gram, count, { vectors: true });
  const cut = Math.max(tolerances.rank, 1e-7) * Math.max(Math.sqrt(Math.max(0, values[0]!)), scale);
  const found = values.findIndex((x) => !(x > cut * cut));
  return { values, vectors: vectors!, rank: found < 0 ? count : found };
}

/** By products with J alone, one run of LSQR for every vector. */
function iterated(map: ArcMap, linear: Linearization, tolerances: Tolerances): TangentSpace {
  const { rows, dimension } = map;
  const apply = async (x: Float64Array) => (await linear.apply([x]))[0]!;
  const applyTransposed = async (y: Float64Array) => (await linear.applyTransposed([y]))[0]!;
  const limits = { tolerance: tolerances.zero / 10, iterations: 4 * Math.min(rows, dimension, 500) };
  return {
    rank: null,
    halfRank: null,
    async absorb(c) {
      const { x } = await lsqr({ rows, columns: dimension, apply, applyTransposed }, c, limits);
      const rest = c.slice();
      addScaled(rest, 0, -1, await apply(x), 0, rows);
      return { step: x, rest, outside: rest };
    },
    dispose: () => linear.dispose(),
  };
}
