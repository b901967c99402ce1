/**
 * Small random models as their own libraries save them (test/fixtures/make_families.py): the library's logits from the files alone, and
 * every null dimension of a one-layer cut explained by a symmetry.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Probe } from '../../src/probe/types';
import { openFiles } from '../../src/checkpoint/open';
import type { Checkpoint } from '../../src/checkpoint/types';
import { walkFiles } from '../../src/cli/file-source';
import { recogniseModel } from '../../src/model/recognise';
import type { Batch, Model } from '../../src/model/types';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import { Random } from '../../src/base/random';
import { analyzeFiles } from '../analysis/run';
import { FAMILIES, familyCheckpoint, familyProbe, FOLDER, modelOf } from './family-files';
import { audit } from './null-space';

const ops = cpuOps();

/** What the files of these families do not say. */
const ASSUMED: Readonly<Record<string, readonly string[]>> = {
  nanogpt: ['activation'], 'torch-encoder': ['activation', 'attention'], 'torch-encoder-pre': ['activation', 'attention'], 'timm-vit': ['activation'],
};

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
  const samples = Math.max(10, Math.ceil(rows / positions));
  const ids = Int32Array.from({ length: samples * positions }, (_, i) => (i < vocabulary ? i : Math.floor(vocabulary * random.uniform())));
  return { kind: 'tokens', ids, samples, positions };
}

describe.each(FAMILIES)('$name', ({ name, path, architecture, layer, sizes, tied }) => {
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
    expect(model.choices.filter((c) => c.assumed).map((c) => c.key)).toEqual(ASSUMED[name] ?? []);
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

it('without config.json the number of heads is assumed and said to be; one that does not fit is refused by name', async () => {
  const { files } = await walkFiles([join(FOLDER, 'gpt2/model.safetensors'), join(FOLDER, 'llama/model.safetensors')]);
  const [gpt2, llama] = (await openFiles(files)).checkpoints as [Checkpoint, Checkpoint];
  const assumed = await modelOf(gpt2);
  expect(assumed.choices.find((c) => c.key === 'heads')).toMatchObject({ value: '1', assumed: true, options: ['1', '2', '4', '8'] });
  expect((await recogniseModel(gpt2, { heads: '4' })).model?.choices.find((c) => c.key === 'heads')).toMatchObject({ value: '4', assumed: false });
  // Keys of width 4 cannot serve one head of width 8.
  const refused = await recogniseModel(llama, { heads: '1' });
  expect(refused.model === null && refused.sentence).toMatch(/Llama.*1 query heads of width 8 do not fit keys of width 4/);
});

it('a config belongs to the weights of its folder', async () => {
  const { files } = await walkFiles([FOLDER]);
  const { checkpoints } = await openFiles(files);
  const types = checkpoints.map((c) => [c.files[0]!.name.split('/').at(-2), c.metadata.get('config.model_type')]);
  expect(types).toEqual(expect.arrayContaining([['gpt-neox', 'gpt_neox'], ['gpt2', 'gpt2'], ['llama', 'llama'], ['mistral', 'mistral'], ['qwen2', 'qwen2']]));
  const nano = checkpoints.find((c) => c.files[0]!.name.endsWith('nanogpt.pt'))!;
  expect(nano.metadata.has('config.model_type')).toBe(false);
});
