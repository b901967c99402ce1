/** A recognised decoder and where its parameters lie -> a runnable model. */
import type { Checkpoint } from '../checkpoint/types';
import { forward, isPooled, isTied, layersOf, type Transformer } from './layers/transformer';
import { readSources, type Sources } from './sources';
import { readsPatches } from './layers/stem';
import { transformerNorms, transformerSpaces, transformerSymmetries } from './symmetries/transformer';
import type { Model, ModelChoice } from './types';

export interface RecognisedTransformer {
  readonly architecture: string;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly transforms: readonly string[];
  readonly choices: readonly ModelChoice[];
  /** Most positions that it can see; of no meaning for images. */
  readonly context: number;
  readonly transformer: Transformer;
  readonly sources: Sources;
  /** Tensors that are no parameters, and why. */
  buffer(name: string): string | null;
  /** Tensors that the output does not depend on, and why. */
  excluded?(name: string): string | null;
}

type Status = { status: 'analysed' | 'used' | 'buffer' | 'excluded'; reason: string | null };

export function transformerModel(checkpoint: Checkpoint, recognised: RecognisedTransformer): Model {
  const { transformer: t, sources, architecture, evidence, transforms, choices, context } = recognised;
  const layers = layersOf(t);
  const tokens = readsPatches(t.embedding) ? null : t.embedding;
  const weights = new Set([...(tokens ? [tokens.name] : []), ...layers.flatMap(({ dense }) => (dense ? [dense.weight] : []))]);
  const tensors = new Map<string, Status>();
  for (const [name, { tensor }] of sources) {
    if (weights.has(name)) tensors.set(tensor, { status: 'analysed', reason: null });
    else if (!tensors.has(tensor)) tensors.set(tensor, { status: 'used', reason: 'used in the forward pass' });
  }
  for (const name of checkpoint.tensors.keys()) {
    if (tensors.has(name)) continue;
    for (const status of ['buffer', 'excluded'] as const) {
      const reason = recognised[status]?.(name) ?? null;
      if (reason !== null) tensors.set(name, { status, reason });
    }
  }
  const { blocks, width, heads, normalization } = t;
  const folded = normalization !== 'none' && blocks[0]?.attentionNorm.scale === null ? `folded ${normalization}` : normalization;
  const norm = normalization === 'none' ? 'no norm' : t.postNorm ? `${folded} after each branch` : folded;
  const mlps = blocks.find(({ mlp }) => mlp)?.mlp?.activation ?? 'attention only';
  return {
    architecture,
    title: `${recognised.title}, ${blocks.length} ${blocks.length === 1 ? 'layer' : 'layers'}, d_model ${width}, ${heads} heads, ${mlps}, ${norm}`,
    evidence,
    transforms,
    tied: isTied(t) ? [...checkpoint.shared, [t.embedding.layer, t.unembedding!.layer]] : checkpoint.shared,
    choices,
    input: readsPatches(t.embedding) ? { kind: 'vector', width: t.embedding.channels * t.embedding.side ** 2 } : { kind: 'tokens', vocabulary: t.embedding.vocabulary, context, ...(isPooled(t) && { pooled: true }) },
    outputs: t.unembedding?.outputs ?? width,
    // One output is a regression.
    defaultLoss: t.unembedding && t.unembedding.outputs > 1 ? 'ce' : 'mse',
    layers,
    tensors,
    symmetries: () => transformerSymmetries(t),
    spaces: () => transformerSpaces(t),
    norms: () => (normalization === 'none' ? [] : transformerNorms(t)),
    parameters: () => readSources(checkpoint, sources),
    forward: (ops, read, batch, sink) => forward(ops, read, batch, sink, t),
  };
}
