/**
 * Channels that are dead on both sides of a linear space, in any basis: nothing is written along v (v^T W = 0), nothing is read along u
 * (R u = 0), and v . u is not 0. Then W += u p^T, R += q v^T moves the product by t^2 q p^T only. Hidden directions of deep linear chains,
 * query-key and value-output channels of a head; a head all of whose value channels are dead is dead.
 */
import { DirectionBuilder, type Parameters, type Port } from '../../model/symmetries/symmetry';
import { symmetricEigen } from '../../numerics/symmetric-eigen';
import { dot } from '../../numerics/vector';
import { norm } from '../scales';
import type { Candidate } from '../types';
import { AT_ONE_PLACE, type Detector } from './detector';
import { lineOf, moveLine } from './lines';

/** Singular values of a side this small against its largest are zero; so are cosines between the two kernels. */
const DEAD = 1e-10;

export const deadChannels: Detector = {
  key: 'dead-channel',
  title: 'dead channel of a linear space',
  *find({ model, parameters, random }): Iterable<Candidate> {
    const draw = random.split('dead channels');
    for (const space of model.spaces()) {
      // Under rotary positions a channel meets others that depend on the position: only whole pairs could be dead.
      if (space.activation !== 'linear' || space.gates || space.rotary) continue;
      const { width, writers, readers } = space;
      const unwritten = kernel(parameters, writers, width);
      const unread = kernel(parameters, readers, width);
      const pairs = matched(unwritten, unread);
      for (const [i, { v, u }] of pairs.slice(0, AT_ONE_PLACE).entries()) {
        const direction = new DirectionBuilder(parameters);
        for (const [ports, along] of [[writers, u], [readers, v]] as const) {
          const change = draw.normals(lineOf(parameters, ports, 0).length);
          for (let k = 0; k < width; k++) moveLine(direction, ports, k, change.map((x) => x * along[k]!));
        }
        const note = `${space.name}: channel ${i + 1} of ${pairs.length} that are neither written nor read, of ${width}`;
        yield { detector: this.key, layer: space.layer, note, vector: direction.vector };
      }
    }
  },
};

/** Orthonormal x [width] with sum_i x_i line_i = 0. */
function kernel(parameters: Parameters, ports: readonly Port[], width: number): Float64Array[] {
  const lines = Array.from({ length: width }, (_, i) => lineOf(parameters, ports, i));
  const gram = new Float64Array(width * width);
  for (let i = 0; i < width; i++) for (let j = 0; j < width; j++) gram[i * width + j] = inner(lines[i]!, lines[j]!);
  const { values, vectors } = symmetricEigen(gram, width, { vectors: true });
  // A Gram in float64 knows squares of singular values to 1e-16 of the largest.
  return rowsOf(vectors!, width).filter((x, k) => values[k]! <= 1e-14 * values[0]! && norm(combination(lines, x)) <= DEAD * Math.sqrt(Math.max(0, values[0]!)));
}

/** Principal pairs of the two kernels that are not orthogonal to each other. */
function matched(unwritten: readonly Float64Array[], unread: readonly Float64Array[]): { v: Float64Array; u: Float64Array }[] {
  if (unwritten.length === 0 || unread.length === 0) return [];
  const n = unread.length;
  const cosines = unwritten.map((v) => Float64Array.from(unread, (u) => inner(v, u)));
  const gram = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) gram[i * n + j] = cosines.reduce((sum, row) => sum + row[i]! * row[j]!, 0);
  const { values, vectors } = symmetricEigen(gram, n, { vectors: true });
  return rowsOf(vectors!, n)
    .filter((_, k) => values[k]! > DEAD)
    .map((b) => ({ u: combination(unread, b), v: combination(unwritten, cosines.map((row) => inner(row, b))) }));
}

function combination(vectors: readonly Float64Array[], weights: ArrayLike<number>): Float64Array {
  return vectors[0]!.map((_, i) => vectors.reduce((sum, vector, k) => sum + weights[k]! * vector[i]!, 0));
}

function rowsOf(matrix: Float64Array, width: number): Float64Array[] {
  return Array.from({ length: width }, (_, k) => matrix.subarray(k * width, (k + 1) * width));
}

function inner(a: Float64Array, b: Float64Array): number {
  return dot(a, 0, b, 0, a.length);
}
