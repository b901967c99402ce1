/** Llama, Mistral and Qwen2: RMSNorm, rotary positions over halves, grouped queries, SwiGLU; matrices [out, in] (checkpoints.md §3). */
import type { Checkpoint } from '../../checkpoint/types';
import { decideActivation, decideHeads, recordedNumber, unsupported } from '../decoder';
import { rotaryHalves, type Transformer, type TransformerBlock } from '../layers/transformer';
import { Layout, missingAnchors } from '../layout';
import { transformerModel } from '../transformer-model';
import type { Architecture, Choices, Recognition } from '../types';

export const llama: Architecture = { key: 'llama', title: 'Llama / Mistral / Qwen2', recognise };

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  // The wrapper prefix is taken off where every name has it; lm_head has none.
  const root = checkpoint.tensors.has('model.embed_tokens.weight') ? 'model.' : '';
  const first = `${root}layers.0`;
  const anchors = [`${root}embed_tokens.weight`, `${first}.self_attn.q_proj.weight`, `${first}.mlp.gate_proj.weight`, `${root}norm.weight`];
  const absent = missingAnchors(checkpoint, anchors);
  if (absent) return absent;

  const layout = new Layout(checkpoint);
  const embedding = `${root}embed_tokens.weight`;
  const [vocabulary, width] = layout.stored(embedding, [null, null]) as [number, number];
  const [queries] = layout.shape(`${first}.self_attn.q_proj.weight`, [null, width]) as [number];
  const [keys] = layout.shape(`${first}.self_attn.k_proj.weight`, [null, width]) as [number];
  if (layout.problem) return { missing: layout.problem, matched: 1 };
  const chosen = await decideHeads(checkpoint, choices, queries);
  const heads = Number(chosen.value);
  const headWidth = queries / heads;
  const groups = keys / headWidth;
  if (!Number.isInteger(groups) || heads % groups !== 0) layout.fail(`${heads} query heads of width ${headWidth} do not fit keys of width ${keys}: choose the number of heads`);

  const activation = await decideActivation(checkpoint, choices, [], 'silu', 'Llama');
  const blocks: TransformerBlock[] = [];
  for (let i = 0; layout.has(`${root}layers.${i}.self_attn.q_proj.weight`); i++) {
    const prefix = `${root}layers.${i}`;
    const [hidden] = layout.shape(`${prefix}.mlp.gate_proj.weight`, [null, width]) as [number];
    blocks.push({
      query: layout.linear(`${prefix}.self_attn.q_proj`, width, queries),
      key: layout.linear(`${prefix}.self_attn.k_proj`, width, keys),
      value: layout.linear(`${prefix}.self_attn.v_proj`, width, keys),
      output: layout.linear(`${prefix}.self_attn.o_proj`, queries, width),
      attentionNorm: layout.norm(`${prefix}.input_layernorm`, width),
      mlpNorm: layout.norm(`${prefix}.post_attention_layernorm`, width),
      mlp: {
        hidden, productBias: null, activation: activation.value,
        gate: layout.linear(`${prefix}.mlp.gate_proj`, width, hidden),
        up: layout.linear(`${prefix}.mlp.up_proj`, width, hidden),
        down: layout.linear(`${prefix}.mlp.down_proj`, hidden, width),
      },
      parallel: false,
      mask: null,
    });
    if (layout.has(`${prefix}.self_attn.q_norm.weight`)) layout.fail(`'${prefix}.self_attn.q_norm.weight' normalises queries and keys, as Qwen3 does, which is not computed here`);
  }
  const finalNorm = layout.norm(`${root}norm`, width);
  const tied = !layout.has('lm_head.weight') || checkpoint.shared.some((group) => group.includes('lm_head.weight') && group.includes(embedding));
  const outputs = tied ? vocabulary : layout.shape('lm_head.weight', [null, width])[0]!;
  const obstacle = unsupported(checkpoint, [
    { keys: ['rope_type', 'rope_scaling.type'], is: (v) => v !== 'default', what: 'scaled rotary positions are not computed here' },
    { keys: ['model_type'], is: (v) => v.startsWith('gemma'), what: 'the norms of Gemma scale by 1 + weight, which is not computed here' },
  ]);
  if (obstacle) layout.fail(obstacle);
  if (layout.problem) return { missing: layout.problem, matched: 1 };

  const transformer: Transformer = {
    width, heads, groups, headWidth,
    rotary: rotaryHalves(headWidth, recordedNumber(checkpoint, ['rope_theta'], 10_000)),
    normalization: 'rms-norm',
    epsilon: recordedNumber(checkpoint, ['rms_norm_eps'], 1e-6),
    causal: true,
    embedding: { name: embedding, layer: `${root}embed_tokens`, vocabulary },
    positions: null,
    blocks, finalNorm,
    unembedding: tied ? { layer: 'lm_head', weight: embedding, bias: null, outputs, inputAxis: 1 } : { ...layout.linear('lm_head', width, outputs), outputs, inputAxis: 0 },
  };
  // A sliding window that reaches over the whole context changes nothing.
  const window = recordedNumber(checkpoint, ['sliding_window'], Infinity);
  const context = Math.min(recordedNumber(checkpoint, ['max_position_embeddings'], 2048), window);
  return {
    model: transformerModel(checkpoint, {
      architecture: 'llama',
      title: 'Llama',
      evidence: [
        `${root}embed_tokens, ${root}norm and ${blocks.length} × ${root}layers.i.{self_attn.q_proj, mlp.gate_proj} have the shapes of a Llama`,
        `${groups} key/value heads of width ${headWidth} for ${heads} query heads`,
        tied ? `the head is ${embedding}, tied` : 'lm_head is not tied',
      ],
      transforms: ['matrices [out, in] are read transposed'],
      choices: [chosen, activation],
      context,
      transformer,
      sources: layout.sources,
      buffer: (name) => (/rotary_emb\.inv_freq$/.test(name) ? 'a table of positions, not a parameter' : name === 'lm_head.weight' && tied ? `the same as ${embedding}` : null),
    }),
  };
}
