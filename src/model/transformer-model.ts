/** A recognised decoder and where its parameters lie -> a runnable model. */
import type { Checkpoint } from '../checkpoint/types';
import { isPooled, isTied, layersOf, stagesOf, type Transformer } from './layers/transformer';
import { readSources, readStored, shapesOf, type Sources } from './sources';
import { readsPatches, type PatchEmbedding } from './layers/stem';
import { composed } from './stages';
import { everyNorm, transformerNorms, transformerSpaces, transformerSymmetries } from './symmetries/transformer';
import { tensorStatuses, type Unread } from './tensor-status';
import type { InputSpec, Model, ModelChoice } from './types';

export interface RecognisedTransformer extends Unread {
  readonly architecture: string;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly transforms: readonly string[];
  readonly choices: readonly ModelChoice[];
  /** Most positions that it can see; of no meaning for images. */
  readonly context: number;
  readonly transformer: Transformer;
  readonly sources: Sources;
}

/** Both libraries normalise the pixels of their vision transformers to [-1, 1] unless a model says otherwise. */
function imageInput({ channels, side }: PatchEmbedding): InputSpec {
  const pixels = { value: '-1 to 1', evidence: 'as ViTImageProcessor of transformers and most ViTs of timm have it (mean 0.5, standard deviation 0.5)' };
  return { kind: 'vector', width: channels * side ** 2, image: { channels, height: side, width: side, order: 'chw', pixels } };
}

function predictsNext(t: Transformer, vocabulary: number): boolean {
  return t.causal && !isPooled(t) && t.unembedding?.outputs === vocabulary;
}

export function transformerModel(checkpoint: Checkpoint, recognised: RecognisedTransformer): Model {
  const { transformer: t, sources, architecture, evidence, transforms, choices, context } = recognised;
  const layers = layersOf(t);
  const stages = stagesOf(t);
  const tokens = readsPatches(t.embedding) ? null : t.embedding;
  const weights = new Set([...(tokens ? [tokens.name] : []), ...layers.flatMap(({ dense }) => (dense ? [dense.weight] : []))]);
  const { blocks, width, heads, normalization } = t;
  const folded = normalization !== 'none' && blocks[0]?.attentionNorm.scale === null ? `folded ${normalization}` : normalization;
  const norm = normalization === 'none' ? 'no norm' : t.postNorm ? `${folded} after each branch` : blocks[0]?.branchNorms ? `${folded} before and behind each branch` : folded;
  const mlps = blocks.find(({ mlp }) => mlp)?.mlp?.activation ?? 'attention only';
  return {
    architecture,
    title: `${recognised.title}, ${blocks.length} ${blocks.length === 1 ? 'layer' : 'layers'}, d_model ${width}, ${heads} heads, ${mlps}, ${norm}`,
    evidence,
    transforms,
    tied: isTied(t) ? [...checkpoint.shared, [t.embedding.layer, t.unembedding!.layer]] : checkpoint.shared,
    choices,
    input: readsPatches(t.embedding) ? imageInput(t.embedding) : { kind: 'tokens', vocabulary: t.embedding.vocabulary, context, ...(predictsNext(t, t.embedding.vocabulary) && { next: true }), ...(isPooled(t) && { pooled: true }) },
    outputs: t.unembedding?.outputs ?? width,
    // One output is a regression.
    defaultLoss: t.unembedding && t.unembedding.outputs > 1 ? 'ce' : 'mse',
    layers,
    tensors: tensorStatuses(checkpoint, sources, weights, recognised),
    symmetries: () => transformerSymmetries(t),
    spaces: () => transformerSpaces(t),
    norms: () => (normalization === 'none' ? [] : transformerNorms(t)),
    normLayers: () => (normalization === 'none' ? [] : everyNorm(t)),
    staged: { stages, shapes: shapesOf(sources) },
    parameters: (names) => readSources(checkpoint, sources, names),
    stored: (names) => readStored(checkpoint, sources, names),
    forward: composed(stages),
  };
}
