/** Adapters merged with their bases: the logits of PEFT's own model, which is not merged, and what is left alone, by name. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Session } from '../../src/analysis/session';
import { openFiles } from '../../src/checkpoint/open';
import type { Checkpoint, TensorEntry } from '../../src/checkpoint/types';
import { walkFiles } from '../../src/cli/file-source';
import { mergeAdapters } from '../../src/model/adapters';
import { ADAPTED, familyCheckpoint, FOLDER, modelOf } from './family-files';
import { holdLibraryRun } from './library-run';

describe.each([...ADAPTED])('$name', (adapted) => {
  const read = holdLibraryRun(adapted);

  it('has the layers of the base, and says what was merged', async () => {
    const base = await modelOf(await familyCheckpoint(adapted.path[0]));
    const names = read.model.layers.map(({ name }) => name);
    if (adapted.name !== 'lora-roberta') expect(names).toEqual(base.layers.map(({ name }) => name));
    expect(names.filter((name) => /lora|base_layer|delta/.test(name))).toEqual([]);
    expect(read.checkpoint.warnings.filter((said) => said.startsWith('merged with '))).toHaveLength(1);
  });
});

const drop = async (...paths: string[]): Promise<Checkpoint[]> => [...(await openFiles((await walkFiles(paths.map((path) => join(FOLDER, path)))).files)).checkpoints];

it('what is said names ranks, alpha, scales, modules, and what is the own of the adapter', async () => {
  const { checkpoints } = await new Session().open((await walkFiles(['roberta', 'lora-roberta'].map((path) => join(FOLDER, path)))).files);
  expect(checkpoints).toHaveLength(1);
  const { model, checkpoint } = checkpoints[0]!;
  const said = [...checkpoint.warnings, ...model.evidence].join('\n');
  expect(said).toMatch(/merged with .*lora-roberta\/adapter_model\.safetensors: 4 matrices are W \+ s B A \(query, value\), rank 2, alpha 4, s = 2; its own, not the base's: classifier\.dense\.bias, /);
  expect(said).toContain('classifier.out_proj reads the first token');
  const qwen2 = await familyCheckpoint(['qwen2', 'lora-qwen2']);
  expect(qwen2.warnings.join()).toMatch(/5 matrices are W \+ s B A \(embed_tokens, down_proj, q_proj\), rank 3, 2, alpha 6, s = 2, 3, 1\.66667/);
  expect((await modelOf(qwen2)).tied).toEqual([]);
});

it('each adapter of a run is merged with its base, and each is another checkpoint', async () => {
  const [base, adapter] = (await drop('gpt2', 'lora-gpt2')) as [Checkpoint, Checkpoint];
  const later: Checkpoint = { ...adapter, name: 'checkpoint-200/adapter_model.safetensors', fingerprint: 'sha256-other', metadata: new Map([...adapter.metadata, ['trainer_state.global_step', '200']]) };
  const run = await mergeAdapters([base, adapter, later]);
  expect(run.map(({ name }) => name)).toEqual([`${base.name} + ${adapter.name}`, `${base.name} + ${later.name}`]);
  expect(new Set([base, ...run].map(({ fingerprint }) => fingerprint)).size).toBe(3);
  expect(run[1]!.metadata.get('trainer_state.global_step')).toBe('200');
});

it('a head that the adapter holds whole is no longer the embedding, and the embedding stays', async () => {
  const [base, adapter] = (await drop('gpt2', 'lora-gpt2')) as [Checkpoint, Checkpoint];
  const [embedding, name] = [base.tensors.get('transformer.wte.weight')!, 'base_model.model.lm_head.modules_to_save.weight'];
  const head: TensorEntry = { ...embedding, name, bytes: () => embedding.bytes(), values: async () => (await embedding.values()).map((x) => 2 * x) };
  const [merged] = await mergeAdapters([base, { ...adapter, tensors: new Map([...adapter.tensors, [name, head]]) }]);
  const model = await modelOf(merged!);
  expect(model.layers.at(-1)).toMatchObject({ name: 'lm_head', dense: { weight: 'lm_head.weight', inputAxis: 0 } });
  expect(await merged!.tensors.get('lm_head.weight')!.values()).toEqual(await head.values());
  expect(await merged!.tensors.get('transformer.wte.weight')!.values()).toEqual(await embedding.values());
  expect(merged!.warnings.join()).toContain("its own, not the base's: lm_head.weight");
});

describe('an adapter stays as it is, and says why,', () => {
  const warning = (checkpoints: readonly Checkpoint[]) => {
    expect(checkpoints.filter(({ name }) => name.includes(' + '))).toEqual([]);
    return checkpoints.flatMap(({ warnings }) => warnings).join('\n');
  };

  it('beside another model', async () => {
    expect(warning(await mergeAdapters(await drop('llama', 'lora-gpt2')))).toMatch(/No checkpoint beside this adapter has matrices of the names and shapes/);
  });

  it('beside several that it fits, as in a run of its base', async () => {
    const [base, adapter] = (await drop('gpt2', 'lora-gpt2')) as [Checkpoint, Checkpoint];
    const result = await mergeAdapters([base, { ...base, name: 'gpt2-later' }, adapter]);
    expect(result).toHaveLength(3);
    expect(warning(result)).toMatch(/fits 2 checkpoints of the drop \(.*gpt2-later\).*drop it with the one that it was trained on/);
  });

  it('where a pair has no matrix, by its name and shape', async () => {
    const [base, adapter] = (await drop('gpt2', 'lora-gpt2')) as [Checkpoint, Checkpoint];
    const cut = { ...base, tensors: new Map([...base.tensors].filter(([name]) => !name.endsWith('h.1.mlp.c_proj.weight'))) };
    expect(warning(await mergeAdapters([cut, adapter]))).toMatch(/1 of the 6 pairs of this adapter fit no matrix of .*: transformer\.h\.1\.mlp\.c_proj \[8, 12\]\. It is not merged/);
  });

  it.each([
    ['adapter.use_dora', 'true', /adapter.use_dora = true: DoRA scales the columns/],
    ['adapter.init_lora_weights', 'pissa_niter_4', /the base itself was changed as training began/],
    ['adapter.alora_invocation_tokens.0', '7', /behind certain tokens alone/],
    ['adapter.peft_type', 'ADALORA', /its factors have another meaning/],
  ])('where %s is %s', async (key, value, why) => {
    const [base, adapter] = (await drop('gpt2', 'lora-gpt2')) as [Checkpoint, Checkpoint];
    expect(warning(await mergeAdapters([base, { ...adapter, metadata: new Map([...adapter.metadata, [key, value]]) }]))).toMatch(why);
  });

  it('where alpha is not known, or a tensor is of no known kind', async () => {
    const [base, adapter] = (await drop('gpt2', 'lora-gpt2')) as [Checkpoint, Checkpoint];
    expect(warning(await mergeAdapters([base, { ...adapter, metadata: new Map() }]))).toMatch(/adapter_config.json, which says alpha, is missing/);
    const name = 'base_model.model.transformer.wte.token_adapter.trainable_tokens_delta';
    const more = { ...adapter, tensors: new Map([...adapter.tensors, [name, { ...[...adapter.tensors.values()][0]!, name } as TensorEntry]]) };
    expect(warning(await mergeAdapters([base, more]))).toMatch(/what 'transformer.wte.token_adapter.trainable_tokens_delta' does is not known here/);
  });
});

it('a drop without adapters, or with an adapter alone, is what it was', async () => {
  const run = await drop('gpt2', 'llama');
  expect(await mergeAdapters(run)).toEqual(run);
  const alone = await drop('lora');
  expect(await mergeAdapters(alone)).toEqual(alone);
});
