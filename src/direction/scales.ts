/** Generic sizes of Taylor coefficients: what "zero" is measured against. */
import type { Random } from '../base/random';
import type { ArcMap } from './arc-map';

/** scales[j]: size of the coefficient of t^j along a straight line. */
export type Scales = Float64Array;

const DRAWS = 5;
const OWN_DRAWS = 2;
/** A scale under this part of the largest is as good as none. */
const LEAST = 1e-6;

/** Along random unit directions: the largest of five. */
export async function genericScales(map: ArcMap, order: number, random: Random): Promise<Scales> {
  const out = new Float64Array(order + 1);
  for (let i = 0; i < DRAWS; i++) await raise(out, map, unit(random.normals(map.dimension)), order);
  return floored(out);
}

/**
 * For the direction u: as large as generic ones and as those of the same magnitudes with random signs. Where the network is wide a
 * random unit vector hardly moves any one unit, and u may be all in one.
 */
export async function scalesFor(map: ArcMap, generic: Scales, u: Float64Array, random: Random): Promise<Scales> {
  const out = generic.slice();
  for (let i = 0; i < OWN_DRAWS; i++) await raise(out, map, u.map((x) => (random.uniform() < 0.5 ? -x : x)), out.length - 1);
  return floored(out);
}

async function raise(scales: Scales, map: ArcMap, u: Float64Array, order: number): Promise<void> {
  const c = await map.coefficients([map.point, u], order);
  for (let j = 1; j <= order; j++) scales[j] = Math.max(scales[j]!, norm(c[j]!));
}

function floored(scales: Scales): Scales {
  const least = LEAST * scales.subarray(1).reduce((a, b) => Math.max(a, b), 0);
  return scales.map((x) => Math.max(x, least));
}

export function norm(x: Float64Array): number {
  let sum = 0;
  for (const value of x) sum += value * value;
  return Math.sqrt(sum);
}

/** x / |x|; zero stays zero. */
export function unit(x: Float64Array): Float64Array {
  const size = norm(x);
  return size > 0 ? x.map((value) => value / size) : x;
}
