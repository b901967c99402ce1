/** The live directions at w0: the row space of J = DF(w0), the range of J, and least squares with it. */
import { Random } from '../base/random';
import { lsqr } from '../numerics/lsqr';
import { multiply } from '../numerics/cpu/matmul';
import { orthogonalFactor } from '../numerics/orthogonal-factor';
import { symmetricEigen } from '../numerics/symmetric-eigen';
import { addScaled, dot } from '../numerics/vector';
import type { ArcMap, Linearization } from './arc-map';
import { norm } from './scales';
import type { Tolerances } from './tolerances';

export interface Absorption {
  /** The shortest u with J u closest to c. */
  readonly step: Float64Array;
  /** c - J u, what the live tangent space does not reach. */
  readonly rest: Float64Array;
  /** c less its part in the range of J, faint singular values included: at most |rest|. */
  readonly outside: Float64Array;
}

/**
 * How far the first half of the probe shows the live directions that all of it shows: what a larger probe would add is of that size.
 * most: all but 2 %, enough for a direction that was chosen without looking at the probe.
 */
export type Saturation = 'full' | 'most' | 'no';

export interface TangentSpace {
  /** Number of live directions, and of those that the first half of the probe shows; null where only products with J were formed. */
  readonly rank: number | null;
  readonly halfRank: number | null;
  readonly saturation: Saturation;
  absorb(c: Float64Array): Promise<Absorption>;
  /** J by columns [dimension, rows], only to be read; null where it is too large to be held. */
  jacobian(): Promise<Float64Array | null>;
  dispose(): void;
}

/** Multiplications that a direct factorisation of J may take, and doubles that J may. */
const FACTOR_WORK = 3e9;
const GRAM_ROWS = 2000;
const STORED = 3e7;
/** Part of the live directions that half of the probe may miss. */
const UNSEEN = 0.02;

/** Directly, through J J^T, or by products with J alone. */
export type Route = 'factor' | 'gram' | 'products';

function routeFor({ rows, dimension }: ArcMap): Route {
  if (rows * dimension > STORED) return 'products';
  if (rows * dimension * Math.min(rows, dimension) <= FACTOR_WORK) return 'factor';
  return rows <= GRAM_ROWS ? 'gram' : 'products';
}

/** @param scale generic size of a first-order coefficient: J may vanish altogether, and then its own size says nothing. */
export async function tangentSpace(map: ArcMap, scale: number, tolerances: Tolerances, route: Route = routeFor(map)): Promise<TangentSpace> {
  const linear = map.linearize([map.point], 0);
  if (route === 'products') return iterated(map, linear, tolerances);
  const lines = (await map.jacobianBySamples()) ?? (await columns(map, linear))[0]!;
  linear.dispose();
  const space = (route === 'factor' ? factored : byGram)(map, lines, scale, tolerances);
  return { ...space, jacobian: async () => lines };
}

function saturationOf(rank: number, halfRank: number, rows: number): Saturation {
  // J onto: on such a probe everything is absorbed.
  if (rank >= rows) return 'no';
  return halfRank >= rank ? 'full' : halfRank >= rank - Math.floor(UNSEEN * rank) ? 'most' : 'no';
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

function factored(map: ArcMap, lines: Float64Array, scale: number, tolerances: Tolerances): Omit<TangentSpace, 'jacobian'> {
  const { rows, dimension } = map;
  const above = (factor: number) => (largest: number) => factor * Math.max(largest, scale);
  const all = orthogonalFactor(lines, rows, dimension, above(tolerances.rank), above(tolerances.faint));
  const half = Math.ceil(rows / 2);
  const first = new Float64Array(half * dimension);
  for (let p = 0; p < dimension; p++) first.set(lines.subarray(p * rows, p * rows + half), p * half);
  // Half of the rows has smaller singular values: one that is near the cut may not be missed for that.
  const halfRank = orthogonalFactor(first, half, dimension, above(Math.sqrt(tolerances.rank * tolerances.faint))).rank;
  return {
    rank: all.rank,
    halfRank,
    saturation: saturationOf(all.rank, halfRank, rows),
    absorb: async (c) => ({ step: all.solve(c), rest: all.outside(c), outside: all.outside(c, all.diagonal.length) }),
    dispose() {},
  };
}

/**
 * Through J J^T [rows, rows], whose eigenvalues are squares: singular values under 1e-7 of the largest are lost in it. The step is
 * corrected twice with what J itself leaves, which brings the rest of what is resolved back to the roundoff of J.
 */
function byGram(map: ArcMap, lines: Float64Array, scale: number, tolerances: Tolerances): Omit<TangentSpace, 'jacobian'> {
  const { rows, dimension } = map;
  const { values, vectors, rank } = eigenOfRows(lines, rows, dimension, rows, scale, tolerances);
  const half = Math.ceil(rows / 2);
  const project = (c: Float64Array) => {
    const weights = new Float64Array(rows);
    for (let k = 0; k < rank; k++) addScaled(weights, 0, dot(vectors, k * rows, c, 0, rows) / values[k]!, vectors, k * rows, rows);
    return Float64Array.from({ length: dimension }, (_, p) => dot(lines, p * rows, weights, 0, rows));
  };
  const halfRank = eigenOfRows(lines, rows, dimension, half, scale, tolerances).rank;
  return {
    rank,
    halfRank,
    saturation: saturationOf(rank, halfRank, rows),
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
async function iterated(map: ArcMap, linear: Linearization, tolerances: Tolerances): Promise<TangentSpace> {
  const { rows, dimension } = map;
  const apply = async (x: Float64Array) => (await linear.apply([x]))[0]!;
  const applyTransposed = async (y: Float64Array) => (await linear.applyTransposed([y]))[0]!;
  const limits = { tolerance: 1e3 * map.ops.roundoff, iterations: 4 * Math.min(rows, dimension, 500) };
  const restOf = async (c: Float64Array, x: Float64Array) => {
    const moved = await apply(x);
    return c.map((value, i) => value - moved[i]!);
  };

  // What a generic change of the weights does to the outputs, learnt from the first half of the probe and foretold for the second.
  const moved = await apply(new Random(1).normals(dimension));
  const first = (y: Float64Array) => y.map((value, i) => (i < rows / 2 ? value : 0));
  const halfMap = { rows, columns: dimension, apply: async (x: Float64Array) => first(await apply(x)), applyTransposed: (y: Float64Array) => applyTransposed(first(y)) };
  const half = await lsqr(halfMap, first(moved), limits);
  const missed = norm((await restOf(moved, half.x)).subarray(Math.ceil(rows / 2))) / (norm(moved.subarray(Math.ceil(rows / 2))) || 1);

  return {
    rank: null,
    halfRank: null,
    saturation: missed <= Math.sqrt(tolerances.zero) ? 'full' : missed <= Math.sqrt(UNSEEN) ? 'most' : 'no',
    async absorb(c) {
      const { x } = await lsqr({ rows, columns: dimension, apply, applyTransposed }, c, limits);
      const rest = await restOf(c, x);
      return { step: x, rest, outside: rest };
    },
    jacobian: async () => (rows * dimension <= STORED ? (await columns(map, linear))[0]! : null),
    dispose: () => linear.dispose(),
  };
}
