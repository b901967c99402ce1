/** Units of a nonlinear layer whose incoming weights, outgoing weights or both are zero: the order is the activation's own (science.md 2f). */
import { DirectionBuilder, type Port } from '../../model/symmetries/symmetry';
import type { Candidate } from '../types';
import { unitSides } from '../unit-sides';
import { AT_ONE_PLACE, type Detector } from './detector';
import { moveAnyhow } from './lines';

/** Weights this small against the largest of their space are dead. */
export const DEAD = 1e-12;

export const deadUnits: Detector = {
  key: 'dead-unit',
  title: 'dead unit',
  *find({ model, parameters, decayed, random }): Iterable<Candidate> {
    const draw = random.split('dead units');
    for (const space of model.spaces()) {
      const sides = unitSides(space, parameters) ?? [];
      let found = 0;
      for (let i = 0; i < space.width && found < AT_ONE_PLACE; i++) {
        const dead = sides.filter(({ shares }) => shares[i]! <= DEAD);
        if (dead.length === 0) continue;
        found++;
        const direction = new DirectionBuilder(parameters);
        for (const { ports } of dead) moveAnyhow(direction, parameters, distinct(ports, direction), i, draw);
        const left = decayed?.units.find((unit) => unit.layer === space.layer && unit.index === i)?.norm ?? 0;
        const which = `${dead.map(({ name }) => name).join(' and ')} weights ${left > 0 ? `nearly zero (norm ${left.toPrecision(2)})` : 'zero'}`;
        yield { detector: this.key, layer: space.layer, note: `unit ${i}, ${which}`, vector: direction.vector };
      }
    }
  },
};

/** A bias that gates and up-projection share is moved once. */
function distinct(ports: readonly Port[], direction: DirectionBuilder): Port[] {
  return ports.filter((port) => !(port.axis === 0 && direction.parameter(port.name).shape.length === 1 && direction.vector.has(port.name)));
}
