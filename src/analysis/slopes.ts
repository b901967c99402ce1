/**
 * Slopes along a trajectory. The volume observable log det+ falls (or grows) r times as fast as one dead direction where r of them die
 * together; the smallest eigenvalue does not see r (paper A, volume identity). Both are fitted over the same points, with the same
 * number of eigenvalues at each of them.
 */
import { fitLine, fitLineBeside, type LineFit } from '../numerics/line-fit';
import { floorOf } from '../spectrum/floor';
import { keptAlong } from '../spectrum/path';
import { logDeterminant } from '../spectrum/readings/log-det-plus';
import { viewSpectrum } from '../spectrum/read';
import type { Cut } from './reread';
import type { Side } from './report';
import type { PathSpectrum, Trajectory } from './trajectory';

export const PATH_AXES = ['step', 'log step', 'log distance'] as const;
export type PathAxis = (typeof PATH_AXES)[number];

/** A fitted slope with the half-width of its 95 % interval. */
export interface Slope {
  readonly value: number;
  readonly halfWidth: number;
  readonly intercept: number;
}

export interface PathFit {
  readonly layer: string;
  readonly side: Side;
  /** Eigenvalues at the last point that are dead, whatever their cause; null where they were not all computed. */
  readonly deficit: number | null;
  /** First and last point of the fit; null where too few points are left. */
  readonly window: readonly [number, number] | null;
  /** Points in it that have a place on the axis. */
  readonly points: readonly number[];
  /** Eigenvalues that log det+ is summed over: those above the cut at every point of the window. */
  readonly kept: number;
  /** Of those, how many are dead at the last point of the trajectory. */
  readonly died: number | null;
  /** Smallest of them that fall at least half as fast as the very smallest, whether or not they reach the floor; 0 where that one stands still. */
  readonly falling: number;
  /** d log det+ / dx, with natural logarithms. */
  readonly volume: Slope | null;
  /** Slopes of log det+ over the first and the second half of the points, from six on: where they differ, the line bends, which scatter alone does not show. */
  readonly halves: readonly [number, number] | null;
  /** d log lambda / dx of the smallest kept eigenvalue. */
  readonly smallest: Slope | null;
  /** volume / smallest. */
  readonly ratio: Pick<Slope, 'value' | 'halfWidth'> | null;
  /** Slopes of the kept eigenvalues that die or fall, from the largest to the smallest: alike where one number r says it all. At most 64. */
  readonly rates: readonly number[];
  /** Which of the two laws leaves less scatter in the smallest eigenvalue; null where there are no steps to tell by. */
  readonly law: 'power' | 'exponential' | null;
}

/** Points that the automatic window has at least, where there are twice as many. */
export const LEAST_POINTS = 4;
/** A line is probed where its last digits are still known: the fit takes this many decades of epsilon next to the checkpoint. */
const NEAR_DECADES = 1;
/** Digits that the slope of a line needs: fewer than a reading, so that the smallest steps stand above the floor. */
const SLOPE_DIGITS = 2;
const MOST_RATES = 64;

/** Where a point is drawn; null where it has no place: zero has no logarithm. */
export function placeOf({ step, distance }: { step: number | null; distance: number }, axis: PathAxis): number | null {
  if (axis === 'log distance') return distance > 0 ? distance : null;
  return axis === 'step' || (step !== null && step > 0) ? step : null;
}

/** The same as lines are fitted in it: natural logarithms, but for plain steps. */
export function positionOf(point: { step: number | null; distance: number }, axis: PathAxis): number | null {
  const place = placeOf(point, axis);
  return place === null || axis === 'step' ? place : Math.log(place);
}

/** Axes on which at least two points have a place. */
export function axesOf({ points }: Pick<Trajectory, 'points'>): PathAxis[] {
  return PATH_AXES.filter((axis) => points.filter((p) => positionOf(p, axis) !== null).length > 1);
}

export interface PathStep extends Pick<PathSpectrum, 'eigenvalues' | 'dimension'> {
  /** Eigenvalues above the cut; null where not all are known. */
  readonly rank: number | null;
}

/** Spectra of one tap along the trajectory, cut where the person cuts; null where a point has none. */
export function pathOf({ points }: Pick<Trajectory, 'points'>, layer: string, side: Side, cut: Cut): (PathStep | null)[] {
  return points.map(({ spectra }) => {
    const s = spectra.find(({ tap }) => tap.layer === layer && tap.side === side);
    if (!s) return null;
    const { floor } = cut.digits === null ? s : floorOf(s.noise, cut.digits);
    const { rank } = viewSpectrum(s.eigenvalues, s.dimension, s.rows, floor, cut.threshold, s.sampleLimited, s.estimate ?? null);
    return { eigenvalues: s.eigenvalues, dimension: s.dimension, rank };
  });
}

/** @param window first and last point to fit; null = as many eigenvalues as some points keep, over the longest run of such points. */
export function fitPath(trajectory: Trajectory, tap: { layer: string; side: Side }, axis: PathAxis, window: readonly [number, number] | null, cut: Cut): PathFit {
  const path = fittedPath(trajectory, tap, cut);
  const x = trajectory.points.map((p) => positionOf(p, axis));
  const usable = path.map((s, i) => s !== null && s.rank !== null && s.rank > 0 && x[i] !== null);
  const end = path.findLast((s) => s !== null) ?? null;
  const endRank = end?.rank ?? null;
  const deficit = end === null || endRank === null ? null : end.dimension - endRank;
  const chosen = window ?? automaticWindow(trajectory, path, x, usable);
  const points = chosen ? usable.flatMap((ok, i) => (ok && i >= chosen[0] && i <= chosen[1] ? [i] : [])) : [];
  const steps = points.map((i) => path[i]!);
  const kept = keptAlong(steps);
  const died = endRank === null || kept === 0 ? null : Math.max(0, kept - endRank);
  const empty = { ...tap, deficit, window: chosen, points, kept, died, falling: 0, volume: null, halves: null, smallest: null, ratio: null, rates: [], law: null };
  if (kept === 0 || points.length < (trajectory.path === 'run' ? 3 : LEAST_POINTS)) return empty;
  const fit = fitOf(trajectory, points);

  const at = points.map((i) => x[i]!);
  const volumes = steps.map((s) => logDeterminant(s.eigenvalues, kept));
  const logs = (k: number) => steps.map((s) => Math.log(s.eigenvalues[k]!));
  const volume = slope(fit(at, volumes));
  const middle = Math.ceil(at.length / 2);
  const halves: PathFit['halves'] = at.length < 6 ? null : [fitLine(at.slice(0, middle), volumes.slice(0, middle)).slope, fitLine(at.slice(-middle), volumes.slice(-middle)).slope];
  const least = logs(kept - 1);
  const smallest = slope(fit(at, least));
  // A direction that dies falls from point to point; on a line nothing but what is dead at its end has a power law.
  const falls = Math.abs(smallest.value) > smallest.halfWidth && least.at(-1)! < least[0]! && (trajectory.path === 'run' || died! > 0);
  if (!falls) return { ...empty, volume, halves, smallest };
  const rate = (k: number) => fit(at, logs(k)).slope;
  let falling = 0;
  while (falling < kept && rate(kept - 1 - falling) / smallest.value > 0.5) falling++;
  const dying = Math.min(Math.max(died ?? 0, falling), MOST_RATES);
  const rates = Array.from({ length: dying }, (_, k) => rate(kept - dying + k));
  return { ...empty, falling, volume, halves, smallest, ratio: ratioOf(fit, at, volumes, least, volume, smallest), rates, law: lawOf(trajectory, points, least) };
}

/** The predicted multiple r: how many died, or are about to. */
export function multipleOf({ died, falling }: Pick<PathFit, 'died' | 'falling'>): number {
  return died !== null && died > 0 ? died : falling;
}

/** What is fitted: on a line to fewer digits, where what is dead at the checkpoint is dead to these as well: to more digits small steps would be cut off. */
export function fittedPath(trajectory: Trajectory, { layer, side }: { layer: string; side: Side }, cut: Cut): (PathStep | null)[] {
  const path = pathOf(trajectory, layer, side, cut);
  if (trajectory.path === 'run' || cut.digits !== null) return path;
  const finer = pathOf(trajectory, layer, side, { ...cut, digits: SLOPE_DIGITS });
  return finer.at(-1)?.rank === path.at(-1)?.rank ? finer : path;
}

type Fit = (x: readonly number[], y: readonly number[]) => LineFit;

/**
 * A straight line along a run. Along a line the eigenvalues are analytic in epsilon, so that log lambda = a + b log epsilon + c epsilon + …:
 * the third term is fitted as well, for high powers stand above the floor only where epsilon is not small.
 */
function fitOf({ path, points }: Trajectory, used: readonly number[]): Fit {
  if (path === 'run') return (x, y) => fitLine(x, y);
  const largest = points[used[0]!]!.distance;
  const epsilon = used.map((i) => points[i]!.distance / largest);
  return (x, y) => fitLineBeside(x, y, epsilon);
}

const slope = ({ slope: value, halfWidth, intercept }: LineFit): Slope => ({ value, halfWidth, intercept });

/**
 * Of two slopes over the same points. Its interval is that of the slope of y1 - R y2, which is zero at the true ratio (Fieller 1954, to
 * first order): what both readings share cancels.
 */
function ratioOf(fit: Fit, x: readonly number[], y1: readonly number[], y2: readonly number[], a: Slope, b: Slope): Pick<Slope, 'value' | 'halfWidth'> {
  const value = a.value / b.value;
  return { value, halfWidth: fit(x, y1.map((y, i) => y - value * y2[i]!)).halfWidth / Math.abs(b.value) };
}

/** The longest run of points, the later of two, that keep as many eigenvalues as at least four points do. */
function automaticWindow({ points, path: kind }: Trajectory, path: readonly (PathStep | null)[], x: readonly (number | null)[], usable: readonly boolean[]): [number, number] | null {
  const ranks = path.flatMap((s, i) => (usable[i] ? [s!.rank!] : [])).sort((a, b) => b - a);
  if (ranks.length < 3) return null;
  // Of a few points half, but never fewer than a line needs.
  const enough = Math.min(LEAST_POINTS, Math.max(3, Math.ceil(ranks.length / 2)));
  const kept = ranks[enough - 1]!;
  let best: [number, number] | null = null;
  let start = -1;
  for (let i = 0; i <= points.length; i++) {
    // Points without a place on the axis do not end a run.
    if (i < points.length && x[i] === null) continue;
    const inside = i < points.length && usable[i]! && path[i]!.rank! >= kept;
    if (inside && start < 0) start = i;
    if (inside || start < 0) continue;
    const last = usable.findLastIndex((ok, k) => ok && k < i);
    if (!best || last - start >= best[1] - best[0]) best = [start, last];
    start = -1;
  }
  if (best === null || kind === 'run') return best;
  const nearest = x[best[1]]!;
  const from = x.findIndex((at, i) => i >= best[0] && at !== null && at <= nearest + NEAR_DECADES * Math.LN10 + 1e-9);
  return [Math.max(best[0], Math.min(from, best[1] - LEAST_POINTS + 1)), best[1]];
}

/** A power of the step, or an exponential in it: which straight line the logarithm of the smallest eigenvalue is closer to. */
function lawOf({ points }: Trajectory, window: readonly number[], y: readonly number[]): PathFit['law'] {
  const scatter = (axis: PathAxis) => {
    const x = window.map((i) => positionOf(points[i]!, axis));
    if (!x.every((v) => v !== null)) return null;
    const fit = fitLine(x, y);
    return x.reduce((sum, v, i) => sum + (y[i]! - fit.intercept - fit.slope * v) ** 2, 0);
  };
  const [power, exponential] = [scatter('log step'), scatter('step')];
  return power === null || exponential === null ? null : power <= exponential ? 'power' : 'exponential';
}

/** Fits of every tap of the last point, in the order of the report. */
export function fitAll(trajectory: Trajectory, axis: PathAxis, window: readonly [number, number] | null, cut: Cut): PathFit[] {
  const last = trajectory.points.findLast((p) => p.spectra.length > 0);
  return (last?.spectra ?? []).map(({ tap }) => fitPath(trajectory, tap, axis, window, cut));
}
