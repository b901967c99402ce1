/**
 * Small random convolutional networks as torchvision and torch save them (test/fixtures/make_convolutions.py): their logits from the files alone,
 * gradients, and what is said where the files do not tell enough.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../src/checkpoint/types';
import type { Model } from '../../src/model/types';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import type { Probe } from '../../src/probe/types';
import { analyzeFiles } from '../analysis/run';
import { CONVOLUTIONS, familyCheckpoint, familyProbe, FOLDER, modelOf } from './family-files';

const ops = cpuOps();

describe.each(CONVOLUTIONS)('$name', ({ name, path, architecture, sizes, assumed }) => {
  let checkpoint: Checkpoint;
  let model: Model;
  let probe: Probe;
  const expected = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as { meanLoss: number; logits: number[] };

  beforeAll(async () => {
    checkpoint = await familyCheckpoint(path);
    model = await modelOf(checkpoint);
    probe = await familyProbe(name, model);
  });

  it('is recognised, and says what it assumes', () => {
    expect(model.architecture).toBe(architecture);
    expect(Object.fromEntries(model.choices.map(({ key, value }) => [key, value]))).toEqual(sizes);
    expect(model.choices.filter((c) => c.assumed).map((c) => c.key)).toEqual(assumed);
    expect([...checkpoint.tensors.keys()].filter((t) => !model.tensors.has(t))).toEqual([]);
  });

  it("gives the library's logits to 1e-10", async () => {
    const parameters = await model.parameters();
    const output = model.forward(ops, (key) => ops.constant(parameters.get(key)!.values, parameters.get(key)!.shape), probe.inputs, () => {});
    const values = cpuValues(output);
    expect(values.length).toBe(expected.logits.length);
    const scale = Math.max(...expected.logits.map(Math.abs));
    const worst = expected.logits.reduce((most, truth, i) => Math.max(most, Math.abs(values[i]! - truth)), 0) / scale;
    expect(worst).toBeLessThan(1e-10);
  });

  it('analyses every layer, at the loss of the library', async () => {
    const report = await analyzeFiles([path, `${name}.probe.npz`].map((p) => join('test/fixtures/families', p)), { folds: 0 });
    expect(Math.abs(report.probe.meanLoss! / expected.meanLoss - 1)).toBeLessThan(1e-12);
    expect(report.skipped.filter((s) => s.side !== 'gradient')).toEqual([]);
    expect(new Set(report.spectra.map((s) => s.tap.layer)).size).toBe(model.layers.length);
  });
});
