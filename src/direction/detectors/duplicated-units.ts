/**
 * Units with the same incoming weights (up to a positive scale, where the activation is homogeneous). Outgoing weights may be traded
 * between them for nothing; where their outgoing weights are parallel, they may split, at order 2.
 */
import { isHomogeneous } from '../../model/layers/activations';
import { DirectionBuilder } from '../../model/symmetries/symmetry';
import { norm } from '../scales';
import type { Candidate } from '../types';
import { AT_ONE_PLACE, type Detector } from './detector';
import { lineOf, moveLine } from './lines';

const SAME = 1e-10;

export const duplicatedUnits: Detector = {
  key: 'duplicated-unit',
  title: 'duplicated units',
  *find({ model, parameters, random }): Iterable<Candidate> {
    const draw = random.split('duplicated units');
    for (const space of model.spaces()) {
      if (space.activation === 'linear' || space.gates) continue;
      // Scale and shift of a norm alone do not say what a unit reads.
      if (space.writers.every(({ name }) => parameters.get(name)!.shape.length === 1)) continue;
      const incoming = Array.from({ length: space.width }, (_, i) => lineOf(parameters, space.writers, i));
      const outgoing = Array.from({ length: space.width }, (_, i) => lineOf(parameters, space.readers, i));
      const pairs = equalPairs(incoming, isHomogeneous(space.activation));
      for (const { i, j, scale } of pairs.slice(0, AT_ONE_PLACE)) {
        const place = { detector: this.key, layer: space.layer };
        const trade = new DirectionBuilder(parameters);
        const move = draw.normals(outgoing[i]!.length);
        moveLine(trade, space.readers, i, move);
        moveLine(trade, space.readers, j, move.map((x) => -x / scale));
        yield { ...place, note: `units ${i} and ${j} have the same incoming weights: outgoing weights traded`, vector: trade.vector };
        const ratio = parallel(outgoing[i]!, outgoing[j]!);
        if (ratio === null) continue;
        const split = new DirectionBuilder(parameters);
        const apart = draw.normals(incoming[i]!.length);
        moveLine(split, space.writers, i, apart.map((x) => x * ratio));
        moveLine(split, space.writers, j, apart.map((x) => -x));
        yield { ...place, note: `units ${i} and ${j} are the same on both sides: incoming weights split`, vector: split.vector };
      }
    }
  },
};

/** i < j with incoming_j = scale * incoming_i; by sorting along a fixed projection, so that thousands of units cost little. */
function equalPairs(lines: readonly Float64Array[], anyScale: boolean): { i: number; j: number; scale: number }[] {
  const sizes = lines.map(norm);
  const normal = lines.map((line, i) => (anyScale ? line.map((x) => x / (sizes[i]! || 1)) : line));
  const key = normal.map((line) => line.reduce((sum, x, k) => sum + x * Math.sin(1 + k), 0));
  const order = Array.from(lines.keys()).filter((i) => sizes[i]! > 0).sort((a, b) => key[a]! - key[b]!);
  const found: { i: number; j: number; scale: number }[] = [];
  for (let p = 1; p < order.length; p++) {
    const [i, j] = [Math.min(order[p - 1]!, order[p]!), Math.max(order[p - 1]!, order[p]!)];
    const distance = norm(normal[i]!.map((x, k) => x - normal[j]![k]!));
    if (distance <= SAME * norm(normal[i]!)) found.push({ i, j, scale: anyScale ? sizes[j]! / sizes[i]! : 1 });
  }
  return found;
}

/** c with b = c a, null where they are not parallel or one of them is zero. */
function parallel(a: Float64Array, b: Float64Array): number | null {
  const [sizeA, sizeB] = [norm(a), norm(b)];
  if (sizeA === 0 || sizeB === 0) return null;
  const c = a.reduce((sum, x, k) => sum + x * b[k]!, 0) / (sizeA * sizeA);
  return norm(a.map((x, k) => c * x - b[k]!)) <= SAME * sizeB ? c : null;
}
