/**
 * What is held of every family (test/fixtures/make_families.py and make_families2.py): the library's logits from the files alone, and every null
 * dimension of a small cut explained by a symmetry.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import type { Checkpoint } from '../../src/checkpoint/types';
import type { Batch, Model } from '../../src/model/types';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import type { Probe } from '../../src/probe/types';
import { analyzeFiles } from '../analysis/run';
import { familyCheckpoint, familyProbe, FOLDER, modelOf, type Family } from './family-files';
import { audit } from './null-space';

const ops = cpuOps();

/** Random inputs, enough for every parameter to be seen in every way; every token is seen. */
async function enough(model: Model): Promise<Batch> {
  const random = new Random(3);
  const size = [...(await model.parameters()).values()].reduce((sum, { values }) => sum + values.length, 0);
  const rows = (1.5 * size) / (model.outputs - 1);
  if (model.input.kind === 'vector') {
    const samples = Math.ceil(rows);
    return { kind: 'vector', values: random.normals(samples * model.input.width), samples, width: model.input.width };
  }
  const { vocabulary, context } = model.input;
  const positions = Math.min(10, context);
  const pooled = model.layers.at(-1)!.positions === 1;
  const samples = Math.max(10, Math.ceil(pooled ? rows : rows / positions));
  const ids = Int32Array.from({ length: samples * positions }, (_, i) => (i < vocabulary ? i : Math.floor(vocabulary * random.uniform())));
  return { kind: 'tokens', ids, samples, positions };
}

export function holdFamilies(families: readonly Family[]): void {
  describe.each(families)('$name', ({ name, path, architecture, layer, sizes, tied, assumed = [] }) => {
    let checkpoint: Checkpoint;
    let model: Model;
    let probe: Probe;
    const expected = JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as { meanLoss: number; logits: number[]; shape: number[] };

    beforeAll(async () => {
      checkpoint = await familyCheckpoint(path);
      model = await modelOf(checkpoint);
      probe = await familyProbe(name, model);
    });

    it('is recognised, its choices read from the files', () => {
      expect(model.architecture).toBe(architecture);
      expect(Object.fromEntries(model.choices.map(({ key, value }) => [key, value]))).toEqual(sizes);
      expect(model.choices.filter((c) => c.assumed).map((c) => c.key)).toEqual(assumed);
      expect(model.layers.at(-1)!.dense!.inputAxis).toBe(tied ? 1 : 0);
      const unused = [...checkpoint.tensors.keys()].filter((t) => !model.tensors.has(t));
      expect(unused).toEqual([]);
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
      const paths = [path, `${name}.probe.npz`].map((p) => join('test/fixtures/families', p));
      const report = await analyzeFiles(paths, { folds: 0 });
      expect(Math.abs(report.probe.meanLoss! / expected.meanLoss - 1)).toBeLessThan(1e-12);
      expect(report.skipped.filter((s) => s.side !== 'gradient')).toEqual([]);
      expect(new Set(report.spectra.map((s) => s.tap.layer)).size).toBe(model.layers.length);
    });

    it('explains every null dimension, of its first layer alone where that will do', { timeout: 120_000 }, async () => {
      const cut = await modelOf({ ...checkpoint, tensors: new Map([...checkpoint.tensors].filter(([tensor]) => !layer?.test(tensor))) });
      const { nullity, span } = await audit(cut, await enough(cut), 'ce');
      expect(span).toBe(nullity);
      expect(span).toBeGreaterThan(40);
    });
  });
}
