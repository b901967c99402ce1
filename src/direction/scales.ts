/** Generic sizes of Taylor coefficients: what "zero" is measured against. */
import type { Random } from '../base/random';
import type { ArcMap } from './arc-map';

/** scales[j]: size of the coefficient of t^j along a straight line, scales[0] that of the outputs themselves. */
export type Scales = Float64Array;

const DRAWS = 5;
const OWN_DRAWS = 2;
/** A scale under this part of the largest is as good as none, once the growth of coefficients from order to order is taken out. */
const LEAST = 1e-6;
/** More from one order to the next is no growth: the lower one vanishes but for rounding. */
const MOST_GROWTH = 1e3;

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

/** Keeps the size of the outputs at order 0, by whose rounding every order is known. */
async function raise(scales: Scales, map: ArcMap, u: Float64Array, order: number): Promise<void> {
  const c = await map.coefficients([map.point, u], order);
  for (let j = 0; j <= order; j++) scales[j] = Math.max(scales[j]!, norm(c[j]!));
}

/**
 * Coefficients of a network near a pole (a norm of short vectors) grow by a factor from order to order, the inverse of the radius of
 * convergence: a large one of order 6 says nothing about order 1.
 */
function floored(scales: Scales): Scales {
  if (nothingMoves(scales)) return scales;
  const growth = growthOf(scales);
  return scales.map((x, j) => (j === 0 ? x : scales.reduce((most, other, i) => Math.max(most, LEAST * other * growth ** Math.min(0, j - i)), x)));
}

/** Nothing moves the outputs at any order. */
export function nothingMoves(scales: Scales): boolean {
  return scales.subarray(1).every((x) => x === 0);
}

/** Median ratio of neighbours, at least 1. */
function growthOf(scales: Scales): number {
  const ratios = Array.from(scales.subarray(2), (x, k) => x / scales[k + 1]!).filter((r) => r > 0 && r <= MOST_GROWTH);
  return Math.max(1, ratios.sort((a, b) => a - b)[ratios.length >> 1] ?? 1);
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
