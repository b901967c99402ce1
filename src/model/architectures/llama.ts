/**
 * Llama, Mistral, Qwen2, Qwen3, Gemma and Phi-3: RMSNorm, rotary positions over halves, grouped queries, a gated MLP; matrices [out, in]
 * (checkpoints.md §3). Qwen3 and Gemma 3 normalise each query and key, Gemma scales by 1 + weight and its embeddings by the root of the width (what Gemma 2
 * and 3 have besides is in ../gemma.ts), Phi-3 fuses query, key and value, and gate and up.
 */
import type { Checkpoint } from '../../checkpoint/types';
import { decide, recorded } from '../choices';
import { decideActivation, decideHeads, range, recordedCount, recordedNumber, unsupported } from '../decoder';
import { readGemma } from '../gemma';
import type { Transformer, TransformerBlock } from '../layers/transformer';
import { Layout, missingAnchors } from '../layout';
import { readRotary } from '../rotary-scaling';
import { transformerModel } from '../transformer-model';
import type { Architecture, Choices, Recognition } from '../types';

export const llama: Architecture = { key: 'llama', title: 'Llama / Mistral / Qwen / Gemma / Phi-3', recognise };

/** model_type of config.json -> the name of the family. */
const FAMILIES: ReadonlyMap<string, string> = new Map([
  ['llama', 'Llama'], ['mistral', 'Mistral'], ['qwen2', 'Qwen2'], ['qwen3', 'Qwen3'], ['gemma', 'Gemma'], ['gemma2', 'Gemma 2'],
  ['gemma3_text', 'Gemma 3'], ['phi3', 'Phi-3'],
]);

const NORM_SCALE = {
  key: 'norm-scale',
  options: ['weight', '1 + weight'],
  parse: (word: string) => (word.startsWith('gemma') || word === '1 + weight' ? '1 + weight' : 'weight'),
  recordedAs: ['model_type'],
};

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  // The wrapper prefix is taken off where every name has it; lm_head has none.
  const root = checkpoint.tensors.has('model.embed_tokens.weight') ? 'model.' : '';
  const first = `${root}layers.0`;
  const fused = checkpoint.tensors.has(`${first}.self_attn.qkv_proj.weight`);
  const [queryName, gateName] = fused ? ['qkv_proj', 'gate_up_proj'] : ['q_proj', 'gate_proj'];
  const anchors = [`${root}embed_tokens.weight`, `${first}.self_attn.${queryName}.weight`, `${first}.mlp.${gateName}.weight`, `${root}norm.weight`];
  const absent = missingAnchors(checkpoint, anchors);
  if (absent) return absent;
  const type = recorded(checkpoint, ['model_type'])?.value ?? null;
  const named = type === null ? 'Llama' : FAMILIES.get(type);

  const layout = new Layout(checkpoint);
  const embedding = `${root}embed_tokens.weight`;
  const [vocabulary, width] = layout.stored(embedding, [null, null]) as [number, number];
  const [, queries] = layout.shape(`${first}.self_attn.o_proj.weight`, [width, null]) as [number, number];
  const [rows] = layout.shape(`${first}.self_attn.${fused ? 'qkv_proj' : 'k_proj'}.weight`, [null, width]) as [number];
  const keys = fused ? (rows - queries) / 2 : rows;
  if (layout.problem) return { missing: layout.problem, matched: 1 };
  const chosen = await decideHeads(checkpoint, choices, queries, `${first}.self_attn.q_norm.weight`);
  const heads = Number(chosen.value);
  const headWidth = queries / heads;
  const groups = keys / headWidth;
  if (!Number.isInteger(groups) || groups < 1 || heads % groups !== 0) layout.fail(`${heads} query heads of width ${headWidth} do not fit keys of width ${keys}: choose the number of heads`);

  const normScale = await decide(checkpoint, choices, NORM_SCALE, () => ({
    value: 'weight', evidence: 'tensors do not say whether norms scale by their weight, or by 1 + weight behind scaled embeddings, as in Gemma: the weight is assumed',
  }));
  const plusOne = normScale.value === '1 + weight';
  // The first configs of Gemma say gelu where its tanh approximation is meant.
  const sandwich = layout.has(`${first}.pre_feedforward_layernorm.weight`);
  const said = await decideActivation(checkpoint, choices, sandwich ? ['hidden_activation'] : [], plusOne ? 'gelu_new' : 'silu', plusOne ? 'Gemma' : 'Llama');
  const activation = type === 'gemma' && said.value === 'gelu' && choices['activation'] === undefined ? { ...said, value: 'gelu_new' } : said;
  const norm = (layer: string, size = width) => {
    const found = layout.norm(layer, size, plusOne);
    if (found.scale === null) layout.fail(`'${layer}.weight' is missing`);
    return found;
  };
  const count = [...checkpoint.tensors.keys()].filter((name) => name.startsWith(`${root}layers.`) && name.endsWith(`.self_attn.${queryName}.weight`)).length;
  const gemma = sandwich ? readGemma(checkpoint, headWidth, count) : null;
  if (typeof gemma === 'string') return { missing: gemma, matched: 1 };
  const blocks: TransformerBlock[] = [];
  for (let i = 0; layout.has(`${root}layers.${i}.self_attn.${queryName}.weight`); i++) {
    const prefix = `${root}layers.${i}`;
    const attention = `${prefix}.self_attn`;
    const [gated] = layout.shape(`${prefix}.mlp.${gateName}.weight`, [null, width]) as [number];
    const hidden = fused ? gated / 2 : gated;
    const part = (name: string, begin: number, length: number) => layout.part(`${attention}.qkv_proj`, name, range(begin, length), width, rows);
    const half = (name: string, begin: number) => layout.part(`${prefix}.mlp.gate_up_proj`, name, range(begin, hidden), width, gated);
    blocks.push({
      query: fused ? part('q', 0, queries) : layout.linear(`${attention}.q_proj`, width, queries),
      key: fused ? part('k', queries, keys) : layout.linear(`${attention}.k_proj`, width, keys),
      value: fused ? part('v', queries + keys, keys) : layout.linear(`${attention}.v_proj`, width, keys),
      output: layout.linear(`${attention}.o_proj`, queries, width),
      ...(layout.has(`${attention}.q_norm.weight`) ? { headNorms: { query: norm(`${attention}.q_norm`, headWidth), key: norm(`${attention}.k_norm`, headWidth) } } : {}),
      attentionNorm: norm(`${prefix}.input_layernorm`),
      mlpNorm: norm(`${prefix}.${gemma ? 'pre_feedforward' : 'post_attention'}_layernorm`),
      ...(gemma && { branchNorms: { attention: norm(`${prefix}.post_attention_layernorm`), mlp: norm(`${prefix}.post_feedforward_layernorm`) }, ...gemma.block(i) }),
      mlp: {
        hidden, productBias: null, activation: activation.value,
        gate: fused ? half('gate', 0) : layout.linear(`${prefix}.mlp.gate_proj`, width, hidden),
        up: fused ? half('up', hidden) : layout.linear(`${prefix}.mlp.up_proj`, width, hidden),
        down: layout.linear(`${prefix}.mlp.down_proj`, hidden, width),
      },
      parallel: false,
      mask: null,
    });
    if (layout.has(`${attention}.sinks`)) layout.fail(`'${attention}.sinks' is an attention sink, which is not computed here`);
  }
  const finalNorm = norm(`${root}norm`);
  const tied = !layout.has('lm_head.weight') || checkpoint.shared.some((group) => group.includes('lm_head.weight') && group.includes(embedding));
  const outputs = tied ? vocabulary : layout.shape('lm_head.weight', [null, width])[0]!;
  const obstacle = unsupported(checkpoint, [
    { keys: ['model_type'], is: (v) => !FAMILIES.has(v), what: `tensors are named as in Llama, but what ${type} computes is not known here (known are ${[...FAMILIES.keys()].join(', ')})` },
    { keys: ['use_bidirectional_attention'], is: (v) => v === 'true', what: 'attention both ways is not computed here' },
    { keys: ['final_logit_softcapping', 'attn_logit_softcapping'], is: (v) => !gemma && v !== 'null', what: 'soft-capped logits are computed for Gemma 2 and 3 alone' },
  ]);
  if (obstacle) layout.fail(obstacle);
  if (layout.has('score.weight')) layout.fail("'score.weight' classifies a text by its last token, which is not computed here");
  const rotary = gemma ? { positions: gemma.shared.rotary, evidence: gemma.evidence } : readRotary(checkpoint, headWidth, 1);
  if (typeof rotary === 'string') layout.fail(rotary);
  if (layout.problem || typeof rotary === 'string') return { missing: layout.problem, matched: 1 };

  const transformer: Transformer = {
    width, heads, groups, headWidth,
    rotary: rotary.positions,
    ...gemma?.shared,
    normalization: 'rms-norm',
    epsilon: recordedNumber(checkpoint, ['rms_norm_eps'], 1e-6),
    causal: true,
    embedding: { name: embedding, layer: `${root}embed_tokens`, vocabulary },
    ...(plusOne ? { embeddingScale: Math.sqrt(width) } : {}),
    positions: null,
    blocks, finalNorm,
    unembedding: tied ? { layer: 'lm_head', weight: embedding, bias: null, outputs, inputAxis: 1 } : { ...layout.linear('lm_head', width, outputs), outputs, inputAxis: 0 },
  };
  // A sliding window that reaches over the whole context changes nothing; in Gemma 2 and 3 windows are part of the layers.
  const window = gemma ? Infinity : recordedCount(checkpoint, ['sliding_window'], Infinity);
  const context = Math.min(recordedCount(checkpoint, ['max_position_embeddings'], 2048), window);
  return {
    model: transformerModel(checkpoint, {
      architecture: 'llama',
      title: named!,
      evidence: [
        `${root}embed_tokens, ${root}norm and ${blocks.length} × ${root}layers.i.{self_attn.${queryName}, mlp.${gateName}} have the shapes of a ${named}`,
        `${groups} key/value heads of width ${headWidth} for ${heads} query heads`,
        ...(blocks[0]?.headNorms ? ['each query and key is normalised'] : []),
        ...rotary.evidence,
        tied ? `the head is ${embedding}, tied` : 'lm_head is not tied',
      ],
      transforms: [
        'matrices [out, in] are read transposed',
        ...(fused ? ['qkv_proj is read as q, k and v, gate_up_proj as gate and up'] : []),
        ...(plusOne ? [`norms scale by 1 + weight; embeddings enter times the root of ${width}`] : []),
      ],
      choices: [chosen, activation, ...(type === null ? [normScale] : [])],
      context,
      transformer,
      sources: layout.sources,
      buffer: (name) => (/rotary_emb\.inv_freq$/.test(name) ? 'a table of positions, not a parameter' : name === 'lm_head.weight' && tied ? `the same as ${embedding}` : null),
    }),
  };
}
