/** Units of a nonlinear layer whose incoming weights, outgoing weights or both are zero: the order is the activation's own (science.md 2f). */
import { DirectionBuilder, type Port } from '../../model/symmetries/symmetry';
import { norm } from '../scales';
import type { Candidate } from '../types';
import { AT_ONE_PLACE, type Detector } from './detector';
import { lineOf, moveAnyhow } from './lines';

/** Weights this small against the largest of their space are dead. */
const DEAD = 1e-12;

export const deadUnits: Detector = {
  key: 'dead-unit',
  title: 'dead unit',
  *find({ model, parameters, random }): Iterable<Candidate> {
    const draw = random.split('dead units');
    for (const space of model.spaces()) {
      if (space.activation === 'linear' && !space.gates) continue;
      const gates = space.gates?.ports ?? [];
      const sides: (readonly [string, readonly Port[]])[] = [['incoming', space.writers], ...(gates.length > 0 ? [['gate', gates] as const] : []), ['outgoing', space.readers]];
      const sizes = sides.map(([, ports]) => Array.from({ length: space.width }, (_, i) => norm(lineOf(parameters, ports, i))));
      const largest = sizes.map((side) => Math.max(...side));
      let found = 0;
      for (let i = 0; i < space.width && found < AT_ONE_PLACE; i++) {
        const dead = sides.filter((_, s) => sizes[s]![i]! <= DEAD * largest[s]!);
        if (dead.length === 0) continue;
        found++;
        const direction = new DirectionBuilder(parameters);
        for (const [, ports] of dead) moveAnyhow(direction, parameters, distinct(ports, direction), i, draw);
        yield { detector: this.key, layer: space.layer, note: `unit ${i}, ${dead.map(([side]) => side).join(' and ')} weights zero`, vector: direction.vector };
      }
    }
  },
};

/** A bias that gates and up-projection share is moved once. */
function distinct(ports: readonly Port[], direction: DirectionBuilder): Port[] {
  return ports.filter((port) => !(port.axis === 0 && direction.parameter(port.name).shape.length === 1 && direction.vector.has(port.name)));
}
