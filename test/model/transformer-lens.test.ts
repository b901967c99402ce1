import { describe, expect, it } from 'vitest';
import { recogniseModel } from '../../src/model/recognise';
import { unprefixed } from '../../src/model/unprefix';
import type { Model } from '../../src/model/types';
import { stubCheckpoint, type Stub } from '../checkpoint-stub';

/** One block: d_model 4, 2 heads of 3, d_mlp 5, vocabulary 7, context 6. */
function block(extra: Record<string, Stub> = {}): Record<string, Stub> {
  return {
    'embed.W_E': { shape: [7, 4] },
    'pos_embed.W_pos': { shape: [6, 4] },
    'blocks.0.attn.W_Q': { shape: [2, 4, 3] },
    'blocks.0.attn.W_K': { shape: [2, 4, 3] },
    'blocks.0.attn.W_V': { shape: [2, 4, 3] },
    'blocks.0.attn.W_O': { shape: [2, 3, 4] },
    'blocks.0.mlp.W_in': { shape: [4, 5] },
    'blocks.0.mlp.W_out': { shape: [5, 4] },
    'unembed.W_U': { shape: [4, 7] },
    ...extra,
  };
}

async function recognise(tensors: Record<string, Stub>, choices = {}, metadata = {}): Promise<Model> {
  const verdict = await recogniseModel(stubCheckpoint(tensors, metadata), choices);
  if (!verdict.model) throw new Error(verdict.sentence);
  return verdict.model;
}

const choice = (model: Model, key: string) => model.choices.find((c) => c.key === key);

describe('what a HookedTransformer looks like', () => {
  it('names its layers by their tensors, in the order of the forward pass', async () => {
    const model = await recognise(block());
    expect(model.layers.map((l) => [l.name, l.width])).toEqual([
      ['embed.W_E', 4], ['blocks.0.attn.W_Q', 6], ['blocks.0.attn.W_K', 6], ['blocks.0.attn.W_V', 6], ['blocks.0.attn.W_O', 4],
      ['blocks.0.mlp.W_in', 5], ['blocks.0.mlp.W_out', 4], ['unembed.W_U', 7],
    ]);
    expect(model.input).toEqual({ kind: 'tokens', vocabulary: 7, context: 6, next: true });
    expect(model.defaultLoss).toBe('ce');
  });

  it('reads the norm from its tensors: a shift makes LayerNorm, a scale alone RMSNorm', async () => {
    const w = { shape: [4] };
    const ln = await recognise(block({ 'blocks.0.ln1.w': w, 'blocks.0.ln1.b': w, 'blocks.0.ln2.w': w, 'blocks.0.ln2.b': w, 'ln_final.w': w, 'ln_final.b': w }));
    expect(choice(ln, 'normalization')).toMatchObject({ value: 'layer-norm', assumed: false });
    const rms = await recognise(block({ 'blocks.0.ln1.w': w, 'blocks.0.ln2.w': w, 'ln_final.w': w }));
    expect(choice(rms, 'normalization')).toMatchObject({ value: 'rms-norm', assumed: false });
  });

  it('without norm tensors: folded when the writers are centred, else none; a recorded type decides', async () => {
    const centred = Array.from({ length: 24 }, (_, i) => [1, -2, 3, -2][i % 4]! * (1 + i));
    const values = centred.map((_, i) => { const row = i - (i % 4); const mean = [0, 1, 2, 3].reduce((s, k) => s + centred[row + k]!, 0) / 4; return centred[i]! - mean; });
    const folded = await recognise(block({ 'blocks.0.attn.W_O': { shape: [2, 3, 4], values } }));
    expect(choice(folded, 'normalization')).toMatchObject({ value: 'layer-norm', assumed: true });
    expect(choice(await recognise(block()), 'normalization')).toMatchObject({ value: 'none', assumed: true });
    expect(choice(await recognise(block(), {}, { 'config.normalization_type': 'RMSPre' }), 'normalization')).toMatchObject({ value: 'rms-norm', assumed: false });
  });

  it('takes activation and direction from a config beside the tensors, or from the person', async () => {
    const model = await recognise(block(), {}, { 'config.act_fn': 'gelu_new', 'config.attention_dir': 'bidirectional' });
    expect(choice(model, 'activation')).toMatchObject({ value: 'gelu_new', assumed: false });
    expect(choice(model, 'attention')).toMatchObject({ value: 'bidirectional', assumed: false });
    expect(choice(await recognise(block(), { activation: 'relu' }), 'activation')).toMatchObject({ value: 'relu', assumed: false });
  });

  it('grouped keys and values keep their own names', async () => {
    const tensors = block({ 'blocks.0.attn._W_K': { shape: [1, 4, 3] }, 'blocks.0.attn._W_V': { shape: [1, 4, 3] } });
    delete tensors['blocks.0.attn.W_K'];
    delete tensors['blocks.0.attn.W_V'];
    const model = await recognise(tensors);
    expect(model.layers.find((l) => l.name === 'blocks.0.attn._W_K')?.width).toBe(3);
  });

  it('buffers are said to be buffers', async () => {
    const model = await recognise(block({ 'blocks.0.attn.mask': { shape: [6, 6], dtype: 'bool', values: Array.from({ length: 36 }, (_, k) => Number(k % 6 <= Math.floor(k / 6))) }, 'blocks.0.attn.IGNORE': { shape: [] } }));
    expect(model.tensors.get('blocks.0.attn.mask')?.status).toBe('buffer');
    expect(model.tensors.get('blocks.0.attn.IGNORE')?.status).toBe('buffer');
  });

  it('a prefix on every name is taken off, with a warning', async () => {
    const prefixed = stubCheckpoint(Object.fromEntries(Object.entries(block()).map(([n, t]) => [`model.${n}`, t])));
    const view = await unprefixed(prefixed);
    expect([...view.tensors.keys()]).toContain('embed.W_E');
    expect(view.warnings.join()).toContain("'model.'");
    const plain = stubCheckpoint({ 'model.0.weight': { shape: [3, 2] } });
    expect(await unprefixed(plain)).toBe(plain);
  });

  it('something missing or misshapen: not one, with the reason', async () => {
    const { 'unembed.W_U': _, ...headless } = block();
    const a = await recogniseModel(stubCheckpoint(headless), {});
    expect(a.model === null && a.sentence).toMatch(/TransformerLens.*'unembed\.W_U' is missing/s);
    const b = await recogniseModel(stubCheckpoint(block({ 'blocks.0.attn.W_O': { shape: [2, 3, 5] } })), {});
    expect(b.model === null && b.sentence).toMatch(/'blocks\.0\.attn\.W_O' has shape \[2, 3, 5\]/);
  });
});
