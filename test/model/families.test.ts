/** The first families of transformers, and what their files do not say. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openFiles } from '../../src/checkpoint/open';
import type { Checkpoint } from '../../src/checkpoint/types';
import { walkFiles } from '../../src/cli/file-source';
import { recogniseModel } from '../../src/model/recognise';
import { FIRST, FOLDER, modelOf } from './family-files';
import { holdFamilies } from './family-suite';

holdFamilies(FIRST);

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
