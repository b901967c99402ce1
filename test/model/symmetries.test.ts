/**
 * Symmetries of small random networks: every generator is flat to roundoff, and together they span the whole null space of the Jacobian
 * where science.md (section 4) says that the list is complete.
 */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { recogniseModel } from '../../src/model/recognise';
import type { Batch, Choices, Model } from '../../src/model/types';
import { stubCheckpoint, type Stub } from '../checkpoint-stub';
import { audit } from './null-space';

async function network(shapes: Record<string, number[]>, choices: Choices, metadata: Record<string, string> = {}): Promise<Model> {
  const random = new Random(5);
  const tensors = Object.entries(shapes).map(([name, shape]): [string, Stub] => {
    const size = shape.reduce((a, b) => a * b, 1);
    const angle = (i: number) => Math.floor(i / shape[1]!) * 0.9 ** (1 + (i % (shape[1]! / 2)));
    if (/rotary_/.test(name)) return [name, { shape, values: Array.from({ length: size }, (_, i) => (name.endsWith('sin') ? Math.sin : Math.cos)(angle(i))), dtype: 'f64' }];
    // Norm scales away from zero, and shifts so small that no unit behind them is always off.
    const scale = /(^|\.)ln\w*\.w$|^1\.(weight|running_var)$/.test(name) && shape.length === 1;
    const shift = /^1\.bias$/.test(name) && shape[0] === 4 ? 0.2 : 1;
    const values = Array.from({ length: size }, () => (scale ? 0.6 + 0.9 * random.uniform() : shift * random.normal()));
    return [name, { shape, values, dtype: 'f64' }];
  });
  const verdict = await recogniseModel(stubCheckpoint(Object.fromEntries(tensors), metadata), choices);
  if (!verdict.model) throw new Error(verdict.sentence);
  return verdict.model;
}

const vectors = (samples: number, width: number): Batch => ({ kind: 'vector', values: new Random(7).normals(samples * width), samples, width });
/** Random sequences of three tokens, enough for every parameter to be seen in every way. */
function sequences(vocabulary: number, samples = 32): Batch {
  const random = new Random(8);
  return { kind: 'tokens', ids: Int32Array.from({ length: 3 * samples }, () => Math.floor(vocabulary * random.uniform())), samples, positions: 3 };
}

describe('dense networks', () => {
  it.each([['relu', 5], ['leaky_relu', 5], ['tanh', 0], ['gelu', 0]] as const)('MLP 3-5-2 with %s: %i', async (activation, expected) => {
    const model = await network({ '0.weight': [5, 3], '0.bias': [5], '2.weight': [2, 5], '2.bias': [2] }, { activation });
    expect(await audit(model, vectors(80, 3), 'mse')).toMatchObject({ nullity: expected, span: expected });
  });

  it('a linear chain 4-3-3-4: GL(3) twice, 18', async () => {
    const model = await network({ '0.weight': [3, 4], '1.weight': [3, 3], '2.weight': [4, 3] }, { activation: 'linear' });
    expect(await audit(model, vectors(30, 4), 'mse')).toMatchObject({ nullity: 18, span: 18 });
  });

  it.each([['layer-norm', 'linear'], ['layer-norm', 'relu'], ['rms-norm', 'linear'], ['rms-norm', 'relu']] as const)('a dense layer with %s before %s', async (kind, activation) => {
    const shapes = { '0.weight': [4, 6], '0.bias': [4], '1.weight': [4], ...(kind === 'layer-norm' ? { '1.bias': [4] } : {}), [activation === 'linear' ? '2.weight' : '3.weight']: [2, 4], [activation === 'linear' ? '2.bias' : '3.bias']: [2] };
    const found = await audit(await network(shapes, { activation }), vectors(120, 6), 'mse');
    expect(found.nullity).toBe(found.span);
  });

  // Scale and shift of each of 4 channels; and behind relu the units may be rescaled, scale and shift of the norm against what reads them.
  it.each([
    ['relu', true, true, 8 + 4],
    ['relu', false, true, 4 + 4],
    ['tanh', true, true, 8],
    ['tanh', false, true, 4],
    ['tanh', true, false, 4],
  ] as const)('a dense layer with batch norm in evaluation mode before %s, bias %s, shift %s: %i', async (activation, bias, shift, expected) => {
    const shapes = {
      '0.weight': [4, 6], ...(bias ? { '0.bias': [4] } : {}), '1.weight': [4], ...(shift ? { '1.bias': [4] } : {}),
      '1.running_mean': [4], '1.running_var': [4], '3.weight': [2, 4], '3.bias': [2],
    };
    expect(await audit(await network(shapes, { activation }), vectors(120, 6), 'mse')).toMatchObject({ nullity: expected, span: expected });
  });

  it('under cross-entropy the logits may shift: one dimension more for each input of the last layer and its bias', async () => {
    const model = await network({ '0.weight': [5, 3], '0.bias': [5], '2.weight': [3, 5], '2.bias': [3] }, { activation: 'relu' });
    expect(await audit(model, vectors(80, 3), 'ce')).toMatchObject({ nullity: 5 + 6, span: 5 + 6 });
  });
});

/** One block: vocabulary 7, d_model 5, one head of 2, d_mlp 4; V - 1 > d, else a direction of the stream is written and never read. */
const [V, d, w, h] = [7, 5, 2, 4];
const plain = {
  'embed.W_E': [V, d], 'pos_embed.W_pos': [3, d], 'blocks.0.attn.W_Q': [1, d, w], 'blocks.0.attn.W_K': [1, d, w], 'blocks.0.attn.W_V': [1, d, w],
  'blocks.0.attn.W_O': [1, w, d], 'blocks.0.mlp.W_in': [d, h], 'blocks.0.mlp.W_out': [h, d], 'unembed.W_U': [d, V],
};
const biases = {
  'blocks.0.attn.b_Q': [1, w], 'blocks.0.attn.b_K': [1, w], 'blocks.0.attn.b_V': [1, w], 'blocks.0.attn.b_O': [d], 'blocks.0.mlp.b_in': [h],
  'blocks.0.mlp.b_out': [d], 'unembed.b_U': [V],
};
const scales = { 'blocks.0.ln1.w': [d], 'blocks.0.ln2.w': [d], 'ln_final.w': [d] };
const norms = { ...scales, 'blocks.0.ln1.b': [d], 'blocks.0.ln2.b': [d], 'ln_final.b': [d] };

const rotary = (width: number): Record<string, number[]> => ({ 'blocks.0.attn.rotary_sin': [3, width], 'blocks.0.attn.rotary_cos': [3, width] });
const { 'pos_embed.W_pos': _, ...unplaced } = plain;
const { 'blocks.0.ln2.w': _w, 'blocks.0.ln2.b': _b, ...parallel } = norms;

describe('transformers of one block on sequences of three tokens', () => {
  // The epsilon of the norms leaves one dimension out of what science.md counts: the scale of the stream is not exact.
  it.each([
    ['no norm, no bias, GELU', plain, { activation: 'gelu', normalization: 'none' }, 43],
    ['no norm, no bias, ReLU', plain, { activation: 'relu', normalization: 'none' }, 47],
    ['no norm, bias, GELU', { ...plain, ...biases }, { activation: 'gelu', normalization: 'none' }, 63],
    ['LayerNorm, bias, GELU', { ...plain, ...biases, ...norms }, { activation: 'gelu' }, 93 - 1],
    ['LayerNorm, bias, ReLU', { ...plain, ...biases, ...norms }, { activation: 'relu' }, 97 - 1],
    // Without beta there is no shift against biases (15 less than 64 - 1).
    ['RMSNorm without shift, bias, GELU', { ...plain, ...biases, ...scales }, { activation: 'gelu' }, 64 - 1 - 15],
    ['LayerNorm without biases: a shift, but no reader to take it', { ...plain, ...norms }, { activation: 'gelu' }, null],
    ['folded LayerNorm', { ...plain, ...biases }, { activation: 'gelu', normalization: 'layer-norm' }, null],
    ['attention and MLP in parallel', { ...plain, ...biases, ...parallel }, { activation: 'gelu' }, null],
    [
      'RMSNorm, gated, rotary, grouped queries',
      {
        ...unplaced, ...scales, ...rotary(4), 'blocks.0.attn.W_Q': [2, d, 4], 'blocks.0.attn._W_K': [1, d, 4], 'blocks.0.attn._W_V': [1, d, 4],
        'blocks.0.attn.W_O': [2, 4, d], 'blocks.0.attn.W_K': null, 'blocks.0.attn.W_V': null, 'blocks.0.mlp.W_gate': [d, h],
      },
      { activation: 'silu' },
      null,
    ],
  ] as const)('%s', async (_name, given, choices, expected) => {
    const shapes = Object.fromEntries(Object.entries(given as unknown as Record<string, number[] | null>).flatMap(([k, v]) => (v ? [[k, v]] : [])));
    const model = await network(shapes, { ...choices, attention: 'causal' });
    const found = await audit(model, sequences(V), 'ce');
    expect(found.nullity).toBe(found.span);
    if (expected !== null) expect(found.nullity).toBe(expected);
  });
});
