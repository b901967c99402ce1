/**
 * What a unit adds to (lambda, m) that is dead on all of its sides: the crossing of the loci at which one side is zero. Their orders are
 * read (pair-type.ts), and so are their codimensions, after live directions have absorbed what they can.
 */
import type { Random } from '../base/random';
import { compare, format } from '../base/rational';
import type { HiddenSpace } from '../model/symmetries/spaces';
import { DirectionBuilder, type Parameters } from '../model/symmetries/symmetry';
import type { TensorOps } from '../numerics/ops';
import { symmetricEigen } from '../numerics/symmetric-eigen';
import { dot } from '../numerics/vector';
import { crossing, independent, locus } from '../theory/normal-crossing';
import { reducedRankRegression } from '../theory/reduced-rank';
import type { Singularity } from '../theory/triple';
import type { ArcReader } from './arc-order';
import { lineOf, moveLine } from './detectors/lines';
import { pairType } from './pair-type';
import { norm, unit } from './scales';
import { unitSides } from './unit-sides';

export interface DeadNode {
  readonly space: HiddenSpace;
  readonly index: number;
}

/** One side at zero; `codimension` null where only bounds are known. */
interface Locus {
  readonly order: number;
  readonly codimension: number | null;
}

/** `singularity` null: `reason` says why. */
export type NodeDeath =
  | { readonly singularity: Singularity; readonly order: number; readonly loci: readonly Locus[]; readonly reads: string }
  | { readonly singularity: null; readonly reason: string };

/** Sides wider than this are not gone through pair by pair. */
const WIDEST = 64;
/** An eigenvalue of a form counts as positive above this part of the largest. */
const POSITIVE = 1e-6;

/** Units all of whose sides are exactly zero. */
export function deadNodes(spaces: readonly HiddenSpace[], parameters: Parameters): DeadNode[] {
  return spaces.flatMap((space) => {
    const sides = unitSides(space, parameters);
    if (!sides) return [];
    return Array.from({ length: space.width }, (_, index) => ({ space, index })).filter(({ index }) => sides.every(({ shares }) => shares[index] === 0));
  });
}

export async function readNodeDeath(ops: TensorOps, reader: ArcReader, { space, index }: DeadNode, parameters: Parameters, random: Random): Promise<NodeDeath> {
  const { map, tangent } = reader;
  const not = (reason: string): NodeDeath => ({ singularity: null, reason: `What the dead unit ${index} of '${space.layer}' adds is not known: ${reason}.` });
  if (map.gates.atZero > 0) return not('at the kink of relu the Jacobian does not show the codimensions of its loci');
  if (tangent.rank === null) return not('the network is too large for the rank of its Jacobian');
  const sides = unitSides(space, parameters)!;
  // Unit vectors of each coordinate of a side, in flat weights; a bias that two sides share belongs to the first.
  const taken = new Set<number>();
  const axes = sides.map(({ ports }) => {
    const count = lineOf(parameters, ports, index).length;
    return Array.from({ length: count }, (_, k) => {
      const direction = new DirectionBuilder(parameters);
      moveLine(direction, ports, index, Float64Array.from({ length: count }, (__, l) => (l === k ? 1 : 0)));
      return map.flat(direction.vector).indexOf(1);
    }).filter((at) => !taken.has(at) && taken.add(at));
  });
  const directions = axes.map((places, s) => {
    const u = new Float64Array(map.dimension);
    const values = unit(random.normals(places.length));
    // Of the size of the largest unit, where there is one, and not of its length: of one input it would be that unit.
    const live = Array.from({ length: space.width }, (_, i) => norm(lineOf(parameters, sides[s]!.ports, i))).reduce((a, b) => Math.max(a, b), 0) || 1;
    const length = live * (0.5 + random.uniform() / 4);
    places.forEach((at, k) => (u[at] = values[k]! * length));
    return u;
  });
  const codimensions: (readonly [number, number])[] = [];
  const type = await pairType(ops, reader, directions, {
    inspect: async (there, side) => {
      const { order } = await there.read(directions[side]!);
      const all = axes[side]!.length;
      const gained = there.tangent.rank! - tangent.rank!;
      codimensions.push(order === 1 ? [gained, gained] : [order === 2 && all <= WIDEST ? await definite(there, axes[side]!) : 1, all]);
    },
  });
  if (type.type === 'unknown') return not(type.reason);
  if (codimensions.some(([least]) => least <= 0)) return not('a side that moves the outputs adds no live direction');
  if (type.type !== 'crossing') return not(`its sides are ${type.type === 'flat' ? 'flat together, too' : 'independent of each other'}`);
  const bound = (which: 0 | 1) => crossing(type.orders.map((order, s) => locus(codimensions[s]![which], order)));
  const [low, high] = [bound(0), bound(1)];
  const named = sides.map(({ name }, s) => {
    const [least, most] = codimensions[s]!;
    return `${name} weights zero (order ${type.orders[s]!}, codimension ${least === most ? most : `${least} to ${most}`})`;
  });
  if (compare(low.lambda, high.lambda) !== 0 || low.multiplicity !== high.multiplicity) {
    return not(`the codimensions of its loci are known too roughly, ${named.join(' and ')}`);
  }
  const loci = type.orders.map((order, s) => ({ order, codimension: codimensions[s]![0] === codimensions[s]![1] ? codimensions[s]![0] : null }));
  return { singularity: low, order: type.together, loci, reads: `unit ${index} of '${space.layer}': ${named.join(' crosses ')}` };
}

/**
 * Several units of one space. They may take over from each other: what they add is between that of the form to which they tend, a product
 * of matrices whose truth is zero (Aoyagi & Watanabe 2005), and the sum of what each adds. Known where both are the same.
 */
export function takenTogether(deaths: readonly NodeDeath[], oneSpace: boolean): NodeDeath | null {
  const [first] = deaths;
  if (!first) return null;
  const unknown = deaths.find(({ singularity }) => singularity === null);
  if (unknown || !first.singularity) return unknown ?? first;
  if (deaths.length === 1) return first;
  const not = (reason: string): NodeDeath => ({ singularity: null, reason: `${deaths.length} units are dead, and what they add together is not known: ${reason}.` });
  if (!oneSpace) return not('they are in different layers');
  const [incoming, outgoing] = first.loci;
  const alike = deaths.every((death) => death.singularity && death.loci.length === 2 && death.loci.every(({ order, codimension }, s) => order === 1 && codimension === first.loci[s]!.codimension));
  if (!alike || !incoming!.codimension || !outgoing!.codimension) return not('they are not linear at zero on both sides, or not alike');
  const form = reducedRankRegression(incoming!.codimension, deaths.length, outgoing!.codimension, 0);
  const each = independent(deaths.flatMap(({ singularity }) => singularity ?? []));
  if (compare(form.lambda, each.lambda) !== 0 || form.multiplicity !== 1) {
    return not(`they may take over from each other, which leaves between ${format(form.lambda)} and ${format(each.lambda)}`);
  }
  return { ...first, singularity: form, reads: `each of ${deaths.length} dead units alike, ${first.reads}` };
}

/**
 * At least the codimension of the zeros of the second-order form Q on the coordinates `axes`, less what live directions absorb: the number of
 * positive eigenvalues of l . Q for one l, as Q has no zero but 0 on their span. l is the trace of Q, which a square makes positive.
 */
async function definite(reader: ArcReader, axes: readonly number[]): Promise<number> {
  const { map, tangent } = reader;
  const n = axes.length;
  const second = async (...at: number[]) => {
    const u = new Float64Array(map.dimension);
    for (const k of at) u[axes[k]!]! += 1;
    return (await tangent.absorb((await map.coefficients([map.point, u], 2))[2]!)).rest;
  };
  const squares: Float64Array[] = [];
  for (let a = 0; a < n; a++) squares.push(await second(a));
  const trace = squares[0]!.map((_, i) => squares.reduce((sum, q) => sum + q[i]!, 0));
  const along = (q: Float64Array) => dot(q, 0, trace, 0, q.length);
  const form = new Float64Array(n * n);
  for (let a = 0; a < n; a++) {
    form[a * n + a] = along(squares[a]!);
    for (let b = 0; b < a; b++) {
      const both = along(await second(a, b));
      form[a * n + b] = form[b * n + a] = (both - along(squares[a]!) - along(squares[b]!)) / 2;
    }
  }
  const { values } = symmetricEigen(form, n, { vectors: false });
  return Math.max(1, values.filter((x) => x > POSITIVE * values[0]!).length);
}
