/** Norms read from their parameters alone, in the first second. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { normsLine } from '../../src/analysis/norm-words';
import { readNorms } from '../../src/analysis/norm-readings';
import { Session } from '../../src/analysis/session';
import { walkFiles } from '../../src/cli/file-source';
import { InputError } from '../../src/base/errors';
import { stubCheckpoint } from '../checkpoint-stub';
import { FAMILIES, familyCheckpoint, FOLDER, modelOf } from '../model/family-files';
import { fixture } from '../model/fixture';

/** Norms of two blocks, over queries, keys and what branches write too, with the last one (torch's encoder has none unless it is given one), that of the embeddings and that of the head. */
const COUNTS: Record<string, number> = {
  gpt2: 5, nanogpt: 5, 'gpt-neox': 5, llama: 5, mistral: 5, qwen2: 5, 'torch-encoder': 4, 'torch-encoder-pre': 4, bert: 6, vit: 5, 'timm-vit': 5,
  qwen3: 9, llama3: 5, gemma: 5, phi3: 5, 'phi3-long': 5, gemma2: 9, gemma3: 13, roberta: 6, 'roberta-classifier': 5, 'roberta-tokens': 5, 'bert-classifier': 5, distilbert: 5, 'timm-mean': 5, 'torchvision-vit': 5, deit: 5, 'timm-deit': 5, 'timm-normed': 9,
};

describe('every norm of every family', () => {
  it.each(FAMILIES)('$name: kernels of LayerNorms, from the scales alone', async ({ name, path }) => {
    const checkpoint = await familyCheckpoint(path);
    const model = await modelOf(checkpoint);
    const read: string[] = [];
    const parameters = (names?: ReadonlySet<string>) => {
      read.push(...names!);
      return model.parameters(names);
    };
    const norms = await readNorms({ ...model, parameters });
    const centred = !['llama', 'llama3', 'mistral', 'qwen2', 'qwen3', 'gemma', 'gemma2', 'gemma3', 'phi3', 'phi3-long'].includes(name);
    expect(norms).toHaveLength(COUNTS[name]!);
    expect(norms.every(({ kernel, kind, nearlyZero }) => kernel === centred && kind === (centred ? 'layer-norm' : 'rms-norm') && nearlyZero === 0)).toBe(true);
    expect(new Set(read).size).toBe(norms.length);
    for (const [i, { condition }] of norms.entries()) {
      const gamma = Array.from((await model.parameters(new Set([read[i]!]))).get(read[i]!)!.values, Math.abs);
      expect(condition).toBeCloseTo(Math.max(...gamma) / Math.min(...gamma), 12);
    }
  });

  it('is part of what a drop turns into', async () => {
    const { checkpoints } = await new Session().open((await walkFiles([join(FOLDER, 'gpt2')])).files);
    expect(checkpoints[0]!.norms!.map(({ layer, readers }) => [layer.replace(/^transformer\./, ''), readers])).toEqual([
      ['h.0.ln_1', 3], ['h.0.ln_2', 1], ['h.1.ln_1', 3], ['h.1.ln_2', 1], ['ln_f', 0],
    ]);
  });
});

it('of a graph are read from their own tensors alone', async () => {
  const checkpoint = await fixture('onnx/mlp.legacy.onnx');
  const read: string[] = [];
  const tensors = new Map([...checkpoint.tensors].map(([name, entry]) => [name, { ...entry, values: () => (read.push(name), entry.values()) }]));
  const model = await modelOf({ ...checkpoint, tensors });
  read.length = 0;
  const norms = await readNorms(model);
  expect(norms.length).toBeGreaterThan(0);
  expect(read).toHaveLength(norms.length);
});

describe('a scale', () => {
  const mlp = (gamma: number[]) =>
    stubCheckpoint({ '0.weight': { shape: [4, 3] }, '1.weight': { shape: [4], values: gamma }, '1.bias': { shape: [4] }, '3.weight': { shape: [2, 4] }, '3.bias': { shape: [2] } });

  it.each([
    [[2, -1, 4, 1], 4, 0, '1 norm, with the kernel γ⁻¹; largest over smallest γ 4'],
    [[1, 1, 1e-5, 1], 1e5, 1, '1 norm, with the kernel γ⁻¹; largest over smallest γ 1.0e5; 1 with γ near zero'],
    [[1, 1, 0, 1], null, 1, '1 norm, with the kernel γ⁻¹; 1 with γ near zero'],
  ])('of %j', async (gamma, condition, nearlyZero, line) => {
    const norms = await readNorms(await modelOf(mlp(gamma)));
    expect(norms).toMatchObject([{ layer: '0', kernel: true, nearlyZero }]);
    if (condition === null) expect(norms[0]!.condition).toBeNull();
    else expect(norms[0]!.condition).toBeCloseTo(condition, 9);
    expect(normsLine(norms)).toBe(line);
  });

  it('that cannot be read leaves its norm out', async () => {
    const model = await modelOf(mlp([1, 1, 1, 1]));
    const parameters = () => Promise.reject(new InputError('truncated', 'The file ends.'));
    expect(await readNorms({ ...model, parameters })).toEqual([]);
  });
});
