/**
 * GPT-NeoX and Pythia: query, key and value interleaved head by head in one matrix [heads, 3, d_head], rotary positions on the first dims of
 * each head, attention and MLP in parallel behind norms of their own (checkpoints.md §3).
 */
import type { Checkpoint } from '../../checkpoint/types';
import { recorded } from '../choices';
import { decideActivation, decideHeads, recordedCount, recordedNumber } from '../decoder';
import type { Transformer, TransformerBlock } from '../layers/transformer';
import { Layout, missingAnchors } from '../layout';
import { readRotary } from '../rotary-scaling';
import { transformerModel } from '../transformer-model';
import type { Architecture, Choices, Recognition } from '../types';

export const gptNeox: Architecture = { key: 'gpt-neox', title: 'GPT-NeoX / Pythia', recognise };

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const first = 'gpt_neox.layers.0.attention.query_key_value.weight';
  const anchors = ['gpt_neox.embed_in.weight', first, 'embed_out.weight'];
  const absent = missingAnchors(checkpoint, anchors);
  if (absent) return absent;

  const layout = new Layout(checkpoint);
  const [vocabulary, width] = layout.stored('gpt_neox.embed_in.weight', [null, null]) as [number, number];
  const [outputs] = layout.shape('embed_out.weight', [null, width]) as [number];
  if (layout.problem) return { missing: layout.problem, matched: 1 };
  const chosen = await decideHeads(checkpoint, choices, width);
  const heads = Number(chosen.value);
  const headWidth = width / heads;

  /** Query, key or value of all heads. */
  const entries = (at: number) => Array.from({ length: width }, (_, i) => Math.floor(i / headWidth) * 3 * headWidth + at * headWidth + (i % headWidth));

  const activation = await decideActivation(checkpoint, choices, [], 'gelu', 'Pythia');
  const parallel = recorded(checkpoint, ['use_parallel_residual'])?.value !== 'false';
  const blocks: TransformerBlock[] = [];
  for (let i = 0; layout.has(`gpt_neox.layers.${i}.attention.query_key_value.weight`); i++) {
    const prefix = `gpt_neox.layers.${i}`;
    const part = (name: string, at: number) => layout.part(`${prefix}.attention.query_key_value`, name, entries(at), width, 3 * width);
    const [hidden] = layout.shape(`${prefix}.mlp.dense_h_to_4h.weight`, [null, width]) as [number];
    blocks.push({
      query: part('query', 0), key: part('key', 1), value: part('value', 2),
      output: layout.linear(`${prefix}.attention.dense`, width, width),
      attentionNorm: layout.norm(`${prefix}.input_layernorm`, width),
      mlpNorm: layout.norm(`${prefix}.post_attention_layernorm`, width),
      mlp: layout.mlp(`${prefix}.mlp.dense_h_to_4h`, `${prefix}.mlp.dense_4h_to_h`, width, hidden, activation.value),
      parallel,
      mask: null,
    });
  }
  const finalNorm = layout.norm('gpt_neox.final_layer_norm', width);
  const head = layout.linear('embed_out', width, outputs);
  const rotary = readRotary(checkpoint, headWidth, 0.25);
  if (typeof rotary === 'string') return { missing: rotary, matched: 1 };
  if (layout.problem) return { missing: layout.problem, matched: 1 };

  const context = recordedCount(checkpoint, ['max_position_embeddings'], 2048);
  const transformer: Transformer = {
    width, heads, groups: heads, headWidth,
    rotary: rotary.positions,
    normalization: 'layer-norm',
    epsilon: recordedNumber(checkpoint, ['layer_norm_eps'], 1e-5),
    causal: true,
    embedding: { name: 'gpt_neox.embed_in.weight', layer: 'gpt_neox.embed_in', vocabulary },
    positions: null,
    blocks, finalNorm,
    unembedding: { ...head, outputs, inputAxis: 0 },
  };
  return {
    model: transformerModel(checkpoint, {
      architecture: 'gpt-neox',
      title: 'GPT-NeoX',
      evidence: [
        `gpt_neox.embed_in, embed_out and ${blocks.length} × gpt_neox.layers.i.attention.query_key_value have the shapes of GPT-NeoX`,
        ...rotary.evidence,
        parallel ? 'attention and MLP read the stream in parallel' : 'attention and MLP read the stream one after the other',
      ],
      transforms: ['query_key_value [heads, 3, d_head] is read as query, key and value, each [d_model, heads · d_head]', 'matrices [out, in] are read transposed'],
      choices: [chosen, activation],
      context,
      transformer,
      sources: layout.sources,
      buffer: (name) => (/\.attention\.(bias|masked_bias|rotary_emb\.inv_freq)$/.test(name) ? 'a mask or a table of positions, not a parameter' : null),
    }),
  };
}
