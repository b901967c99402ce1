/** The lift of an arc with all of its coefficients free: Gauss-Newton on the block-Toeplitz system of c_2 = ... = c_j = 0. */
import { lsqr } from '../numerics/lsqr';
import { orthogonalFactor } from '../numerics/orthogonal-factor';
import type { ArcMap, Linearization } from './arc-map';
import { norm, type Scales } from './scales';
import { columns } from './tangent';

/** Multiplications up to which the system is written out and factored. */
const DIRECT = 2e9;
const RANK = 1e-9;
const ITERATIONS = 30;
/** Iterations without a gain of a tenth after which nothing more is expected. */
const PATIENCE = 5;
/** A step that the linear system itself says leaves more than this is none: the arc is as good as arcs near it. */
const STATIONARY = 0.99;
const LONGEST_STEP = 3;
/** Arcs that leave this far are of no use: only t < 1 / amplification could be trusted. */
const MOST_AMPLIFIED = 50;
const INNER = { tolerance: 1e-12, iterations: 300 };

/** An arc as flat coefficients u_0 = w0, u_1, ...; no missing ones. */
export type Arc = Float64Array[];

/** max |u_i|^(1/i): the arc is trusted for t below its inverse. */
export function amplification(arc: Arc): number {
  return arc.reduce((most, u, i) => (i === 0 ? most : Math.max(most, norm(u) ** (1 / i))), 0);
}

/**
 * Moves u_2 .. u_j of `arc` until c_2 .. c_j are zero, or do not get smaller. @returns the best arc and the largest
 * |c_i| / (scales_i max(1, amplification)^i) that it leaves.
 */
export async function newtonLift(map: ArcMap, arc: Arc, j: number, scales: Scales, zero: number): Promise<{ arc: Arc; size: number }> {
  const { rows, dimension } = map;
  let at = arc.slice(0, j + 1);
  while (at.length <= j) at.push(new Float64Array(dimension));
  let best = { arc: at, size: Infinity };
  let spent = 0;
  for (let i = 0; i < ITERATIONS; i++) {
    const c = await map.coefficients(at, j);
    const rho = Math.max(1, amplification(at));
    const size = Math.max(...c.slice(2).map((x, k) => norm(x) / (scales[k + 2]! * rho ** (k + 2))));
    spent = size < 0.9 * best.size ? 0 : spent + 1;
    if (size < best.size) best = { arc: at, size };
    if (size <= zero || spent > PATIENCE || rho > MOST_AMPLIFIED || !Number.isFinite(size)) break;
    const right = new Float64Array((j - 1) * rows);
    for (let k = 2; k <= j; k++) c[k]!.forEach((x, n) => (right[(k - 2) * rows + n] = -x / scales[k]!));
    const linear = map.linearize(at.slice(0, j - 1), j - 2);
    const direct = (j - 1) ** 3 * rows * dimension ** 2 <= DIRECT;
    const { step, left } = await (direct ? directStep : iteratedStep)(map, linear, right, j, scales);
    linear.dispose();
    if (left > STATIONARY * norm(right)) break;
    const factor = Math.min(1, LONGEST_STEP / norm(step));
    at = at.map((u, k) => (k < 2 ? u : u.map((x, p) => x + factor * step[(k - 2) * dimension + p]!)));
  }
  return best;
}

interface Step {
  /** u_2 .. u_j one after the other. */
  readonly step: Float64Array;
  /** What the linear system leaves of its right side. */
  readonly left: number;
}

/** Row block i, column block l (2 <= l <= i <= j): A_{i - l} / scales_i. */
async function directStep(map: ArcMap, linear: Linearization, right: Float64Array, j: number, scales: Scales): Promise<Step> {
  const { rows, dimension } = map;
  const a = await columns(map, linear, j - 2);
  const height = (j - 1) * rows;
  const lines = new Float64Array((j - 1) * dimension * height);
  for (let l = 2; l <= j; l++) {
    for (let p = 0; p < dimension; p++) {
      const line = ((l - 2) * dimension + p) * height;
      for (let i = l; i <= j; i++) {
        for (let n = 0; n < rows; n++) lines[line + (i - 2) * rows + n] = a[i - l]![p * rows + n]! / scales[i]!;
      }
    }
  }
  const factor = orthogonalFactor(lines, height, (j - 1) * dimension, (largest) => RANK * largest);
  return { step: factor.solve(right), left: norm(factor.outside(right)) };
}

/** The same system by products: a curve of tangents is moved forward, and a reversed curve of outputs back. */
async function iteratedStep(map: ArcMap, linear: Linearization, right: Float64Array, j: number, scales: Scales): Promise<Step> {
  const { rows, dimension } = map;
  const blocks = (x: Float64Array, length: number) => Array.from({ length: j - 1 }, (_, k) => x.slice(k * length, (k + 1) * length));
  const joined = (parts: readonly Float64Array[], length: number) => {
    const out = new Float64Array(parts.length * length);
    parts.forEach((part, k) => out.set(part, k * length));
    return out;
  };
  const scaled = (parts: readonly Float64Array[]) => parts.map((part, k) => part.map((x) => x / scales[k + 2]!));
  const system = {
    rows: (j - 1) * rows,
    columns: (j - 1) * dimension,
    apply: async (x: Float64Array) => joined(scaled(await linear.apply(blocks(x, dimension))), rows),
    applyTransposed: async (y: Float64Array) => joined((await linear.applyTransposed(scaled(blocks(y, rows)).reverse())).reverse(), dimension),
  };
  const { x, residual } = await lsqr(system, right, INNER);
  return { step: x, left: residual };
}
