/**
 * The direction gamma^-1 of every reader of a norm, from the parameters alone: exactly flat after a LayerNorm, and live after an RMSNorm,
 * which has no kernel (paper D).
 */
import { inverseScale } from '../../model/symmetries/norms';
import { DirectionBuilder } from '../../model/symmetries/symmetry';
import type { Candidate } from '../types';
import type { Detector } from './detector';

export const normKernel: Detector = {
  key: 'norm-kernel',
  title: 'kernel of a norm',
  *find({ model, parameters, random }): Iterable<Candidate> {
    const draw = random.split('norm kernel');
    const known = new Set(model.symmetries().flatMap(({ family, layer }) => (family === 'LayerNorm kernel' ? [layer] : [])));
    for (const site of model.norms()) {
      const inverse = inverseScale(site, parameters);
      if (!inverse.every(Number.isFinite)) continue;
      for (const reader of site.readers) {
        const direction = new DirectionBuilder(parameters);
        const outputs = draw.normals(reader.outputs);
        const beta = site.shift === null ? null : parameters.get(site.shift)!.values;
        const offset = beta ? inverse.reduce((sum, g, j) => sum + g * beta[j]!, 0) : 0;
        outputs.forEach((x, k) => direction.addValues({ name: reader.weight, axis: 1 - reader.inputAxis }, k, inverse.map((g) => g * x)));
        if (reader.bias !== null && offset !== 0) direction.addVector(reader.bias, outputs.map((x) => -offset * x));
        const isGauge = known.has(reader.layer);
        yield {
          detector: this.key,
          layer: reader.layer,
          note: `gamma^-1 of ${site.layer} (${site.kind === 'layer-norm' ? 'LayerNorm' : 'RMSNorm'}), read by ${reader.weight}`,
          vector: direction.vector,
          ...(isGauge ? { generators: [direction.vector] } : {}),
        };
      }
    }
  },
};
