/** Independent standard normal inputs. */
import { Random } from '../../base/random';
import type { ProbeSource } from '../types';

const SAMPLES = 1024;
/** Fewer samples of wide inputs: images of 3 x 224 x 224 are 150 528 values each. */
const VALUES = 2 ** 24;

export const gaussian: ProbeSource = {
  key: 'gaussian',
  feeds: (kind) => kind === 'vector',
  defaults({ samples, input }) {
    const width = input.kind === 'vector' ? input.width : 1;
    return { samples: samples ?? Math.max(1, Math.min(SAMPLES, Math.floor(VALUES / width))), positions: 1 };
  },
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
