/**
 * The rate along the straight line: the directional Fisher F_u(t) = |DF(w0 + t u) u|^2 ~ C t^{2(k-1)} (paper B), read off a log-log
 * slope, with the divergence |F(w0 + t u) - F(w0)|^2 / 2 ~ c t^{2k} beside it.
 */
import { fitLine } from '../numerics/line-fit';
import type { ArcMap } from './arc-map';
import { norm, unit } from './scales';

export interface RatePoint {
  readonly t: number;
  readonly fisher: number;
  /** KL divergence at unit noise for mse; for ce the same in the metric of centred logits. */
  readonly divergence: number;
  /** sqrt(t^2 F / (2 KL)), which tends to k without any fit; null under the floor of the divergence. */
  readonly estimate: number | null;
}

export interface RateReading {
  /** Ascending in t. */
  readonly points: readonly RatePoint[];
  /** F_u at or under this is roundoff. */
  readonly floor: number;
  /** First and last t of the fit; null where too few points are left. */
  readonly window: readonly [number, number] | null;
  readonly slope: number | null;
  /** Of the slope. */
  readonly interval: readonly [number, number] | null;
  /** 1 + slope / 2 where the interval holds one whole number and no other, else null. */
  readonly order: number | null;
  /** The fit-free estimate at the smallest t of the window. */
  readonly estimate: number | null;
}

export interface RateOptions {
  /** Largest and smallest step along the unit vector, and points between them. */
  largest?: number;
  smallest?: number;
  points?: number;
}

/** Roundoffs of |DF| a point must lie above to be used. */
const FLOOR_UNITS = 1e3;
/** How far the slope between neighbours may leave the slope at the small end. */
const BEND = 0.15;
const LEAST_POINTS = 6;

/**
 * The window opens at the smallest t whose F_u is above the floor and goes on while the slope between neighbours stays within 0.15 of
 * the median of the first five. Its interval is that of least squares (Student t, 95 %), widened by what is left of the curvature, which
 * scatter does not show: the difference of the slopes of its two halves, or the way to the slope at t = 0, to which the slopes between
 * neighbours extrapolate as a line in t, whichever is more.
 */
export async function readRate(map: ArcMap, direction: Float64Array, options: RateOptions = {}): Promise<RateReading> {
  const { largest = 1, smallest = 1e-4, points: count = 33 } = options;
  const { roundoff } = map.ops;
  const u = unit(direction);
  const [origin] = await map.coefficients([map.point], 0);
  const generic = Math.max(norm(origin!), await typicalMove(map, u, largest));
  const floor = (FLOOR_UNITS * roundoff * generic) ** 2;
  const points: RatePoint[] = [];
  for (let i = 0; i < count; i++) {
    const t = smallest * (largest / smallest) ** (i / (count - 1));
    const [at, moved] = await map.coefficients([map.point.map((w, p) => w + t * u[p]!), u], 1);
    const fisher = norm(moved!) ** 2;
    const divergence = norm(at!.map((y, n) => y - origin![n]!)) ** 2 / 2;
    points.push({ t, fisher, divergence, estimate: divergence > floor ? Math.sqrt((t * t * fisher) / (2 * divergence)) : null });
  }
  const kept = windowOf(points, floor);
  if (kept.length < LEAST_POINTS) return { points, floor, window: null, slope: null, interval: null, order: null, estimate: null };
  const fit = slopeOf(kept);
  const middle = Math.floor(kept.length / 2);
  const bend = Math.abs(slopeOf(kept.slice(0, middle)).slope - slopeOf(kept.slice(-middle)).slope);
  const half = fit.halfWidth + Math.max(bend, Math.abs(fit.slope - slopeAtZero(kept)));
  const interval = [fit.slope - half, fit.slope + half] as const;
  const [low, high] = [1 + interval[0] / 2, 1 + interval[1] / 2];
  const whole = Math.floor(high) === Math.ceil(low) ? Math.ceil(low) : null;
  return {
    points,
    floor,
    window: [kept[0]!.t, kept.at(-1)!.t],
    slope: fit.slope,
    interval,
    order: whole !== null && whole >= 1 ? whole : null,
    estimate: kept.find((p) => p.estimate !== null)?.estimate ?? null,
  };
}

/** |DF u| at the far end, where nothing is degenerate any more. */
async function typicalMove(map: ArcMap, u: Float64Array, t: number): Promise<number> {
  return norm((await map.coefficients([map.point.map((w, p) => w + t * u[p]!), u], 1))[1]!);
}

function slopeOf(points: readonly RatePoint[]) {
  return fitLine(points.map((p) => Math.log(p.t)), points.map((p) => Math.log(p.fisher)));
}

function slopeAtZero(points: readonly RatePoint[]): number {
  const middles = points.slice(1).map((p, i) => Math.sqrt(p.t * points[i]!.t));
  return fitLine(middles, slopesBetween(points)).intercept;
}

function slopesBetween(points: readonly RatePoint[]): number[] {
  return points.slice(1).map((p, i) => Math.log(p.fisher / points[i]!.fisher) / Math.log(p.t / points[i]!.t));
}

function windowOf(points: readonly RatePoint[], floor: number): RatePoint[] {
  const start = points.findIndex((_, i) => points.slice(i).every((p) => p.fisher > floor));
  if (start < 0 || points.length - start < LEAST_POINTS) return [];
  const above = points.slice(start);
  const slopes = slopesBetween(above);
  const reference = slopes.slice(0, 5).sort((a, b) => a - b)[2]!;
  const bend = slopes.findIndex((s) => Math.abs(s - reference) > BEND);
  return bend < 0 ? above : above.slice(0, bend + 1);
}
