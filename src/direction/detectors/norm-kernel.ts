/**
 * The direction gamma^-1 of every reader of a norm, from the parameters alone: exactly flat after a LayerNorm, and live after an RMSNorm,
 * which has no kernel (paper D).
 */
import { alongInverseScale, inverseScale } from '../../model/symmetries/norms';
import type { Candidate } from '../types';
import type { Detector } from './detector';

export const normKernel: Detector = {
  key: 'norm-kernel',
  title: 'kernel of a norm',
  *find({ model, parameters, random }): Iterable<Candidate> {
    const draw = random.split('norm kernel');
    const known = new Set(model.symmetries().flatMap(({ family, layer }) => (family === 'LayerNorm kernel' ? [layer] : [])));
    for (const site of model.norms()) {
      if (!inverseScale(site, parameters).every(Number.isFinite)) continue;
      for (const reader of site.readers) {
        const multiples = draw.normals(reader.outputs);
        const vector = alongInverseScale(site, reader, parameters, Array.from(multiples.keys()), multiples);
        yield {
          detector: this.key,
          layer: reader.layer,
          note: `gamma^-1 of ${site.layer} (${site.kind === 'layer-norm' ? 'LayerNorm' : 'RMSNorm'}), read by ${reader.weight}`,
          vector,
          ...(known.has(reader.layer) ? { generators: [vector] } : {}),
        };
      }
    }
  },
};
