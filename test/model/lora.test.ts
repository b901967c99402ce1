/** Changes of LoRA adapters as PEFT makes them (test/fixtures/make_lora.py), from their factors alone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Checkpoint } from '../../src/checkpoint/types';
import { withDeltas } from '../../src/model/lora';
import { analyzeFiles } from '../analysis/run';
import { familyCheckpoint, FOLDER } from './family-files';

const truth = JSON.parse(readFileSync(join(FOLDER, 'lora.json'), 'utf8')) as Record<string, number[]>;

it("each change has PEFT's squared singular values, with its scale: of patterns, of stabilised ranks, of embeddings", async () => {
  const report = await analyzeFiles(['test/fixtures/families/lora'], { folds: 0 });
  for (const [path, values] of Object.entries(truth)) {
    const found = report.spectra.find(({ tap }) => tap.layer === `${path}.delta`)!;
    expect(found.dimension, path).toBe(values.length);
    const ascending = [...found.eigenvalues].sort((x, y) => y - x);
    // Singular values are known to a few eps of the largest.
    values.forEach((value, i) => expect(Math.abs(Math.sqrt(ascending[i]!) - Math.sqrt(value)), `${path} ${i}`).toBeLessThan(1e-14 * Math.sqrt(values[0]!)));
  }
  expect(report.checkpoint.warnings.join()).toMatch(/5 pairs lora_A, lora_B are read as the changes B A that they make, scaled by /);
  expect(report.layers.filter(({ name }) => name.includes('lora_'))).toEqual([]);
});

it('says so where the config that has the scale is missing, and leaves DoRA to its factors, by name', async () => {
  const checkpoint = await familyCheckpoint('lora');
  const bare = withDeltas({ ...checkpoint, metadata: new Map() });
  expect(bare.warnings.join()).toMatch(/not scaled: adapter_config.json, which says alpha, is missing/);
  const first = [...checkpoint.tensors.values()][0]!;
  const name = 'base_model.model.model.layers.0.self_attn.q_proj.lora_magnitude_vector';
  const dora: Checkpoint = { ...checkpoint, tensors: new Map([...checkpoint.tensors, [name, { ...first, name }]]) };
  const read = withDeltas(dora);
  expect([...read.tensors.keys()]).toEqual([...dora.tensors.keys()]);
  expect(read.warnings.join()).toMatch(/q_proj.lora_magnitude_vector' scales the columns of the merged weights \(DoRA\)/);
});
