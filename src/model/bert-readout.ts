/** What is read out of the last hidden states of BERT and its relatives: every token, or the first one alone. */
import type { Checkpoint } from '../checkpoint/types';
import type { NormTensors } from './layers/dense';
import type { Transformer, TransformerHead } from './layers/transformer';
import type { Layout } from './layout';

export interface Readout {
  readonly head: TransformerHead | null;
  readonly unembedding: Transformer['unembedding'];
  /** The first position alone is read. */
  readonly classOnly: boolean;
  readonly said: string;
}

export interface ReadoutPlace {
  readonly layout: Layout;
  readonly checkpoint: Checkpoint;
  /** Prefix of the encoder's names. */
  readonly root: string;
  /** The word embeddings. */
  readonly words: string;
  readonly vocabulary: number;
  readonly width: number;
  /** Of the encoder. */
  readonly activation: string;
  norm(layer: string): NormTensors;
}

/** Heads of masked language models; `bias` is that of the decoder where it has one of its own. */
const LANGUAGE = [
  { dense: 'cls.predictions.transform.dense', norm: 'cls.predictions.transform.LayerNorm', decoder: 'cls.predictions.decoder', bias: 'cls.predictions.bias' },
  { dense: 'lm_head.dense', norm: 'lm_head.layer_norm', decoder: 'lm_head.decoder', bias: 'lm_head.bias', activation: 'gelu' },
  { dense: 'vocab_transform', norm: 'vocab_layer_norm', decoder: 'vocab_projector', bias: 'vocab_projector.bias' },
];

export function readout(place: ReadoutPlace): Readout {
  const { layout, root } = place;
  // A base with an adapter that brings a classifier has the head of its first training too.
  const classifies = layout.has('classifier.weight') || layout.has('classifier.out_proj.weight');
  const language = classifies ? undefined : LANGUAGE.find(({ dense }) => layout.has(`${dense}.weight`));
  if (language) return languageModel(place, language);
  const first = [
    { dense: 'classifier.dense', activation: 'tanh', classes: 'classifier.out_proj' },
    { dense: 'pre_classifier', activation: 'relu', classes: 'classifier' },
    { dense: `${root}pooler.dense`, activation: 'tanh', classes: 'classifier' },
    { dense: `${root}pooler.dense`, activation: 'tanh', classes: 'cls.seq_relationship' },
  ].find(({ dense, classes }) => layout.has(`${dense}.weight`) && layout.has(`${classes}.weight`));
  if (first) {
    const { dense, activation, classes } = first;
    const head = { dense: layout.linear(dense, place.width, place.width), activation, norm: null };
    return { head, unembedding: classifier(place, classes), classOnly: true, said: `${classes} reads the first token, through ${dense} and ${activation}` };
  }
  if (layout.has('classifier.weight')) return { head: null, unembedding: classifier(place, 'classifier'), classOnly: false, said: 'a classifier reads every token' };
  return { head: null, unembedding: null, classOnly: false, said: 'no head that reads tokens: the output is the last hidden states' };
}

function classifier({ layout, width }: ReadoutPlace, layer: string): Transformer['unembedding'] {
  const [outputs] = layout.shape(`${layer}.weight`, [null, width]) as [number];
  return { ...layout.linear(layer, width, outputs), outputs, inputAxis: 0 };
}

function languageModel({ layout, checkpoint, words, vocabulary, width, norm, ...place }: ReadoutPlace, names: (typeof LANGUAGE)[number]): Readout {
  const { decoder, activation = place.activation } = names;
  const head = { dense: layout.linear(names.dense, width, width), activation, norm: norm(names.norm) };
  const bias = layout.vector(names.bias, vocabulary) ?? layout.vector(`${decoder}.bias`, vocabulary);
  const common = { head, classOnly: false };
  if (layout.has(`${decoder}.weight`) && checkpoint.metadata.get('config.tie_word_embeddings') === 'false') {
    const untied = layout.linear(decoder, width, vocabulary);
    return { ...common, unembedding: { ...untied, bias, outputs: vocabulary, inputAxis: 0 }, said: 'the head is that of the masked language model, not tied' };
  }
  return { ...common, unembedding: { layer: decoder, weight: words, bias, outputs: vocabulary, inputAxis: 1 }, said: `the head is that of the masked language model, its decoder ${words}, tied` };
}
