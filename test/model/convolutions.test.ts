/**
 * Small random convolutional networks as torchvision and torch save them (test/fixtures/make_convolutions.py): their logits from the files alone,
 * gradients, and what is said where the files do not tell enough.
 */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import { Tape } from '../../src/numerics/tape';
import { sliceInputs, type Probe } from '../../src/probe/types';
import { analyzeFiles } from '../analysis/run';
import { CONVOLUTIONS, familyCheckpoint, familyProbe, modelOf } from './family-files';
import { holdLibraryRun } from './library-run';

const ops = cpuOps();

describe.each(CONVOLUTIONS)('$name', (network) => {
  holdLibraryRun(network);
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
