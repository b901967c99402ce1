/** Decoders with norms over queries and keys, norms of 1 + weight, fused matrices, and rotary positions as configs scale them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recogniseModel } from '../../src/model/recognise';
import { readRotary } from '../../src/model/rotary-scaling';
import { rotaryFrequencies } from '../../src/model/layers/rotary';
import type { Checkpoint } from '../../src/checkpoint/types';
import { DECODERS, familyCheckpoint, FOLDER } from './family-files';
import { holdFamilies } from './family-suite';

holdFamilies(DECODERS);

/** A config alone. */
function configured(fields: Readonly<Record<string, unknown>>): Checkpoint {
  const metadata = new Map<string, string>();
  const add = (value: unknown, path: string): void => {
    if (typeof value === 'object' && value !== null) for (const [key, inner] of Object.entries(value)) add(inner, `${path}.${key}`);
    else metadata.set(path, String(value));
  };
  add(fields, 'config');
  return { metadata } as unknown as Checkpoint;
}

interface Scaled {
  name: string;
  context: number;
  headWidth: number;
  parameters: Record<string, unknown>;
  frequencies: number[];
  amplitude: number;
  /** Behind the positions of the first training. */
  long?: number[];
}

describe('scaled rotary positions', () => {
  const all = JSON.parse(readFileSync(join(FOLDER, 'rope.json'), 'utf8')) as Scaled[];

  it.each(all)('$name has the frequencies of transformers, in both spellings of the config', ({ context, headWidth, parameters, frequencies, amplitude, long }) => {
    const { rope_theta, partial_rotary_factor = 1, rope_type, ...scaling } = parameters;
    const now = configured({ max_position_embeddings: context, rope_parameters: parameters });
    const before = configured({ max_position_embeddings: context, rope_theta, partial_rotary_factor, rope_scaling: { type: rope_type, ...scaling } });
    for (const config of [now, before]) {
      const read = readRotary(config, headWidth, 1);
      if (typeof read === 'string' || !read.positions) throw new Error(String(read));
      const { positions } = read;
      expect(positions.rotated).toBe(2 * frequencies.length);
      const { cos, sin } = positions.table(2);
      frequencies.forEach((f, i) => {
        for (const at of [positions.rotated + i, positions.rotated + frequencies.length + i]) {
          expect(cos[at]).toBeCloseTo(amplitude * Math.cos(f), 13);
          expect(sin[at]! / (amplitude * Math.sin(f))).toBeCloseTo(1, 13);
        }
      });
      const beyond = Number(parameters['original_max_position_embeddings']) + 1;
      long?.forEach((f, i) => expect(positions.table(beyond).sin[positions.rotated + i]! / (amplitude * Math.sin(f))).toBeCloseTo(1, 13));
    }
  });

  it('frequencies are powers of the base, rounded once', () => {
    expect([...rotaryFrequencies(8, 10_000)]).toEqual([1, 0.1, 0.01, 0.001]);
    expect([...rotaryFrequencies(12, 1e6)]).toEqual([1, 0.1, 0.01, 0.001, 1e-4, 1e-5]);
    // The exponent of the engine's power is rounded before it.
    for (const [rotated, base] of [[128, 500_000], [64, 10_000], [2, 10_000], [96, 1e6]] as const) {
      rotaryFrequencies(rotated, base).forEach((f, i) => expect(Math.abs(f / base ** ((-2 * i) / rotated) - 1), `${i} of ${rotated}`).toBeLessThan(2e-15));
    }
  });

  it('refuses by name what it does not compute, and scales nothing without the numbers', () => {
    const proportional = configured({ rope_scaling: { type: 'proportional' } });
    expect(readRotary(proportional, 8, 1)).toMatch(/config.rope_scaling.type = proportional: .*not computed here \(linear, llama3, yarn, longrope, su are\)/);
    const cut = configured({ max_position_embeddings: 16, rope_scaling: { type: 'longrope', short_factor: [1, 1], long_factor: [1, 1], original_max_position_embeddings: 8 } });
    expect(readRotary(cut, 8, 1)).toMatch(/a number that it needs is missing/);
    const layered = configured({ rope_parameters: { full_attention: { rope_type: 'default' }, sliding_attention: { rope_type: 'default' } } });
    expect(readRotary(layered, 8, 1)).toMatch(/rope_parameters.full_attention.rope_type: .*differ between layers/);
    expect(readRotary(configured({ rope_parameters: { rope_type: 'llama3', factor: 8 } }), 8, 1)).toMatch(/a number that it needs is missing/);
  });
});

describe('families under the names of Llama', () => {
  it('are refused by name where what they compute is not known', async () => {
    const checkpoint = await familyCheckpoint('llama3');
    const as = async (fields: Record<string, string>) => {
      const verdict = await recogniseModel({ ...checkpoint, metadata: new Map([...checkpoint.metadata, ...Object.entries(fields)]) }, {});
      return verdict.model ? verdict.model.title : verdict.sentence;
    };
    expect(await as({ 'config.model_type': 'granite' })).toMatch(/config.model_type = granite: tensors are named as in Llama.*known are llama, mistral/);
    expect(await as({ 'config.attn_logit_softcapping': '50.0' })).toMatch(/soft-capped logits are computed for Gemma 2 and 3 alone/);
    expect(await as({ 'config.model_type': 'mistral' })).toMatch(/^Mistral/);
  });

  it('ask whether norms scale by 1 + weight where there is no config', async () => {
    const checkpoint = { ...(await familyCheckpoint('gemma')), metadata: new Map([['config.num_attention_heads', '2']]) };
    const question = async (choices: Record<string, string>) => (await recogniseModel(checkpoint, choices)).model!.choices.find(({ key }) => key === 'norm-scale');
    expect(await question({})).toMatchObject({ value: 'weight', assumed: true, options: ['weight', '1 + weight'] });
    expect(await question({ 'norm-scale': '1 + weight' })).toMatchObject({ value: '1 + weight', assumed: false });
  });
});
