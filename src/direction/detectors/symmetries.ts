/** Generators of the architecture's own symmetries: flat at any weights (model/symmetries). */
import { generatorsOf, isExact } from '../../model/symmetries/symmetry';
import type { Candidate } from '../types';
import { OF_ONE_FAMILY, type Detector } from './detector';

export const symmetries: Detector = {
  key: 'symmetry',
  title: 'symmetry of the architecture',
  *find({ model, parameters, loss }): Iterable<Candidate> {
    for (const symmetry of model.symmetries()) {
      if (!isExact(symmetry, loss)) continue;
      const { family, layer, dimension } = symmetry;
      let count = 0;
      for (const vector of generatorsOf(symmetry, parameters)) {
        if (count === OF_ONE_FAMILY) break;
        // At special weights a generator may vanish.
        if ([...vector.values()].every((values) => values.every((x) => x === 0))) continue;
        count++;
        yield { detector: this.key, layer, note: `${family}, generator ${count} of ${dimension}`, vector, generators: [vector] };
      }
    }
  },
};
