/** ONNX models dropped into a real browser. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../analysis/run';
import { drop, finished, openSite, visit, type Site } from './browser';

const FOLDER = join(ROOT, 'test/fixtures/onnx');
let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site?.close());

it('a model and the file of its weights open as one network, whose layers have the names of its modules', async () => {
  const { page, complaints, context } = await visit(site);
  await drop(page, ['external/model.onnx', 'external/model.onnx.data', 'convolutional.probe.npz'].map((path) => join(FOLDER, path)));
  await finished(page, 12);
  const text = await page.innerText('body');
  expect(text).toContain('layer1.0.downsample.0');
  expect(text).toContain('5 convolutions and 1 dense layer');
  expect(text).not.toContain('model.onnx.data: its first bytes');
  expect(complaints).toEqual([]);
  await context.close();
});

it('a model without the file of its weights says which file to drop with it', async () => {
  const { page, context } = await visit(site);
  await drop(page, [join(FOLDER, 'external/model.onnx')]);
  await page.waitForFunction(() => document.body.innerText.includes('was not dropped'));
  expect(await page.innerText('body')).toContain('Drop "model.onnx" and "model.onnx.data" together.');
  await context.close();
});
