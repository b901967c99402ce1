/** Token ids drawn uniformly from the vocabulary, without those that stand for no text. */
import { Random } from '../../base/random';
import type { ProbeSource, TokenSpec } from '../types';

const SAMPLES = 128;
const LEAST = 4;
/** Fewer samples for networks of more parameters than this, so that passes take about as long: 5 for 7 billion. */
const PARAMETERS = 2 ** 28;

export const tokens: ProbeSource = {
  key: 'tokens',
  feeds: (kind) => kind === 'tokens',
  defaults(spec) {
    const context = spec.input.kind === 'tokens' ? spec.input.context : 1;
    const usual = Math.max(LEAST, Math.min(SAMPLES, Math.floor((SAMPLES * PARAMETERS) / (spec.parameters ?? 1))));
    return { samples: spec.samples ?? usual, positions: Math.min(spec.positions ?? 16, context) };
  },
  make(spec) {
    if (spec.input.kind !== 'tokens') throw new Error('internal: the token probe feeds tokens');
    const { samples, positions } = this.defaults(spec);
    const { drawn, without } = ordinary(spec.input);
    const random = new Random(spec.seed).split('token probe');
    const ids = Int32Array.from({ length: samples * positions }, () => drawn[random.integer(drawn.length)]!);
    return {
      kind: 'tokens',
      description: `${samples} sequences of ${positions} uniform tokens out of ${drawn.length}${without}, seed ${spec.seed}`,
      inputs: { kind: 'tokens', ids, samples, positions },
      targets: null,
    };
  },
};

/** Ids of text; all of them where too little would be left. */
function ordinary({ vocabulary, special = [], known = vocabulary }: TokenSpec): { drawn: Int32Array; without: string } {
  const least = Math.min(known, vocabulary);
  const all = Int32Array.from({ length: vocabulary }, (_, id) => id);
  const left = new Set(special);
  const drawn = all.filter((id) => id < least && !left.has(id));
  if (drawn.length < 2 || drawn.length === vocabulary) return { drawn: all, without: '' };
  const marked = special.filter((id) => id < least).sort((a, b) => a - b);
  const parts = [
    ...(marked.length > 0 ? [`the special ${marked.length === 1 ? 'token' : 'tokens'} ${marked.slice(0, 8).join(', ')}${marked.length > 8 ? ', …' : ''}`] : []),
    ...(least < vocabulary ? [`${vocabulary - least} ids that its tokenizer does not have`] : []),
  ];
  return { drawn, without: ` (without ${parts.join(' and ')})` };
}
