/**
 * TransformerLens `HookedTransformer` state dicts: x @ W convention, heads on the first axis (checkpoints.md §3, §6). LayerNorm, RMSNorm,
 * folded norms or none; plain or gated MLPs, or attention only; learned or rotary positions; grouped queries.
 */
import type { Checkpoint, TensorEntry } from '../../checkpoint/types';
import { ACTIVATION, ATTENTION, decide, recorded, type Assumption, type Question } from '../choices';
import type { Named } from '../layers/dense';
import type { Normalization } from '../layers/norm';
import type { RotaryPositions } from '../layers/rotary';
import type { TransformerBlock } from '../layers/transformer';
import { Layout, missingAnchors } from '../layout';
import { emptyLike } from '../sources';
import { transformerModel } from '../transformer-model';
import type { Architecture, Choices, ModelChoice, Recognition } from '../types';

export const transformerLens: Architecture = {
  key: 'transformer-lens',
  title: 'TransformerLens HookedTransformer',
  recognise,
};

const BUFFER = /^blocks\.\d+\.attn\.(mask|IGNORE|rotary_sin|rotary_cos)$|^(?:blocks\.\d+\.)?.*hook_.*$/;

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const { tensors } = checkpoint;
  const anchors = ['embed.W_E', 'blocks.0.attn.W_Q', 'blocks.0.attn.W_O', 'unembed.W_U'];
  const absent = missingAnchors(checkpoint, anchors);
  if (absent) return absent;

  const layout = new Layout(checkpoint);
  const linear = (name: string, outputs: number): Named => ({ layer: name, weight: name, bias: layout.vector(biasOf(name), outputs) });
  /** [heads, width, headWidth] -> [width, heads * headWidth], and its bias. */
  const perHead = (name: string, count: number | null): Named & { count: number } => {
    const [h, d, w] = layout.shape(name, [count, width, headWidth]) as [number, number, number];
    layout.sources.set(name, { tensor: name, shape: [d, h * w], arrange: (values) => headsLast(values, h, d, w) });
    const bias = biasOf(name);
    if (!layout.has(bias)) return { layer: name, weight: name, bias: null, count: h };
    layout.shape(bias, [h, w]);
    layout.sources.set(bias, { tensor: bias, shape: [h * w] });
    return { layer: name, weight: name, bias, count: h };
  };

  const [vocabulary, width] = layout.stored('embed.W_E', [null, null]) as [number, number];
  const [heads, , headWidth] = layout.shape('blocks.0.attn.W_Q', [null, width, null]) as [number, number, number];
  const context = layout.has('pos_embed.W_pos') ? layout.stored('pos_embed.W_pos', [null, width])[0]! : null;
  const normTensors = (layer: string) => ({ layer, scale: layout.vector(`${layer}.w`, width), shift: layout.vector(`${layer}.b`, width) });
  let groups = heads;
  const blocks: TransformerBlock[] = [];
  for (let i = 0; layout.has(`blocks.${i}.attn.W_Q`); i++) {
    const prefix = `blocks.${i}`;
    const grouped = layout.has(`${prefix}.attn._W_K`) ? '_' : '';
    const query = perHead(`${prefix}.attn.W_Q`, heads);
    const key = perHead(`${prefix}.attn.${grouped}W_K`, i === 0 ? null : groups);
    groups = key.count;
    const value = perHead(`${prefix}.attn.${grouped}W_V`, groups);
    const output = `${prefix}.attn.W_O`;
    layout.shape(output, [heads, headWidth, width]);
    layout.sources.set(output, { tensor: output, shape: [heads * headWidth, width] });
    const hasMlp = layout.has(`${prefix}.mlp.W_in`);
    const parallel = hasMlp && layout.has(`${prefix}.ln1.w`) && !layout.has(`${prefix}.ln2.w`);
    const attentionNorm = normTensors(`${prefix}.ln1`);
    blocks.push({
      query, key, value,
      output: { layer: output, weight: output, bias: layout.vector(`${prefix}.attn.b_O`, width) },
      attentionNorm,
      mlpNorm: parallel ? attentionNorm : normTensors(`${prefix}.ln2`),
      mlp: hasMlp ? mlpOf(prefix) : null,
      parallel,
      mask: await localMask(tensors.get(`${prefix}.attn.mask`)),
    });
  }
  function mlpOf(prefix: string) {
    const [, hidden] = layout.stored(`${prefix}.mlp.W_in`, [width, null]) as [number, number];
    layout.stored(`${prefix}.mlp.W_out`, [hidden, width]);
    const down = linear(`${prefix}.mlp.W_out`, width);
    const up = linear(`${prefix}.mlp.W_in`, hidden);
    const gate = `${prefix}.mlp.W_gate`;
    if (!layout.has(gate)) return { hidden, gate: null, up, productBias: null, down, activation: '' };
    layout.stored(gate, [width, hidden]);
    // A gated MLP adds its bias to the product, not to what W_in gives.
    return { hidden, gate: { layer: gate, weight: gate, bias: null }, up: { ...up, bias: null }, productBias: up.bias, down, activation: '' };
  }
  const [, outputs] = layout.stored('unembed.W_U', [width, null]) as [number, number];
  const unembedding = { ...linear('unembed.W_U', outputs), outputs, inputAxis: 0 as const };
  const finalNorm = normTensors('ln_final');
  const tables = ['blocks.0.attn.rotary_cos', 'blocks.0.attn.rotary_sin'];
  const turned = tables.some((name) => layout.has(name)) ? layout.shape(tables[0]!, [null, null]) : null;
  if (turned) layout.shape(tables[1]!, turned);
  if (turned && (turned[1]! > headWidth || turned[1]! % 2 !== 0)) layout.fail(`'${tables[0]}' has shape [${turned.join(', ')}]: pairs of the ${headWidth} dims of a head were expected`);
  if (groups > 0 && heads % groups !== 0) layout.fail(`${heads} query heads cannot share ${groups} key/value heads`);
  if (layout.problem) return { missing: layout.problem, matched: 1 };

  const norm = await chooseNormalization(checkpoint, choices);
  const attention = await decide(checkpoint, choices, ATTENTION, () => ({
    value: 'causal',
    evidence: 'the direction of attention is not recorded: causal is assumed',
  }));
  const activation = blocks.some((b) => b.mlp) ? await decide(checkpoint, choices, ACTIVATION, () => assumeActivation(blocks)) : null;
  const rotary = turned ? await rotaryOf(...(tables.map((name) => tensors.get(name)!) as [TensorEntry, TensorEntry])) : null;
  const epsilon = Number(recorded(checkpoint, ['eps'])?.value ?? 1e-5);
  const masks = blocks.filter(({ mask }) => mask).length;
  const transformer = {
    width, heads, groups, headWidth, rotary,
    normalization: norm.value as Normalization,
    epsilon: Number.isFinite(epsilon) && epsilon > 0 ? epsilon : 1e-5,
    causal: attention.value === 'causal',
    embedding: { name: 'embed.W_E', layer: 'embed.W_E', vocabulary },
    positions: context === null ? null : { name: 'pos_embed.W_pos', context },
    blocks: blocks.map((block) => ({ ...block, mlp: block.mlp && { ...block.mlp, activation: activation!.value } })),
    finalNorm,
    unembedding,
  };
  return {
    model: transformerModel(checkpoint, {
      architecture: 'transformer-lens',
      title: 'TransformerLens',
      evidence: [
        `embed.W_E, unembed.W_U and ${blocks.length} × blocks.i.attn.{W_Q, W_O} have the shapes of a HookedTransformer`,
        ...(rotary ? [`rotary positions on ${rotary.rotated} of ${headWidth} dims (${rotary.adjacent ? 'adjacent pairs' : 'halves'})`] : []),
        ...(masks > 0 ? [`local attention in ${masks} blocks, from their mask buffers`] : []),
      ],
      transforms: [
        'W_Q, W_K, W_V [heads, d_model, d_head] are read as [d_model, heads · d_head]; W_O as [heads · d_head, d_model]',
        ...(groups < heads ? [`${groups} key/value heads are shared by ${heads} query heads`] : []),
      ],
      choices: [activation, norm, attention].filter((c): c is ModelChoice => c !== null),
      context: Math.min(context ?? turned?.[0] ?? 2048, ...blocks.flatMap(({ mask }) => (mask ? [Math.sqrt(mask.length)] : []))),
      transformer,
      sources: layout.sources,
      buffer: (name) => (BUFFER.test(name) ? 'a buffer of TransformerLens, not a parameter' : null),
    }),
  };
}

/** The bias that goes with a weight: b_K with W_K, _b_K with _W_K. */
function biasOf(weight: string): string {
  return weight.replace(/W_(\w+)$/, 'b_$1');
}

/** [h, d, w] -> [d, h * w] */
function headsLast(values: Float32Array | Float64Array, h: number, d: number, w: number): Float32Array | Float64Array {
  const result = emptyLike(values, values.length);
  for (let i = 0; i < h; i++)
    for (let j = 0; j < d; j++) for (let k = 0; k < w; k++) result[j * h * w + i * w + k] = values[(i * d + j) * w + k]!;
  return result;
}

const NORMALIZATIONS: ReadonlyMap<string, Normalization> = new Map([
  ['LN', 'layer-norm'], ['LNPre', 'layer-norm'], ['RMS', 'rms-norm'], ['RMSPre', 'rms-norm'], ['None', 'none'], ['null', 'none'],
  ['layer-norm', 'layer-norm'], ['rms-norm', 'rms-norm'], ['none', 'none'],
]);

const NORMALIZATION: Question = {
  key: 'normalization',
  options: ['layer-norm', 'rms-norm', 'none'],
  parse: (word) => NORMALIZATIONS.get(word) ?? null,
  recordedAs: ['normalization_type'],
};

function assumeActivation(blocks: readonly TransformerBlock[]): Assumption {
  if (blocks.some((b) => b.mlp?.gate)) return { value: 'silu', evidence: 'a gated MLP: SiLU is assumed, as in Llama' };
  return { value: 'gelu', evidence: 'a state dict does not record the activation: exact GELU is assumed' };
}

async function chooseNormalization(checkpoint: Checkpoint, choices: Choices): Promise<ModelChoice> {
  const tensors = checkpoint.tensors;
  if (tensors.has('blocks.0.ln1.w')) {
    const value = tensors.has('blocks.0.ln1.b') ? 'layer-norm' : 'rms-norm';
    const evidence = value === 'layer-norm' ? 'ln1 has a scale and a shift: LayerNorm' : 'ln1 has a scale and no shift: RMSNorm';
    return { key: 'normalization', value, options: [value], assumed: false, evidence };
  }
  return decide(checkpoint, choices, NORMALIZATION, async () =>
    (await isCentred(tensors.get('blocks.0.attn.W_O')!))
      ? { value: 'layer-norm', evidence: 'no norm tensors, and attn.W_O writes vectors of zero mean: LayerNorm folded into the weights is assumed' }
      : { value: 'none', evidence: 'no norm tensors, and the writers are not centred: no normalisation is assumed' },
  );
}

/** Whether every row over the last axis has zero mean up to float32 roundoff. */
async function isCentred(tensor: TensorEntry): Promise<boolean> {
  const values = await tensor.values();
  const d = tensor.shape.at(-1)!;
  for (let i = 0; i + d <= values.length; i += d) {
    let sum = 0;
    let size = 0;
    for (let j = i; j < i + d; j++) {
      sum += values[j]!;
      size += Math.abs(values[j]!);
    }
    if (Math.abs(sum) > 1e-5 * size) return false;
  }
  return true;
}

/** The tables that TransformerLens stores. Adjacent pairs repeat every frequency twice in a row; halves repeat the whole list. */
async function rotaryOf(cosines: TensorEntry, sines: TensorEntry): Promise<RotaryPositions> {
  const [cos, sin] = await Promise.all([cosines, sines].map(async (tensor) => Float64Array.from(await tensor.values()))) as [Float64Array, Float64Array];
  const rotated = cosines.shape[1]!;
  return {
    rotated,
    adjacent: cosines.shape[0]! > 1 && rotated > 2 && cos[rotated] === cos[rotated + 1],
    table: (positions) => ({ cos: cos.subarray(0, positions * rotated), sin: sin.subarray(0, positions * rotated) }),
  };
}

/** A mask buffer that is not plainly causal. */
async function localMask(tensor: TensorEntry | undefined): Promise<Float32Array | Float64Array | null> {
  if (tensor?.shape.length !== 2 || tensor.shape[0] !== tensor.shape[1]) return null;
  const n = tensor.shape[0]!;
  const values = await tensor.values();
  return values.every((v, k) => (v !== 0) === (k % n <= Math.floor(k / n))) ? null : values;
}
