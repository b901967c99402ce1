/** What the command line calls --activations-only and --memory, in the page. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeLink } from '../../src/analysis/link';
import { Report } from '../../src/analysis/report';
import { ROOT, analyzeFiles } from '../analysis/run';
import { drop, finished, openSite, visit, violations, type Site } from './browser';

const LLAMA = ['model.safetensors', 'config.json'].map((name) => join(ROOT, 'test/fixtures/families/llama', name));
const rows = (page: Page) => page.locator('[data-testid^="table-row-"]').count();

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site?.close());

async function exported(page: Page): Promise<Report> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-testid="export-json"]')]);
  return Report.parse(JSON.parse(readFileSync(await download.path(), 'utf8')));
}

it.each([['light', 1440], ['dark', 390]] as const)('activations alone, part by part, by keyboard: the bits of the command line (%s, %i pixels)', async (colorScheme, width) => {
  const { page, complaints, context } = await visit(site, '', { colorScheme, viewport: { width, height: 900 } });
  await drop(page, LLAMA);
  await finished(page, 30);
  const all = await rows(page);
  await page.focus('.settings summary:text-is("more")');
  await page.keyboard.press('Enter');
  const alone = page.getByLabel('activations only');
  await alone.focus();
  await page.keyboard.press('Space');
  expect(await alone.isChecked()).toBe(true);
  expect(await described(page, 'activations only')).toBe('No gradients: one pass forward, up to the last layer that is selected, in less time and memory.');
  const memory = page.getByLabel('memory, GB');
  expect(Number(await memory.getAttribute('placeholder'))).toBeGreaterThan(0);
  await memory.focus();
  await page.keyboard.type('0.001');
  // The explanation tells the way that it would go now.
  await page.waitForFunction(() => /it is read and run part by part, in about/.test(document.querySelector('.settings')?.textContent ?? ''));
  expect(await described(page, 'memory, GB')).toContain('may take 1 MB');
  expect(await violations(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width);
  await page.click('[data-testid="run"]');
  await page.waitForFunction((n) => document.querySelectorAll('[data-testid^="table-row-"]').length === n, all / 2);
  await finished(page, all / 2);
  const report = await exported(page);
  expect(report.provenance.memory).toMatchObject({ route: 'streamed', bound: 1e6 });
  expect(new Set(report.spectra.map(({ tap }) => tap.side))).toEqual(new Set(['activation']));
  expect(report.provenance.grams).toBe((await analyzeFiles(LLAMA, { gradients: false })).provenance.grams);

  await page.keyboard.press('c');
  await page.waitForSelector('[data-testid="toast"]');
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const { request } = decodeLink(link.slice(link.indexOf('#')));
  expect(request.gradients).toBe(false);
  expect(request).not.toHaveProperty('memory');

  await memory.fill('');
  await page.waitForFunction(() => /The whole network is in memory at once/.test(document.querySelector('.settings')?.textContent ?? ''));
  expect(complaints).toEqual([]);
  await context.close();
});

/** What a screen reader says of a field after its name. */
function described(page: Page, label: string): Promise<string | null> {
  return page.getByLabel(label).evaluate((field) => document.getElementById(field.getAttribute('aria-describedby')!)!.textContent);
}
