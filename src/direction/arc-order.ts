/**
 * The order of a direction: the longest that any arc with this velocity keeps the outputs still. The straight line misreads every
 * curved symmetry orbit; here the arc bends, and what the live tangent space can absorb is absorbed, power by power of t. This is the
 * Lyapunov-Schmidt reduction along one direction, and does not depend on the coordinates of weight space.
 */
import { Random } from '../base/random';
import type { ArcMap } from './arc-map';
import { type Arc, amplification, newtonLift } from './newton-lift';
import { genericScales, norm, nothingMoves, type Scales, scalesFor, unit } from './scales';
import { type Route, tangentSpace, type TangentSpace } from './tangent';
import { type Tolerances, tolerancesFor } from './tolerances';

/** Sizes at one order, relative to a generic coefficient of that order. */
export interface Obstruction {
  readonly order: number;
  /** Of the coefficient along the straight line. */
  readonly line: number;
  /** Of what stays of it along the arc after absorption; null above the order at which the arc ended. */
  readonly lifted: number | null;
}

/** Why nothing is claimed. */
export type Doubt = 'no-direction' | 'nothing-moves' | 'between' | 'probe-too-small' | 'amplified' | 'order-limit' | 'gate-closed';

export interface ArcReading {
  /** First order that shows on the straight line; null where none does up to the highest. */
  readonly lineOrder: number | null;
  /** Order along the arc: 1 is live; null is flat, or unknown where there is a doubt. */
  readonly order: number | null;
  readonly doubt: Doubt | null;
  /** No obstruction up to the highest order, whether or not there is a doubt. */
  readonly still: boolean;
  readonly obstructions: readonly Obstruction[];
  /** w0, u, u_2, ... as far as the arc was made; u without its live part. */
  readonly arc: Arc;
  /** The arc is trusted for t below the inverse of this. */
  readonly amplification: number;
  /** How the order was found. */
  readonly lift: 'line' | 'greedy' | 'newton';
}

export interface ArcOptions {
  seed?: number;
  /** Highest order that is looked at; at most what the arithmetic allows. */
  maxOrder?: number;
  /** How J is treated; by default as its size allows. */
  route?: Route;
}

/** Up to here the tolerance for zero may be amplified by the arc before it says nothing. */
const TRUST = 1e-2;

export class ArcReader {
  private constructor(
    readonly map: ArcMap,
    readonly tangent: TangentSpace,
    readonly tolerances: Tolerances,
    private readonly generic: Scales,
    private readonly random: Random,
  ) {}

  /** What all directions at w0 share: the scales, and J with its factorisation. */
  static async open(map: ArcMap, { seed = 0, maxOrder, route }: ArcOptions = {}): Promise<ArcReader> {
    const tolerances = tolerancesFor(map.ops.roundoff);
    const highest = Math.min(maxOrder ?? Infinity, tolerances.maxOrder);
    const random = new Random(seed);
    const generic = await genericScales(map, highest, random.split('scales'));
    const tangent = await tangentSpace(map, generic[1]!, tolerances, route);
    return new ArcReader(map, tangent, { ...tolerances, maxOrder: highest }, generic, random);
  }

  dispose(): void {
    this.tangent.dispose();
  }

  /**
   * Both ways where some relu is at its kink: the lower order counts.
   * @param fromProbe the direction was found on this probe, as one that it does not move
   */
  async read(direction: Float64Array, { fromProbe = false } = {}): Promise<ArcReading> {
    if (!direction.every(Number.isFinite) || norm(direction) === 0) return nothing('no-direction', direction);
    if (nothingMoves(this.generic)) return nothing('nothing-moves', direction);
    const { saturation } = this.tangent;
    const { samples } = this.map.map;
    const shown = saturation === 'full' || (saturation === 'most' && !fromProbe);
    const probeSuffices = samples === null || (samples > 1 && shown);
    const forward = await this.readOneWay(unit(direction), probeSuffices);
    if (this.map.gates.atZero === 0 || forward.doubt !== null || forward.order === 1) return forward;
    const backward = await this.readOneWay(unit(direction.map((x) => -x)), probeSuffices);
    if (backward.doubt !== null) return backward;
    return (backward.order ?? Infinity) < (forward.order ?? Infinity) ? backward : forward;
  }

  private async readOneWay(u: Float64Array, probeSuffices: boolean): Promise<ArcReading> {
    const { map, tangent, tolerances } = this;
    const { maxOrder, zero, present } = tolerances;
    // Most directions are decided by order 2: higher orders are looked at where they are needed.
    let line = await this.lineOf(u, Math.min(2, maxOrder));
    const lifted = [line.sizes[1]!];
    let arc: Arc = [map.point, u];
    let lift: ArcReading['lift'] = 'line';
    const reading = (order: number | null, doubt: Doubt | null, still = false): ArcReading => {
      const first = line.sizes.findIndex((size) => size >= present);
      return {
        lineOrder: first < 0 ? null : first,
        order: doubt === null ? order : null,
        doubt,
        still,
        obstructions: line.sizes.slice(1).map((size, k) => ({ order: k + 1, line: size, lifted: lifted[k] ?? null })),
        arc,
        amplification: amplification(arc),
        lift,
      };
    };

    if (line.sizes[1]! >= present) return reading(1, null);
    if (line.sizes[1]! > zero) return reading(null, 'between');
    const live = (await tangent.absorb(line.coefficients[1]!)).step;
    arc = [map.point, u.map((x, p) => x - live[p]!)];
    for (let j = 2; j <= maxOrder; j++) {
      if (j >= line.sizes.length) line = await this.lineOf(u, maxOrder);
      const c = (await map.coefficients(arc, j))[j]!;
      const size = line.scales[j]! * Math.max(1, amplification(arc)) ** j;
      const { step, rest, outside } = await tangent.absorb(c);
      const [left, sure] = [norm(rest) / size, norm(outside) / size];
      lifted.push(left);
      if (left <= zero) {
        arc.push(step.map((x) => -x));
        if (lift === 'line' && norm(step) > zero) lift = 'greedy';
        continue;
      }
      const newton = j > 2 ? await newtonLift(map, arc, j, line.scales, zero) : null;
      if (newton && newton.size <= zero) {
        ({ arc } = newton);
        lift = 'newton';
        lifted[j - 1] = newton.size;
        continue;
      }
      if (Math.min(sure, newton?.size ?? sure) < present) return reading(null, 'between');
      return reading(j, !probeSuffices ? 'probe-too-small' : this.trusts(arc, j) ? null : 'amplified');
    }
    return reading(null, probeSuffices ? await this.doubtOfFlat(arc, line.scales) : 'probe-too-small', true);
  }

  /** The straight line up to t^order, with the sizes of its coefficients by the scales of this direction. */
  private async lineOf(u: Float64Array, order: number) {
    const scales = await scalesFor(this.map, this.generic.slice(0, order + 1), u, this.random.split('own'));
    const coefficients = await this.map.coefficients([this.map.point, u], order);
    return { scales, coefficients, sizes: coefficients.map((c, j) => (j === 0 ? 0 : norm(c) / scales[j]!)) };
  }

  /** Whether what was taken for zero up to order j is small beside what the arc's bends make of it. */
  private trusts(arc: Arc, j: number): boolean {
    return this.tolerances.zero * Math.max(1, amplification(arc)) ** j <= TRUST;
  }

  private async doubtOfFlat(arc: Arc, scales: Scales): Promise<Doubt | null> {
    const { maxOrder, present } = this.tolerances;
    const rho = Math.max(1, amplification(arc));
    if (!this.trusts(arc, maxOrder)) return 'amplified';
    if (this.map.gates.closed > 0) {
      const opened = await this.map.coefficients(arc, maxOrder, 'open');
      if (opened.some((c, j) => j > 0 && norm(c) > present * scales[j]! * rho ** j)) return 'gate-closed';
    }
    return this.map.ops.roundoff > 2 ** -40 ? 'order-limit' : null;
  }
}

function nothing(doubt: Doubt, u: Float64Array): ArcReading {
  return { lineOrder: null, order: null, doubt, still: false, obstructions: [], arc: [u], amplification: 0, lift: 'line' };
}
