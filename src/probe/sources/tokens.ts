/** Token ids drawn uniformly from the vocabulary. */
import { Random } from '../../base/random';
import type { ProbeSource } from '../types';

export const tokens: ProbeSource = {
  key: 'tokens',
  feeds: (kind) => kind === 'tokens',
  defaults(spec) {
    const context = spec.input.kind === 'tokens' ? spec.input.context : 1;
    return { samples: spec.samples ?? 128, positions: Math.min(spec.positions ?? 16, context) };
  },
  make(spec) {
    if (spec.input.kind !== 'tokens') throw new Error('internal: the token probe feeds tokens');
    const { samples, positions } = this.defaults(spec);
    const { vocabulary } = spec.input;
    const random = new Random(spec.seed).split('token probe');
    const ids = Int32Array.from({ length: samples * positions }, () => random.integer(vocabulary));
    return {
      kind: 'tokens',
      description: `${samples} sequences of ${positions} uniform tokens out of ${vocabulary}, seed ${spec.seed}`,
      inputs: { kind: 'tokens', ids, samples, positions },
      targets: null,
    };
  },
};
