/**
 * ViT and DeiT as Hugging Face saves them: patches, a class token and in DeiT one of distillation, pre-norm blocks, and classifiers on these tokens
 * (checkpoints.md §3).
 */
import type { Checkpoint } from '../../checkpoint/types';
import { decideActivation, decideHeads, plainHeads, recordedNumber } from '../decoder';
import type { Transformer, TransformerBlock } from '../layers/transformer';
import { Layout, missingAnchors } from '../layout';
import { describePatches, patchStem } from '../patches';
import { transformerModel } from '../transformer-model';
import type { Architecture, Choices, Recognition } from '../types';

export const vit: Architecture = { key: 'vit', title: 'ViT (Hugging Face)', recognise };

/** Of a block: as files have them, and as transformers 5 has them in memory. */
const STORED = {
  block: 'encoder.layer', query: 'attention.attention.query', key: 'attention.attention.key', value: 'attention.attention.value',
  output: 'attention.output.dense', up: 'intermediate.dense', down: 'output.dense',
};
const IN_MEMORY: typeof STORED = {
  block: 'layers', query: 'attention.q_proj', key: 'attention.k_proj', value: 'attention.v_proj', output: 'attention.o_proj', up: 'mlp.fc1', down: 'mlp.fc2',
};

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const root = ['vit.', 'deit.'].find((prefix) => checkpoint.tensors.has(`${prefix}embeddings.cls_token`)) ?? '';
  const names = checkpoint.tensors.has(`${root}layers.0.attention.q_proj.weight`) ? IN_MEMORY : STORED;
  const at = (i: number, part: string) => `${root}${names.block}.${i}.${part}`;
  const stemNames = {
    convolution: `${root}embeddings.patch_embeddings.projection`, tokens: [`${root}embeddings.cls_token`, `${root}embeddings.distillation_token`], positions: `${root}embeddings.position_embeddings`,
  };
  const anchors = [`${stemNames.convolution}.weight`, stemNames.tokens[0]!, stemNames.positions, `${at(0, names.query)}.weight`, `${at(0, 'layernorm_before')}.weight`];
  const absent = missingAnchors(checkpoint, anchors);
  if (absent) return absent;

  const layout = new Layout(checkpoint);
  const stem = patchStem(layout, stemNames);
  const { width } = stem;
  const activation = await decideActivation(checkpoint, choices, [], 'gelu', 'ViT');
  const blocks: TransformerBlock[] = [];
  for (let i = 0; layout.has(`${at(i, names.query)}.weight`); i++) {
    const [hidden] = layout.shape(`${at(i, names.up)}.weight`, [null, width]) as [number];
    blocks.push({
      query: layout.linear(at(i, names.query), width, width),
      key: layout.linear(at(i, names.key), width, width),
      value: layout.linear(at(i, names.value), width, width),
      output: layout.linear(at(i, names.output), width, width),
      attentionNorm: layout.norm(at(i, 'layernorm_before'), width),
      mlpNorm: layout.norm(at(i, 'layernorm_after'), width),
      mlp: layout.mlp(at(i, names.up), at(i, names.down), width, hidden, activation.value),
      parallel: false,
      mask: null,
    });
  }
  const finalNorm = layout.norm(`${root}layernorm`, width);
  if (finalNorm.scale === null) layout.fail(`'${root}layernorm.weight' is missing`);
  // Without the second classifier the first reads the class token alone, as in any ViT.
  const distilled = layout.classifier('distillation_classifier', width);
  const unembedding = layout.classifier(distilled ? 'cls_classifier' : 'classifier', width);
  if (distilled && distilled.outputs !== unembedding?.outputs) layout.fail("'distillation_classifier' has other outputs than 'cls_classifier'");
  if (layout.problem) return { missing: layout.problem, matched: 1 };

  const heads = await decideHeads(checkpoint, choices, width);
  const transformer: Transformer = {
    ...stem,
    ...plainHeads(heads, width),
    normalization: 'layer-norm',
    epsilon: recordedNumber(checkpoint, ['layer_norm_eps'], 1e-12),
    causal: false,
    blocks, finalNorm,
    classOnly: true,
    unembedding,
    distilled,
  };
  return {
    model: transformerModel(checkpoint, {
      architecture: 'vit',
      title: root === 'deit.' ? 'DeiT' : 'ViT',
      evidence: [
        `${root}embeddings.{patch_embeddings, cls_token, position_embeddings} and ${blocks.length} × ${root}${names.block}.i have the shapes of a ViT`,
        describePatches(stem),
        distilled ? 'the output is the mean of what cls_classifier reads of the class token and distillation_classifier of the token behind it' : unembedding ? 'classifier reads the class token' : 'no classifier: the output is the class token behind the last norm',
      ],
      transforms: ['the convolution of the patches is read as a matrix [channels · patch · patch, d_model]', 'matrices [out, in] are read transposed'],
      choices: [heads, activation],
      context: stem.positions.context,
      transformer,
      sources: layout.sources,
      buffer: () => null,
      excluded: (name) =>
        /(^|\.)pooler\./.test(name) ? 'the pooler, which the output does not pass' : name.endsWith('embeddings.mask_token') ? 'stands for masked patches in pre-training only' : null,
    }),
  };
}
