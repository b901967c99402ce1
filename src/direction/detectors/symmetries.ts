/** Generators of the architecture's own symmetries: flat at any weights (model/symmetries). */
import type { Candidate } from '../types';
import { OF_ONE_FAMILY, type Detector } from './detector';
import { length } from './lines';

export const symmetries: Detector = {
  key: 'symmetry',
  title: 'symmetry of the architecture',
  *find({ model, parameters, loss }): Iterable<Candidate> {
    for (const { family, layer, dimension, loss: needed, approximate, generators } of model.symmetries()) {
      if ((needed && needed !== loss) || approximate) continue;
      let count = 0;
      for (const vector of generators(parameters)) {
        if (count === OF_ONE_FAMILY) break;
        // At special weights a generator may vanish.
        if ([...vector.values()].every((values) => length(values) === 0)) continue;
        count++;
        yield { detector: this.key, layer, note: `${family}, generator ${count} of ${dimension}`, vector, generators: [vector] };
      }
    }
  },
};
