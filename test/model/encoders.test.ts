/** Encoders beside what test/model/families.test.ts holds of them: without heads, under old names, and what is refused by name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import type { Checkpoint, TensorEntry } from '../../src/checkpoint/types';
import { recogniseModel } from '../../src/model/recognise';
import type { Batch, Choices, Model } from '../../src/model/types';
import { dualGramOfRows } from '../../src/numerics/cpu/gram';
import { cpuOps, cpuValues } from '../../src/numerics/cpu/ops';
import { softmax } from '../../src/numerics/softmax';
import { eigenvaluesOfGram } from '../../src/numerics/solve';
import { Tape } from '../../src/numerics/tape';
import { sliceInputs } from '../../src/probe/types';
import { analyzeFiles } from '../analysis/run';
import { familyCheckpoint, familyProbe, FOLDER, modelOf } from './family-files';
import { audit } from './null-space';

const ops = cpuOps();

async function outputs(model: Model, batch: Batch): Promise<Float64Array> {
  const parameters = await model.parameters();
  return cpuValues(model.forward(ops, (key) => ops.constant(parameters.get(key)!.values, parameters.get(key)!.shape), batch, () => {}));
}

/** Other tensors under the same metadata; a name of null is dropped. */
function renamed(checkpoint: Checkpoint, rename: (name: string) => string | null, more: readonly TensorEntry[] = []): Checkpoint {
  const kept = [...checkpoint.tensors].flatMap(([name, tensor]) => {
    const to = rename(name);
    return to === null ? [] : [[to, { ...tensor, name: to, bytes: () => tensor.bytes(), values: () => tensor.values() }] as const];
  });
  return { ...checkpoint, tensors: new Map([...kept, ...more.map((tensor) => [tensor.name, tensor] as const)]) };
}

/** A tensor of zeros. */
function zeros(like: Checkpoint, name: string, shape: readonly number[]): TensorEntry {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  return { ...[...like.tensors.values()][0]!, name, shape: [...shape], bytes: async () => new Uint8Array(values.buffer), values: async () => values };
}

async function refusal(checkpoint: Checkpoint, choices: Choices = {}): Promise<string> {
  const verdict = await recogniseModel(checkpoint, choices);
  return verdict.model ? `recognised: ${verdict.model.title}` : verdict.sentence;
}

describe('BERT', () => {
  let checkpoint: Checkpoint;
  beforeAll(async () => {
    checkpoint = await familyCheckpoint('bert');
  });

  it('without a head gives the last hidden states, of which every null dimension is explained', { timeout: 60_000 }, async () => {
    const headless = renamed(checkpoint, (name) => (name.startsWith('cls.') ? null : name.replace(/^bert\./, '')));
    const model = await modelOf(headless);
    expect(model).toMatchObject({ defaultLoss: 'mse', outputs: 6 });
    const { inputs } = await familyProbe('bert', await modelOf(checkpoint));
    const { hidden } = JSON.parse(readFileSync(join(FOLDER, 'bert.json'), 'utf8')) as { hidden: number[] };
    const found = await outputs(model, inputs);
    expect(found.length).toBe(hidden.length);
    expect(hidden.reduce((most, truth, i) => Math.max(most, Math.abs(found[i]! - truth)), 0)).toBeLessThan(1e-10 * Math.max(...hidden.map(Math.abs)));
    const cut = await modelOf(renamed(headless, (name) => (name.includes('.layer.1.') ? null : name)));
    const random = new Random(4);
    const ids = Int32Array.from({ length: 18 * 8 }, (_, i) => (i < 9 ? i : Math.floor(9 * random.uniform())));
    const { nullity, span } = await audit(cut, { kind: 'tokens', ids, samples: 18, positions: 8 }, 'mse');
    expect(span).toBe(nullity);
    expect(span).toBeGreaterThan(40);
  });

  it('reads gamma and beta of old files', async () => {
    const old = renamed(checkpoint, (name) => name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'));
    const [model, before] = [await modelOf(old), await modelOf(checkpoint)];
    const { inputs } = await familyProbe('bert', before);
    expect(await outputs(model, inputs)).toEqual(await outputs(before, inputs));
    expect(model.transforms.join()).toContain('gamma and beta');
  });

  it('says that the pooler, without a classifier behind it, and answers to questions are not computed', async () => {
    const pooled = renamed(checkpoint, (name) => (name.startsWith('cls.') ? null : name), [zeros(checkpoint, 'bert.pooler.dense.weight', [6, 6]), zeros(checkpoint, 'qa_outputs.weight', [2, 6])]);
    const { tensors, outputs: width } = await modelOf(pooled);
    expect(width).toBe(6);
    for (const name of ['bert.pooler.dense.weight', 'qa_outputs.weight']) expect(tensors.get(name)).toMatchObject({ status: 'excluded', reason: expect.stringContaining('not computed here') });
  });

  it('with a classifier behind the pooler takes one label for each sequence; one output is a regression', async () => {
    const pooled = (classes: number) => renamed(checkpoint, (name) => (name.startsWith('cls.') ? null : name), [zeros(checkpoint, 'bert.pooler.dense.weight', [6, 6]), zeros(checkpoint, 'classifier.weight', [classes, 6])]);
    expect(await modelOf(pooled(3))).toMatchObject({ outputs: 3, defaultLoss: 'ce', input: { kind: 'tokens', pooled: true } });
    expect(await modelOf(pooled(1))).toMatchObject({ outputs: 1, defaultLoss: 'mse' });
  });
});

describe('torch.nn.TransformerEncoder', () => {
  it('assumes norms after the branches and says so; the choice changes the function', async () => {
    const checkpoint = { ...(await familyCheckpoint('torch-encoder.pt')), metadata: new Map([['config.nhead', '2']]) };
    const model = await modelOf(checkpoint);
    expect(model.choices.find(({ key }) => key === 'norm-position')).toMatchObject({ value: 'post', assumed: true, evidence: expect.stringContaining('norm_first = False') });
    const pre = (await recogniseModel(checkpoint, { 'norm-position': 'pre' })).model!;
    const { inputs } = await familyProbe('torch-encoder', model);
    expect(await outputs(pre, inputs)).not.toEqual(await outputs(model, inputs));
  });

  it('is left to weight spectra, by name, where it reads vectors or fixed positions, or does more than is known', async () => {
    const checkpoint = await familyCheckpoint('torch-encoder.pt');
    expect(await refusal(renamed(checkpoint, (name) => (name === 'embedding.weight' ? null : name)))).toMatch(/TransformerEncoder.*no embedding table \[·, 6\]/);
    expect(await refusal(renamed(checkpoint, (name) => (name === 'positions' ? null : name), [zeros(checkpoint, 'pos_encoder.pe', [20, 1, 6])]))).toMatch(/'pos_encoder.pe' is a table of fixed positions/);
    expect(await refusal(renamed(checkpoint, (name) => name, [zeros(checkpoint, 'gate', [6])]))).toMatch(/what 'gate' does/);
  });
});

describe('ViT', () => {
  it('refuses by name what its relatives have besides', async () => {
    const timm = await familyCheckpoint('timm-vit');
    expect(await refusal(renamed(timm, (name) => name, [zeros(timm, 'attn_pool.latent', [1, 1, 4])]))).toMatch(/'attn_pool.latent' pools by attention, which is not computed here/);
    expect(await refusal({ ...timm, metadata: new Map([...timm.metadata, ['config.global_pool', 'map']]) })).toMatch(/config.global_pool = map: pooling is computed as token or avg alone/);
  });

  it('without a classifier gives the class token', async () => {
    const model = await modelOf(renamed(await familyCheckpoint('vit'), (name) => (name.startsWith('classifier') ? null : name)));
    expect(model).toMatchObject({ defaultLoss: 'mse', outputs: 4, input: { kind: 'vector', width: 32 } });
    expect(model.evidence.join()).toContain('4 patches of 2 × 2 pixels and a class token: images are [2, 4, 4]');
  });

  it('the parameter side sums the gradients of an image over all its positions', async () => {
    const report = await analyzeFiles(['test/fixtures/families/vit', 'test/fixtures/families/vit.probe.npz'], { folds: 0, parameter: true });
    const model = await modelOf(await familyCheckpoint('vit'));
    const { inputs, targets } = await familyProbe('vit', model);
    const labels = targets?.kind === 'labels' ? targets.labels : new Int32Array();
    const parameters = await model.parameters();
    const layers = model.layers.map(({ name, dense }) => ({ name, of: [dense!.weight, dense!.bias!] }));
    const rows = layers.map((): number[] => []);
    for (let i = 0; i < inputs.samples; i++) {
      const tape = new Tape(ops);
      const lifted = new Map([...parameters].map(([name, { values, shape }]) => [name, tape.lift(ops.constant(values, shape))]));
      const output = model.forward(tape, (name) => lifted.get(name)!, sliceInputs(inputs, i, i + 1), () => {});
      const seed = ops.sub(softmax(ops, output.value), ops.constant(Float64Array.from({ length: model.outputs }, (_, c) => (c === labels[i] ? 1 : 0)), [1, model.outputs]));
      layers.forEach(({ of }, l) => rows[l]!.push(...tape.gradient(output, seed, of.map((name) => lifted.get(name)!)).flatMap((g) => [...cpuValues(g)])));
    }
    const share = (values: ArrayLike<number>) => values[0]! / Array.from(values).reduce((sum, x) => sum + x, 0);
    layers.forEach(({ name }, l) => {
      const found = report.spectra.find(({ tap }) => tap.layer === name && tap.side === 'parameter')!;
      const truth = eigenvaluesOfGram(dualGramOfRows(Float64Array.from(rows[l]!), inputs.samples, rows[l]!.length / inputs.samples), { residuals: false });
      expect(found.dimension).toBe(inputs.samples);
      expect(share(found.eigenvalues) / share(truth.values), name).toBeCloseTo(1, 10);
    });
  });
});
