/**
 * BERT as Hugging Face saves it: learned positions, token type 0 everywhere, a norm behind the embeddings and behind each branch, attention both
 * ways (checkpoints.md §3). The output is that of the masked language model or of a classifier of tokens, else the last hidden states.
 */
import type { Checkpoint } from '../../checkpoint/types';
import { decideActivation, decideHeads, plainHeads, recordedNumber, unsupported } from '../decoder';
import type { NormTensors } from '../layers/dense';
import type { Transformer, TransformerBlock, TransformerHead } from '../layers/transformer';
import { Layout, missingAnchors } from '../layout';
import { transformerModel } from '../transformer-model';
import type { Architecture, Choices, Recognition } from '../types';

export const bert: Architecture = { key: 'bert', title: 'BERT', recognise };

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const root = checkpoint.tensors.has('bert.embeddings.word_embeddings.weight') ? 'bert.' : '';
  const words = `${root}embeddings.word_embeddings.weight`;
  const places = `${root}embeddings.position_embeddings.weight`;
  const absent = missingAnchors(checkpoint, [words, places, `${root}encoder.layer.0.attention.self.query.weight`, `${root}encoder.layer.0.output.dense.weight`]);
  if (absent) return absent;

  const layout = new Layout(checkpoint);
  const [vocabulary, width] = layout.stored(words, [null, null]) as [number, number];
  const [context] = layout.stored(places, [null, width]) as [number];
  const types = `${root}embeddings.token_type_embeddings.weight`;
  const typed = layout.has(types);
  const typeVector = `${root}embeddings.token_type_embeddings.0`;
  if (typed) {
    layout.shape(types, [null, width]);
    layout.sources.set(typeVector, { tensor: types, shape: [width], arrange: (values) => values.slice(0, width) });
  }
  const norm = (layer: string): NormTensors => {
    const found = layout.norm(layer, width);
    if (found.scale === null) layout.fail(`'${layer}.weight' is missing`);
    return found;
  };
  const activation = await decideActivation(checkpoint, choices, [], 'gelu', 'BERT');
  const blocks: TransformerBlock[] = [];
  for (let i = 0; layout.has(`${root}encoder.layer.${i}.attention.self.query.weight`); i++) {
    const prefix = `${root}encoder.layer.${i}`;
    const [hidden] = layout.shape(`${prefix}.intermediate.dense.weight`, [null, width]) as [number];
    blocks.push({
      query: layout.linear(`${prefix}.attention.self.query`, width, width),
      key: layout.linear(`${prefix}.attention.self.key`, width, width),
      value: layout.linear(`${prefix}.attention.self.value`, width, width),
      output: layout.linear(`${prefix}.attention.output.dense`, width, width),
      attentionNorm: norm(`${prefix}.attention.output.LayerNorm`),
      mlpNorm: norm(`${prefix}.output.LayerNorm`),
      mlp: layout.mlp(`${prefix}.intermediate.dense`, `${prefix}.output.dense`, width, hidden, activation.value),
      parallel: false,
      mask: null,
    });
    if (layout.has(`${prefix}.crossattention.self.query.weight`)) layout.fail(`'${prefix}.crossattention.self.query.weight' attends to another sequence, which is not computed here`);
  }
  const embeddingNorm = norm(`${root}embeddings.LayerNorm`);
  const { head, unembedding, said } = readout(layout, checkpoint, words, vocabulary, width, activation.value, norm);
  const obstacle = unsupported(checkpoint, [
    { keys: ['position_embedding_type'], is: (v) => v !== 'absolute', what: 'relative positions are not computed here' },
    { keys: ['is_decoder'], is: (v) => v === 'true', what: 'a BERT that attends to the past alone is not computed here' },
  ]);
  if (obstacle) layout.fail(obstacle);
  if (layout.problem) return { missing: layout.problem, matched: 1 };

  const heads = await decideHeads(checkpoint, choices, width);
  const transformer: Transformer = {
    width, ...plainHeads(heads, width),
    normalization: 'layer-norm',
    epsilon: recordedNumber(checkpoint, ['layer_norm_eps'], 1e-12),
    causal: false,
    postNorm: true,
    embedding: { name: words, layer: `${root}embeddings.word_embeddings`, vocabulary },
    positions: { name: places, context },
    ...(typed ? { typeVector } : {}),
    embeddingNorm,
    blocks,
    finalNorm: null,
    ...(head ? { head } : {}),
    unembedding,
  };
  return {
    model: transformerModel(checkpoint, {
      architecture: 'bert',
      title: 'BERT',
      evidence: [
        `${root}embeddings.{word, position}_embeddings and ${blocks.length} × ${root}encoder.layer.i.{attention.self, intermediate, output} have the shapes of BERT: norms stand after each branch`,
        said,
        ...(typed ? ['all tokens are of type 0'] : []),
      ],
      transforms: ['matrices [out, in] are read transposed', ...(embeddingNorm.scale?.endsWith('gamma') ? ['gamma and beta are read as the weight and bias of norms'] : [])],
      choices: [heads, activation],
      context,
      transformer,
      sources: layout.sources,
      buffer: (name) => (name.endsWith('embeddings.position_ids') ? 'a list of positions, not a parameter' : name.startsWith('cls.predictions.decoder.') ? 'the same as the word embeddings or as cls.predictions.bias' : null),
      excluded: (name) => (/^(bert\.)?pooler\.|^cls\.seq_relationship\.|^(classifier|qa_outputs)\./.test(name) ? 'reads one position or the whole sequence, which is not computed here: the output is that of each token' : null),
    }),
  };
}

interface Readout {
  readonly head: TransformerHead | null;
  readonly unembedding: Transformer['unembedding'];
  readonly said: string;
}

function readout(layout: Layout, { tensors, metadata }: Checkpoint, words: string, vocabulary: number, width: number, activation: string, norm: (layer: string) => NormTensors): Readout {
  const transform = 'cls.predictions.transform';
  const decoder = 'cls.predictions.decoder';
  if (layout.has(`${transform}.dense.weight`)) {
    const head = { dense: layout.linear(`${transform}.dense`, width, width), activation, norm: norm(`${transform}.LayerNorm`) };
    const bias = layout.vector('cls.predictions.bias', vocabulary) ?? layout.vector(`${decoder}.bias`, vocabulary);
    if (layout.has(`${decoder}.weight`) && metadata.get('config.tie_word_embeddings') === 'false') {
      const untied = layout.linear(decoder, width, vocabulary);
      return { head, unembedding: { ...untied, bias, outputs: vocabulary, inputAxis: 0 }, said: 'the head is that of the masked language model, not tied' };
    }
    return { head, unembedding: { layer: decoder, weight: words, bias, outputs: vocabulary, inputAxis: 1 }, said: `the head is that of the masked language model, its decoder ${words}, tied` };
  }
  // A classifier of sequences stands behind the pooler.
  const classes = [...tensors.keys()].some((name) => /^(bert\.)?pooler\./.test(name)) ? undefined : tensors.get('classifier.weight')?.shape[0];
  if (classes === undefined) return { head: null, unembedding: null, said: 'no head that reads every token: the output is the last hidden states' };
  return { head: null, unembedding: { ...layout.linear('classifier', width, classes), outputs: classes, inputAxis: 0 }, said: 'a classifier reads every token' };
}
