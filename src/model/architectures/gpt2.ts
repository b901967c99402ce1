/**
 * GPT-2 as Hugging Face and nanoGPT save it: the same names, but the first keeps its matrices as Conv1D [in, out], the second as
 * torch.nn.Linear [out, in]. c_attn tells which (checkpoints.md §3); its outputs are q, k, v, each with the heads side by side.
 */
import type { Checkpoint } from '../../checkpoint/types';
import { decideActivation, decideHeads, plainHeads, range, recordedNumber, unsupported } from '../decoder';
import type { Transformer, TransformerBlock } from '../layers/transformer';
import { Layout, missingAnchors, type OutputAxis } from '../layout';
import { transformerModel } from '../transformer-model';
import type { Architecture, Choices, Recognition } from '../types';

export const gpt2: Architecture = { key: 'gpt2', title: 'GPT-2 (Hugging Face or nanoGPT)', recognise };

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const root = checkpoint.tensors.has('transformer.wte.weight') ? 'transformer.' : '';
  const anchors = [`${root}wte.weight`, `${root}wpe.weight`, `${root}h.0.attn.c_attn.weight`, `${root}h.0.mlp.c_fc.weight`];
  const absent = missingAnchors(checkpoint, anchors);
  if (absent) return absent;

  const layout = new Layout(checkpoint);
  const [vocabulary, width] = layout.stored(`${root}wte.weight`, [null, null]) as [number, number];
  const [context] = layout.stored(`${root}wpe.weight`, [null, width]) as [number];
  const [rows, columns] = layout.shape(`${root}h.0.attn.c_attn.weight`, [null, null]) as [number, number];
  // Its shape decides for all matrices: the square ones look the same either way.
  const axis: OutputAxis = rows === width && columns === 3 * width ? 1 : 0;

  const activation = await decideActivation(checkpoint, choices, ['activation_function'], axis === 1 ? 'gelu_new' : 'gelu', axis === 1 ? 'GPT-2' : 'nanoGPT');
  const blocks: TransformerBlock[] = [];
  for (let i = 0; layout.has(`${root}h.${i}.attn.c_attn.weight`); i++) {
    const prefix = `${root}h.${i}`;
    const third = (part: string, at: number) => layout.part(`${prefix}.attn.c_attn`, part, range(at * width, width), width, 3 * width, axis);
    const hidden = layout.shape(`${prefix}.mlp.c_fc.weight`, axis === 1 ? [width, null] : [null, width])[axis]!;
    blocks.push({
      query: third('q', 0), key: third('k', 1), value: third('v', 2),
      output: layout.linear(`${prefix}.attn.c_proj`, width, width, axis),
      attentionNorm: layout.norm(`${prefix}.ln_1`, width),
      mlpNorm: layout.norm(`${prefix}.ln_2`, width),
      mlp: layout.mlp(`${prefix}.mlp.c_fc`, `${prefix}.mlp.c_proj`, width, hidden, activation.value, axis),
      parallel: false,
      mask: null,
    });
  }
  const finalNorm = layout.norm(`${root}ln_f`, width);
  const tied = isTied(checkpoint, root);
  const head = tied ? { layer: 'lm_head', weight: `${root}wte.weight`, bias: null } : layout.linear('lm_head', width, vocabulary);
  const obstacle = unsupported(checkpoint, [
    { keys: ['scale_attn_by_inverse_layer_idx'], is: (v) => v === 'true', what: 'attention scaled by the layer is not computed here' },
    { keys: ['scale_attn_weights'], is: (v) => v === 'false', what: 'attention without its scale is not computed here' },
  ]);
  if (obstacle) layout.fail(obstacle);
  if (layout.has('score.weight')) layout.fail("'score.weight' classifies a text by its last token, which is not computed here");
  if (layout.problem) return { missing: layout.problem, matched: 1 };

  const heads = await decideHeads(checkpoint, choices, width);
  const transformer: Transformer = {
    width, ...plainHeads(heads, width),
    normalization: 'layer-norm',
    epsilon: recordedNumber(checkpoint, ['layer_norm_epsilon'], 1e-5),
    causal: true,
    embedding: { name: `${root}wte.weight`, layer: `${root}wte`, vocabulary },
    positions: { name: `${root}wpe.weight`, context },
    blocks, finalNorm,
    unembedding: { ...head, outputs: vocabulary, inputAxis: tied ? 1 : 0 },
  };
  return {
    model: transformerModel(checkpoint, {
      architecture: 'gpt2',
      title: axis === 1 ? 'GPT-2' : 'nanoGPT',
      evidence: [
        `${root}wte, ${root}wpe and ${blocks.length} × ${root}h.i.attn.c_attn have the shapes of GPT-2`,
        `c_attn.weight is [${rows}, ${columns}]: matrices are stored as ${axis === 1 ? 'Conv1D [in, out]' : 'Linear [out, in]'}`,
        tied ? `the head is ${root}wte.weight, tied` : `lm_head differs from ${root}wte.weight: the head is not tied`,
      ],
      transforms: [
        'c_attn is read as q, k and v, each [d_model, heads · d_head]',
        ...(axis === 0 ? ['matrices [out, in] are read transposed'] : []),
      ],
      choices: [heads, activation],
      context,
      transformer,
      sources: layout.sources,
      buffer: (name) => (/\.attn\.(bias|masked_bias)$/.test(name) ? 'a causal mask, not a parameter' : name === 'lm_head.weight' ? `the same as ${root}wte.weight` : null),
    }),
  };
}

/** nanoGPT saves a tied head under both names. */
function isTied({ tensors, shared, metadata }: Checkpoint, root: string): boolean {
  if (!tensors.has('lm_head.weight') || metadata.get('config.tie_word_embeddings') === 'true') return true;
  return shared.some((group) => group.includes('lm_head.weight') && group.includes(`${root}wte.weight`));
}
