/** Independent standard normal inputs. */
import { Random } from '../../base/random';
import type { ProbeSource } from '../types';

export const gaussian: ProbeSource = {
  key: 'gaussian',
  feeds: (kind) => kind === 'vector',
  defaults: (spec) => ({ samples: spec.samples ?? 1024, positions: 1 }),
  make(spec) {
    if (spec.input.kind !== 'vector') throw new Error('internal: the Gaussian probe feeds vectors');
    const { samples } = this.defaults(spec);
    const { width } = spec.input;
    const values = new Random(spec.seed).split('gaussian probe').normals(samples * width);
    return {
      kind: 'gaussian',
      description: `${samples} standard normal vectors of width ${width}, seed ${spec.seed}`,
      inputs: { kind: 'vector', values, samples, width },
      targets: null,
    };
  },
};
