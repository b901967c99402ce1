/**
 * BERT, RoBERTa and DistilBERT as Hugging Face saves them: learned positions, token type 0 everywhere, a norm behind the embeddings and behind each
 * branch, attention both ways (checkpoints.md §3). What is read out is in ../bert-readout.ts.
 */
import type { Checkpoint } from '../../checkpoint/types';
import { recorded } from '../choices';
import { decideActivation, decideHeads, plainHeads, recordedNumber, unsupported } from '../decoder';
import type { NormTensors } from '../layers/dense';
import type { PositionTable } from '../layers/stem';
import type { Transformer, TransformerBlock } from '../layers/transformer';
import { Layout, missingAnchors } from '../layout';
import { readout } from '../bert-readout';
import { transformerModel } from '../transformer-model';
import type { Architecture, Choices, Recognition } from '../types';

export const bert: Architecture = { key: 'bert', title: 'BERT / RoBERTa / DistilBERT', recognise };

/** Of a block. */
const BERT = {
  block: 'encoder.layer', query: 'attention.self.query', key: 'attention.self.key', value: 'attention.self.value', output: 'attention.output.dense',
  attentionNorm: 'attention.output.LayerNorm', up: 'intermediate.dense', down: 'output.dense', mlpNorm: 'output.LayerNorm',
};
const DISTILBERT: typeof BERT = {
  block: 'transformer.layer', query: 'attention.q_lin', key: 'attention.k_lin', value: 'attention.v_lin', output: 'attention.out_lin',
  attentionNorm: 'sa_layer_norm', up: 'ffn.lin1', down: 'ffn.lin2', mlpNorm: 'output_layer_norm',
};

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const { tensors } = checkpoint;
  const root = ['bert.', 'roberta.', 'distilbert.'].find((prefix) => tensors.has(`${prefix}embeddings.word_embeddings.weight`)) ?? '';
  const distilled = tensors.has(`${root}${DISTILBERT.block}.0.${DISTILBERT.query}.weight`);
  const names = distilled ? DISTILBERT : BERT;
  const at = (i: number, part: string) => `${root}${names.block}.${i}.${part}`;
  const words = `${root}embeddings.word_embeddings.weight`;
  const places = `${root}embeddings.position_embeddings.weight`;
  const absent = missingAnchors(checkpoint, [words, places, `${at(0, names.query)}.weight`, `${at(0, names.down)}.weight`]);
  if (absent) return absent;
  const counted = root === 'roberta.' || tensors.has('lm_head.dense.weight') || /roberta|camembert/.test(recorded(checkpoint, ['model_type'])?.value ?? '');
  const title = distilled ? 'DistilBERT' : counted ? 'RoBERTa' : 'BERT';

  const layout = new Layout(checkpoint);
  const [vocabulary, width] = layout.stored(words, [null, null]) as [number, number];
  const positions = counted ? countedPositions(layout, checkpoint, places, width) : { name: places, context: layout.stored(places, [null, width])[0]! };
  const context = positions.context - (positions.padding === undefined ? 0 : 1);
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
  const activation = await decideActivation(checkpoint, choices, [], 'gelu', title);
  const blocks: TransformerBlock[] = [];
  for (let i = 0; layout.has(`${at(i, names.query)}.weight`); i++) {
    const [hidden] = layout.shape(`${at(i, names.up)}.weight`, [null, width]) as [number];
    blocks.push({
      query: layout.linear(at(i, names.query), width, width),
      key: layout.linear(at(i, names.key), width, width),
      value: layout.linear(at(i, names.value), width, width),
      output: layout.linear(at(i, names.output), width, width),
      attentionNorm: norm(at(i, names.attentionNorm)),
      mlpNorm: norm(at(i, names.mlpNorm)),
      mlp: layout.mlp(at(i, names.up), at(i, names.down), width, hidden, activation.value),
      parallel: false,
      mask: null,
    });
    const crossed = at(i, 'crossattention.self.query.weight');
    if (layout.has(crossed)) layout.fail(`'${crossed}' attends to another sequence, which is not computed here`);
  }
  const embeddingNorm = norm(`${root}embeddings.LayerNorm`);
  const { head, unembedding, classOnly, said } = readout({ layout, checkpoint, root, words, vocabulary, width, activation: activation.value, norm });
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
    positions,
    ...(typed ? { typeVector } : {}),
    embeddingNorm,
    blocks,
    finalNorm: null,
    ...(classOnly ? { classOnly } : {}),
    ...(head ? { head } : {}),
    unembedding,
  };
  return {
    model: transformerModel(checkpoint, {
      architecture: 'bert',
      title,
      evidence: [
        `${root}embeddings.{word, position}_embeddings and ${blocks.length} × ${root}${names.block}.i.{${names.query}, ${names.up}, ${names.down}} have the shapes of ${title}: norms stand after each branch`,
        said,
        ...(positions.padding === undefined ? [] : [`positions are counted from ${positions.padding + 1}, without tokens ${positions.padding}, which are padding`]),
        ...(typed ? ['all tokens are of type 0'] : []),
      ],
      transforms: ['matrices [out, in] are read transposed', ...(embeddingNorm.scale?.endsWith('gamma') ? ['gamma and beta are read as the weight and bias of norms'] : [])],
      choices: [heads, activation],
      context,
      transformer,
      sources: layout.sources,
      buffer: (name) => (name.endsWith('embeddings.position_ids') ? 'a list of positions, not a parameter' : /^(cls\.predictions|lm_head)\.decoder\.|^vocab_projector\./.test(name) ? 'the same as the word embeddings or as the bias beside it' : null),
      excluded: (name) => {
        if (/^(cls\.predictions|lm_head|vocab_\w+)\./.test(name)) return 'the head of a language model, in the place of which there is a classifier';
        return /^(\w*bert\w*\.)?pooler\.|^cls\.seq_relationship\.|^qa_outputs\./.test(name) ? 'reads one position or the whole sequence, which is not computed here: the output is that of each token' : null;
      },
    }),
  };
}

/** The rows of RoBERTa's table that are used: that of padding, and those behind it. */
function countedPositions(layout: Layout, checkpoint: Checkpoint, places: string, width: number): PositionTable {
  const recordedPadding = Number(recorded(checkpoint, ['pad_token_id'])?.value ?? NaN);
  const padding = Number.isInteger(recordedPadding) && recordedPadding >= 0 ? recordedPadding : 1;
  const [rows] = layout.shape(places, [null, width]) as [number];
  const context = rows - padding;
  if (context < 2) layout.fail(`'${places}' has ${rows} rows; more than ${padding + 1} were expected behind that of padding`);
  layout.sources.set(places, { tensor: places, shape: [context, width], arrange: (values) => values.slice(padding * width) });
  return { name: places, context, padding };
}
