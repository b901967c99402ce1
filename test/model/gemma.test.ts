/** Gemma 2 and 3: norms before and behind each branch, soft caps, and layers of two kinds. */
import { describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../src/checkpoint/types';
import { readGemma } from '../../src/model/gemma';
import { recogniseModel } from '../../src/model/recognise';
import { familyCheckpoint, GEMMAS, modelOf } from './family-files';
import { holdFamilies } from './family-suite';

holdFamilies(GEMMAS);

const configured = (fields: Readonly<Record<string, string>>) => ({ metadata: new Map(Object.entries(fields).map(([key, value]) => [`config.${key}`, value])) }) as unknown as Checkpoint;

function read(fields: Readonly<Record<string, string>>, blocks = 7) {
  const found = readGemma(configured(fields), 8, blocks);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

describe('the config', () => {
  it('of Gemma 2 on the Hub: every other layer has a window, the first one too; what is not said is as in its library', () => {
    const found = read({ model_type: 'gemma2', sliding_window: '4096', query_pre_attn_scalar: '144', attn_logit_softcapping: '50.0', final_logit_softcapping: '30.0', rope_theta: '10000.0' });
    expect(found.shared).toMatchObject({ scoreScale: 1 / 12, scoreCap: 50, logitCap: 30 });
    expect([0, 1, 2, 3].map((i) => found.block(i).window)).toEqual([4096, undefined, 4096, undefined]);
    expect(read({ model_type: 'gemma2' }).shared).toMatchObject({ scoreScale: 1 / 16, scoreCap: 50, logitCap: 30 });
    expect(read({ model_type: 'gemma2', attn_logit_softcapping: 'null', final_logit_softcapping: 'null' }).shared).not.toHaveProperty('scoreCap');
  });

  it('of Gemma 3 on the Hub: five of six layers are local with a base of their own, and only the global ones are scaled', () => {
    const now = { 'rope_parameters.full_attention.rope_type': 'linear', 'rope_parameters.full_attention.factor': '8', 'rope_parameters.full_attention.rope_theta': '1000000', 'rope_parameters.sliding_attention.rope_type': 'default', 'rope_parameters.sliding_attention.rope_theta': '10000' };
    const before = { rope_theta: '1000000', rope_local_base_freq: '10000', 'rope_scaling.rope_type': 'linear', 'rope_scaling.factor': '8', sliding_window_pattern: '6' };
    for (const rope of [now, before]) {
      const { shared, block } = read({ model_type: 'gemma3_text', sliding_window: '512', query_pre_attn_scalar: '256', ...rope });
      expect(Array.from({ length: 7 }, (_, i) => block(i).window)).toEqual([512, 512, 512, 512, 512, undefined, 512]);
      expect(block(5).rotary).toBeUndefined();
      const angles = (cos: Float64Array) => [...cos.slice(8, 12)].map(Math.acos);
      angles(shared.rotary!.table(2).cos).forEach((angle, i) => expect(angle).toBeCloseTo(1e6 ** (-i / 4) / 8, 9));
      angles(block(0).rotary!.table(2).cos).forEach((angle, i) => expect(angle).toBeCloseTo(1e4 ** (-i / 4), 9));
      expect(shared).not.toHaveProperty('scoreCap');
    }
  });

  it('is needed: windows and caps stand nowhere else; what its library does not do is refused by name', async () => {
    const checkpoint = await familyCheckpoint('gemma2');
    const refused = async (metadata: [string, string][]) => {
      const verdict = await recogniseModel({ ...checkpoint, metadata: new Map(metadata) }, {});
      return verdict.model ? verdict.model.title : verdict.sentence;
    };
    expect(await refused([['config.num_attention_heads', '2']])).toMatch(/norms stand before and behind each branch, as in Gemma 2 and 3: only config.json says/);
    expect(await refused([...checkpoint.metadata, ['config.use_bidirectional_attention', 'true']])).toMatch(/attention both ways is not computed here/);
    expect(readGemma(configured({ model_type: 'gemma3_text', attn_logit_softcapping: '50' }), 8, 1)).toMatch(/capped scores are not computed for Gemma 3/);
  });
});

it('the verdict says what the layers see and where norms stand', async () => {
  const { title, evidence, symmetries } = await modelOf(await familyCheckpoint('gemma2'));
  expect(title).toContain('rms-norm before and behind each branch');
  expect(evidence.join('\n')).toMatch(/1 of 2 layers see the last 3 positions; the others see all\nscores are divided by the root of 3 and softly capped at 1.5; logits are softly capped at 4/);
  expect(symmetries().some(({ loss }) => loss === 'ce')).toBe(false);
});
