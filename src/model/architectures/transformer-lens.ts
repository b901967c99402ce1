/**
 * TransformerLens `HookedTransformer` state dicts: x @ W convention, heads on the first axis (checkpoints.md §3, §6). LayerNorm, RMSNorm,
 * folded norms or none; plain or gated MLPs, or attention only; learned or rotary positions; grouped queries.
 */
import type { Checkpoint, TensorEntry } from '../../checkpoint/types';
import { ACTIVATION, decide, plainQuestion, recorded, type Assumption, type Question } from '../choices';
import { biasOf, BUFFER, forward, read, type Anatomy, type Block } from '../layers/hooked-transformer';
import type { Normalization } from '../layers/norm';
import { transformerNorms, transformerSpaces, transformerSymmetries, type TransformerAnatomy } from '../symmetries/transformer';
import type { Architecture, Choices, Model, ModelChoice, ModelLayer, Recognition } from '../types';

export const transformerLens: Architecture = {
  key: 'transformer-lens',
  title: 'TransformerLens HookedTransformer',
  recognise,
};

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const tensors = checkpoint.tensors;
  const anchors = ['embed.W_E', 'blocks.0.attn.W_Q', 'blocks.0.attn.W_O', 'unembed.W_U'];
  const absent = anchors.filter((name) => !tensors.has(name));
  const matched = anchors.length - absent.length;
  if (absent.length > 0) return { missing: `${absent.map((a) => `'${a}'`).join(', ')} ${absent.length === 1 ? 'is' : 'are'} missing`, matched };

  const problem = { text: '' };
  const shape = (name: string, expected: readonly (number | null)[]): readonly number[] => {
    const found = tensors.get(name)?.shape;
    const fits = found && found.length === expected.length && expected.every((e, i) => e === null || e === found[i]);
    if (!fits) {
      const form = expected.map((e) => e ?? '·').join(', ');
      problem.text ||= found ? `'${name}' has shape [${found.join(', ')}]; [${form}] was expected` : `'${name}' is missing`;
    }
    return fits ? found : expected.map(() => 0);
  };
  const [vocabulary, width] = shape('embed.W_E', [null, null]) as [number, number];
  const [heads, , headWidth] = shape('blocks.0.attn.W_Q', [null, width, null]) as [number, number, number];
  const [, outputs] = shape('unembed.W_U', [width, null]) as [number, number];
  const context = tensors.has('pos_embed.W_pos') ? shape('pos_embed.W_pos', [null, width])[0]! : null;
  const blocks: Block[] = [];
  let groups = heads;
  for (let i = 0; tensors.has(`blocks.${i}.attn.W_Q`); i++) {
    const prefix = `blocks.${i}`;
    const grouped = tensors.has(`${prefix}.attn._W_K`) ? '_' : '';
    const keys = `${prefix}.attn.${grouped}W_K`;
    const values = `${prefix}.attn.${grouped}W_V`;
    shape(`${prefix}.attn.W_Q`, [heads, width, headWidth]);
    groups = shape(keys, [null, width, headWidth])[0]!;
    shape(values, [groups, width, headWidth]);
    shape(`${prefix}.attn.W_O`, [heads, headWidth, width]);
    const mlp = tensors.has(`${prefix}.mlp.W_in`);
    const gated = tensors.has(`${prefix}.mlp.W_gate`);
    let hidden = 0;
    if (mlp) {
      [, hidden] = shape(`${prefix}.mlp.W_in`, [width, null]) as [number, number];
      shape(`${prefix}.mlp.W_out`, [hidden, width]);
      if (gated) shape(`${prefix}.mlp.W_gate`, [width, hidden]);
    }
    const parallel = mlp && tensors.has(`${prefix}.ln1.w`) && !tensors.has(`${prefix}.ln2.w`);
    blocks.push({ prefix, keys, values, gated, mlp, hidden, parallel });
  }
  if (groups > 0 && heads % groups !== 0) problem.text ||= `${heads} query heads cannot share ${groups} key/value heads`;
  if (problem.text) return { missing: problem.text, matched };

  const norm = await chooseNormalization(checkpoint, choices);
  const attention = await decide(checkpoint, choices, ATTENTION, () => ({
    value: 'causal',
    evidence: 'the direction of attention is not recorded: causal is assumed',
  }));
  const activation = blocks.some((b) => b.mlp) ? await decide(checkpoint, choices, ACTIVATION, () => assumeActivation(blocks)) : null;
  const cos = tensors.get('blocks.0.attn.rotary_cos');
  const epsilon = Number(recorded(checkpoint, ['eps'])?.value ?? 1e-5);
  const anatomy: Anatomy = {
    blocks, width, heads, groups, headWidth, vocabulary, outputs, context,
    normalization: norm.value as Normalization,
    affine: tensors.has('blocks.0.ln1.w'),
    epsilon: Number.isFinite(epsilon) && epsilon > 0 ? epsilon : 1e-5,
    activation: activation?.value ?? 'linear',
    causal: attention.value === 'causal',
    rotary: cos ? await rotaryLayout(cos) : null,
    masks: await localMasks(checkpoint, blocks),
  };
  const chosen = [activation, norm, attention].filter((c): c is ModelChoice => c !== null);
  return { model: build(checkpoint, anatomy, chosen) };
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

const ATTENTION = plainQuestion('attention', ['causal', 'bidirectional'], ['attention_dir']);

function assumeActivation(blocks: readonly Block[]): Assumption {
  if (blocks.some((b) => b.gated)) return { value: 'silu', evidence: 'a gated MLP: SiLU is assumed, as in Llama' };
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

/** Adjacent pairs repeat every frequency twice in a row; halves repeat the whole list. */
async function rotaryLayout(cos: TensorEntry): Promise<{ rotated: number; adjacent: boolean }> {
  const values = await cos.values();
  const rotated = cos.shape[1]!;
  return { rotated, adjacent: cos.shape[0]! > 1 && rotated > 2 && values[rotated] === values[rotated + 1] };
}

/** Mask buffers that are not plainly causal, by block prefix. */
async function localMasks(checkpoint: Checkpoint, blocks: readonly Block[]): Promise<Map<string, Float32Array | Float64Array>> {
  const masks = new Map<string, Float32Array | Float64Array>();
  for (const { prefix } of blocks) {
    const tensor = checkpoint.tensors.get(`${prefix}.attn.mask`);
    if (tensor?.shape.length !== 2 || tensor.shape[0] !== tensor.shape[1]) continue;
    const n = tensor.shape[0]!;
    const values = await tensor.values();
    const causal = values.every((v, k) => (v !== 0) === (k % n <= Math.floor(k / n)));
    if (!causal) masks.set(prefix, values);
  }
  return masks;
}

function build(checkpoint: Checkpoint, a: Anatomy, choices: ModelChoice[]): Model {
  const has = (name: string) => checkpoint.tensors.has(name);
  const layers = listLayers(checkpoint, a);
  const tensors = new Map<string, { status: 'analysed' | 'used' | 'buffer'; reason: string | null }>();
  for (const l of layers) tensors.set(l.name, { status: 'analysed', reason: null });
  for (const name of checkpoint.tensors.keys()) {
    if (tensors.has(name)) continue;
    if (BUFFER.test(name)) tensors.set(name, { status: 'buffer', reason: 'a buffer of TransformerLens, not a parameter' });
    else if (/^(pos_embed\.W_pos|unembed\.b_U|ln_final\.[wb])$|\.(attn\.(b_Q|_?b_[KV]|b_O)|mlp\.b_(in|out)|ln[12]\.[wb])$/.test(name)) {
      tensors.set(name, { status: 'used', reason: 'used in the forward pass' });
    }
  }
  const kind = a.normalization === 'none' ? 'no norm' : a.affine ? a.normalization : `folded ${a.normalization}`;
  const mlps = a.blocks.some((b) => b.mlp) ? a.activation : 'attention only';
  return {
    architecture: 'transformer-lens',
    title: `TransformerLens, ${a.blocks.length} ${a.blocks.length === 1 ? 'layer' : 'layers'}, d_model ${a.width}, ${a.heads} heads, ${mlps}, ${kind}`,
    evidence: [
      `embed.W_E, unembed.W_U and ${a.blocks.length} × blocks.i.attn.{W_Q, W_O} have the shapes of a HookedTransformer`,
      ...(a.rotary ? [`rotary positions on ${a.rotary.rotated} of ${a.headWidth} dims (${a.rotary.adjacent ? 'adjacent pairs' : 'halves'})`] : []),
      ...(a.masks.size > 0 ? [`local attention in ${a.masks.size} blocks, from their mask buffers`] : []),
    ],
    transforms: [
      'W_Q, W_K, W_V [heads, d_model, d_head] are read as [d_model, heads · d_head]; W_O as [heads · d_head, d_model]',
      ...(a.groups < a.heads ? [`${a.groups} key/value heads are shared by ${a.heads} query heads`] : []),
    ],
    tied: checkpoint.shared,
    choices,
    input: { kind: 'tokens', vocabulary: a.vocabulary, context: a.context ?? rotaryContext(checkpoint) },
    outputs: a.outputs,
    defaultLoss: 'ce',
    layers,
    tensors,
    symmetries: () => transformerSymmetries(described(a, has)),
    spaces: () => transformerSpaces(described(a, has)),
    norms: () => (a.normalization === 'none' ? [] : transformerNorms(described(a, has))),
    parameters: () => read(checkpoint, a),
    forward: (ops, weights, batch, sink) => forward(ops, weights, batch, sink, a, has),
  };
}

function described(a: Anatomy, has: (name: string) => boolean): TransformerAnatomy {
  const named = (weight: string) => ({ weight, bias: has(biasOf(weight)) ? biasOf(weight) : null });
  const norm = (layer: string) => ({ layer, scale: has(`${layer}.w`) ? `${layer}.w` : null, shift: has(`${layer}.b`) ? `${layer}.b` : null });
  return {
    ...a,
    embedding: { name: 'embed.W_E', vocabulary: a.vocabulary },
    positions: a.context === null ? null : { name: 'pos_embed.W_pos', context: a.context },
    blocks: a.blocks.map(({ prefix, keys, values, gated, mlp, parallel, hidden }) => ({
      query: named(`${prefix}.attn.W_Q`),
      key: named(keys),
      value: named(values),
      output: named(`${prefix}.attn.W_O`),
      attentionNorm: norm(`${prefix}.ln1`),
      mlpNorm: norm(parallel ? `${prefix}.ln1` : `${prefix}.ln2`),
      mlp: mlp
        ? { hidden, gate: gated ? `${prefix}.mlp.W_gate` : null, up: named(`${prefix}.mlp.W_in`), down: named(`${prefix}.mlp.W_out`), activation: a.activation }
        : null,
    })),
    finalNorm: norm('ln_final'),
    unembedding: { ...named('unembed.W_U'), outputs: a.outputs },
  };
}

function rotaryContext(checkpoint: Checkpoint): number {
  return checkpoint.tensors.get('blocks.0.attn.rotary_cos')?.shape[0] ?? 2048;
}

function listLayers(checkpoint: Checkpoint, a: Anatomy): ModelLayer[] {
  const linear = (name: string, kind: string, width: number): ModelLayer => {
    // A gated MLP adds its bias to the product, not to what W_in gives.
    const bias = checkpoint.tensors.has(biasOf(name)) && !a.blocks.some(({ prefix, gated }) => gated && name === `${prefix}.mlp.W_in`) ? biasOf(name) : null;
    return { name, kind, width, activation: 'linear', dense: name === 'embed.W_E' ? null : { weight: name, inputAxis: 0, bias } };
  };
  const hidden = (name: string) => checkpoint.tensors.get(name)!.shape[1]!;
  return [
    linear('embed.W_E', 'embedding', a.width),
    ...a.blocks.flatMap(({ prefix, keys, values, gated, mlp }) => [
      linear(`${prefix}.attn.W_Q`, 'attention query', a.heads * a.headWidth),
      linear(keys, 'attention key', a.groups * a.headWidth),
      linear(values, 'attention value', a.groups * a.headWidth),
      linear(`${prefix}.attn.W_O`, 'attention output', a.width),
      ...(gated ? [{ ...linear(`${prefix}.mlp.W_gate`, 'MLP gate', hidden(`${prefix}.mlp.W_gate`)), activation: a.activation }] : []),
      ...(mlp
        ? [
            { ...linear(`${prefix}.mlp.W_in`, 'MLP in', hidden(`${prefix}.mlp.W_in`)), activation: gated ? 'linear' : a.activation },
            linear(`${prefix}.mlp.W_out`, 'MLP out', a.width),
          ]
        : []),
    ]),
    linear('unembed.W_U', 'unembedding', a.outputs),
  ];
}
