/** Parameters that are exactly zero throughout: made so by a loader that folds weights, or by an initialisation that training left alone. */
import type { Candidate } from '../types';
import type { Detector } from './detector';

export const zeroTensors: Detector = {
  key: 'zero-tensor',
  title: 'tensor of exact zeros',
  *find({ parameters, random }): Iterable<Candidate> {
    const draw = random.split('zero tensors');
    for (const [name, { values }] of parameters) {
      if (values.length === 0 || values.some((x) => x !== 0)) continue;
      yield { detector: this.key, layer: name, note: `all ${values.length} values are exactly 0`, vector: new Map([[name, draw.normals(values.length)]]) };
    }
  },
};
