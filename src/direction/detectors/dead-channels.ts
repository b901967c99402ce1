/**
 * Channels that are dead on both sides of a linear space, in any basis: directions v of the space with v^T W = 0 and R v = 0. Hidden
 * directions of deep linear chains, query-key and value-output channels of a head; a head all of whose value channels are dead is dead.
 */
import { DirectionBuilder } from '../../model/symmetries/symmetry';
import { symmetricEigen } from '../../numerics/symmetric-eigen';
import type { Candidate } from '../types';
import { AT_ONE_PLACE, type Detector } from './detector';
import { length, lineOf, moveLine } from './lines';

/** Singular values of (W, R) this small against the largest are zero. */
const DEAD = 1e-10;

export const deadChannels: Detector = {
  key: 'dead-channel',
  title: 'dead channel of a linear space',
  *find({ model, parameters, random }): Iterable<Candidate> {
    const draw = random.split('dead channels');
    for (const space of model.spaces()) {
      // Under rotary positions a channel meets others that depend on the position: only whole pairs could be dead.
      if (space.activation !== 'linear' || space.gates || space.rotary) continue;
      const sides = [space.writers, space.readers].map((ports) => Array.from({ length: space.width }, (_, i) => lineOf(parameters, ports, i)));
      const { values, vectors } = symmetricEigen(bothSides(sides, space.width), space.width, { vectors: true });
      const dead = Array.from(values.keys()).filter((k) => values[k]! <= DEAD ** 2 * values[0]! || values[0] === 0);
      for (const k of dead.slice(0, AT_ONE_PLACE)) {
        const direction = new DirectionBuilder(parameters);
        for (const [ports, lines] of [[space.writers, sides[0]!], [space.readers, sides[1]!]] as const) {
          const change = draw.normals(lines[0]!.length);
          for (let i = 0; i < space.width; i++) moveLine(direction, ports, i, change.map((x) => x * vectors![k * space.width + i]!));
        }
        yield { detector: this.key, layer: space.layer, note: `${space.name}: channel ${space.width - k} of ${space.width}, both sides zero`, vector: direction.vector };
      }
    }
  },
};

/** W W^T + R^T R, each side scaled to a largest row of 1. */
function bothSides(sides: readonly (readonly Float64Array[])[], width: number): Float64Array {
  const sum = new Float64Array(width * width);
  for (const lines of sides) {
    const largest = Math.max(...lines.map(length));
    if (largest === 0) continue;
    for (let i = 0; i < width; i++) {
      for (let j = 0; j < width; j++) {
        let dot = 0;
        for (let k = 0; k < lines[i]!.length; k++) dot += lines[i]![k]! * lines[j]![k]!;
        sum[i * width + j]! += dot / (largest * largest);
      }
    }
  }
  return sum;
}
