/** What is held of every network that a library wrote: it is recognised, gives the library's logits from the file alone, and is analysed at its loss. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import type { Checkpoint } from '../../src/checkpoint/types';
import type { Model } from '../../src/model/types';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import type { Probe } from '../../src/probe/types';
import { analyzeFiles } from '../analysis/run';
import { familyCheckpoint, familyProbe, FOLDER, modelOf, type Paths } from './family-files';

export interface LibraryFile {
  readonly name: string;
  readonly path: Paths;
  readonly architecture: string;
  readonly sizes: Readonly<Record<string, string>>;
  readonly assumed?: readonly string[];
}

/** @returns what its tests read once they run */
export function holdLibraryRun({ name, path, architecture, sizes, assumed = [] }: LibraryFile): { checkpoint: Checkpoint; model: Model; probe: Probe } {
  const read = {} as { checkpoint: Checkpoint; model: Model; probe: Probe };
  const expected = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as { meanLoss: number; logits: number[] };

  beforeAll(async () => {
    read.checkpoint = await familyCheckpoint(path);
    read.model = await modelOf(read.checkpoint);
    read.probe = await familyProbe(name, read.model);
  });

  it('is recognised, and says what it assumes', () => {
    const { checkpoint, model } = read;
    expect(model.architecture).toBe(architecture);
    expect(Object.fromEntries(model.choices.map(({ key, value }) => [key, value]))).toEqual(sizes);
    expect(model.choices.filter((c) => c.assumed).map((c) => c.key)).toEqual(assumed);
    expect([...checkpoint.tensors.keys()].filter((t) => !model.tensors.has(t))).toEqual([]);
  });

  it("gives the library's logits to 1e-10", async () => {
    const { model, probe } = read;
    const ops = cpuOps();
    const parameters = await model.parameters();
    const values = cpuValues(model.forward(ops, (key) => ops.constant(parameters.get(key)!.values, parameters.get(key)!.shape), probe.inputs, () => {}));
    expect(values.length).toBe(expected.logits.length);
    const scale = Math.max(...expected.logits.map(Math.abs));
    const worst = expected.logits.reduce((most, truth, i) => Math.max(most, Math.abs(values[i]! - truth)), 0) / scale;
    expect(worst).toBeLessThan(1e-10);
  });

  it('analyses every layer, at the loss of the library', async () => {
    const report = await analyzeFiles([path, `${name}.probe.npz`].flat().map((p) => join('test/fixtures/families', p)), { folds: 0 });
    expect(Math.abs(report.probe.meanLoss! / expected.meanLoss - 1)).toBeLessThan(1e-12);
    expect(report.skipped.filter((s) => s.side !== 'gradient')).toEqual([]);
    expect(new Set(report.spectra.map((s) => s.tap.layer)).size).toBe(read.model.layers.length);
  });

  return read;
}
