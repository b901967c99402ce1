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
import { Tape } from '../../src/numerics/tape';
import { sliceInputs, type Probe } from '../../src/probe/types';
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

it('has the parameter spectra of per-sample gradients, whose windows share their weights', async () => {
  const name = 'conv-lenet';
  const report = await analyzeFiles([`${name}.pt`, `${name}.probe.npz`].map((p) => join('test/fixtures/families', p)), { folds: 0, parameter: true });
  const model = await modelOf(await familyCheckpoint(`${name}.pt`));
  const { inputs, targets } = await familyProbe(name, model);
  const parameters = await model.parameters();
  const labels = (targets as Extract<Probe['targets'], { kind: 'labels' }>).labels;
  for (const layer of ['conv1', 'conv2', 'fc1']) {
    const wrt = [`${layer}.weight`, `${layer}.bias`];
    let trace = 0;
    for (let i = 0; i < inputs.samples; i++) {
      const tape = new Tape(ops);
      const lifted = new Map([...parameters].map(([key, { values, shape }]) => [key, tape.lift(ops.constant(values, shape))]));
      const output = model.forward(tape, (key) => lifted.get(key)!, sliceInputs(inputs, i, i + 1), () => {});
      const logits = cpuValues(output.value);
      const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
      const seed = ops.constant(Array.from(logits, (z, k) => Math.exp(z) / total - (k === labels[i] ? 1 : 0)), [1, model.outputs]);
      for (const g of tape.gradient(output, seed, wrt.map((key) => lifted.get(key)!))) trace += cpuValues(g).reduce((sum, x) => sum + x * x, 0);
    }
    const spectrum = report.spectra.find(({ tap }) => tap.layer === layer && tap.side === 'parameter')!;
    const found = spectrum.readings.find((reading) => reading.name === 'trace')!.value!;
    expect(Math.abs(found / (trace / inputs.samples) - 1), layer).toBeLessThan(1e-10);
  }
});
