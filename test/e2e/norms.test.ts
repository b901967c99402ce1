/** The norms of a dropped network, read before it is run. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FOLDER } from '../model/family-files';
import { drop, openSite, violations, visit, type Site } from './browser';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site?.close());

it.each(['light', 'dark'] as const)('stand beside the facts in one line, each of them on demand, in %s', async (colorScheme) => {
  const { page, context, complaints } = await visit(site, '', { colorScheme });
  await page.waitForSelector('[data-testid^="example-"]');
  await drop(page, ['config.json', 'model.safetensors'].map((name) => join(FOLDER, 'gpt2', name)));
  const norms = page.locator('[data-testid="norms"]');
  await norms.locator('summary').click();
  expect(await norms.locator('summary').textContent()).toMatch(/^5 norms, with the kernel γ⁻¹; largest over smallest γ [\d.]+ to [\d.]+$/);
  expect(await norms.locator('tbody tr').count()).toBe(5);
  expect(await norms.locator('tbody tr').first().textContent()).toMatch(/^transformer\.h\.0\.ln_1γ⁻¹[\d.]+$/);
  expect(await page.locator('.facts').first().textContent()).toMatch(/memoryabout [\d.]+ [KM]B/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true);
  expect(await violations(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await context.close();
});
