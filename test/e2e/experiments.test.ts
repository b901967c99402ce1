/** The experiments page in a real browser: run, read, change, cancel, save, open again, share. */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseExperiment } from '../../src/analysis/experiment-file';
import { fakeRecord } from '../view/fake-experiments';
import { drop, finished, openSite, violations, visit, type Site } from './browser';

let site: Site;
let folder: string;
beforeAll(async () => {
  site = await openSite();
  folder = await mkdtemp(join(tmpdir(), 'deadreckon-experiments-'));
});
afterAll(() => site?.close());

const card = '[data-testid="experiment-cells"]';
const summary = `${card} [data-testid="experiment-summary"]`;

/** The page by its link, with the protocol of the cells open and the fewest charts. */
async function open(page: Page, charts = '0'): Promise<void> {
  await page.click('[data-testid="experiments-link"]');
  await page.waitForSelector('[data-testid="run-cells"]');
  await page.click('[data-testid="protocol-cells"] summary');
  await page.fill('[data-testid="setting-cells-charts"]', charts);
}

async function saved(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  return readFileSync(await download.path(), 'utf8');
}

/** A result with plots, from a version that has another experiment. */
function recordWithPlots(): string {
  const path = join(folder, 'slopes.json');
  writeFileSync(path, JSON.stringify(fakeRecord({ size: 'full' }), null, 2));
  return path;
}

describe('the experiments page', () => {
  it('runs an experiment, shows what came out, and gives it away and takes it back', async () => {
    const { page, context, complaints } = await visit(site);
    await open(page);
    await page.click('[data-testid="run-cells"]');
    await page.waitForSelector(summary, { timeout: 120_000 });
    expect(await page.textContent(summary)).toMatch(/^\d+ reads of \d+ cells: \d+ as expected, 0 unresolved, 0 wrong\.$/);
    const row = page.locator(`${card} tbody tr`).first();
    expect(await row.locator('th, td').allTextContents()).toEqual(['chain of 2 at 0, u = (1, 1)', '2', '2', 'singular', '2 singular', 'all 2 agree']);
    expect(await row.locator('.reference').textContent()).toBe('2 singular');
    expect(await page.textContent(`${card} [data-testid="experiment-provenance"]`)).toMatch(/^Computed here by deadreckon .*CPU float64.*charts 0; seed 0\.$/);

    // Another protocol is not yet what is shown.
    await page.fill('[data-testid="setting-cells-charts"]', '101');
    expect(await page.textContent('#cells-charts-complaint')).toBe('This is one integer from 0 to 100, not 101.');
    expect(await page.getAttribute('[data-testid="run-cells"]', 'aria-disabled')).toBe('true');
    await page.fill('[data-testid="setting-cells-charts"]', '1');
    expect(await page.textContent(`${card} [data-testid="experiment-note"]`)).toBe('What is shown is of another protocol: charts 0; seed 0.');

    const text = await saved(page, '[data-testid="export-cells-json"]');
    const record = parseExperiment(text, 'cells.json');
    expect(record).toMatchObject({ name: 'cells', protocol: { charts: 0 }, seed: 0, summary: await page.textContent(summary) });
    expect((await saved(page, '[data-testid="export-cells-csv"]')).split('\r\n')[0]).toBe('cell,line,order,verdict,expected,coordinates');

    const path = join(folder, 'cells.experiment.json');
    writeFileSync(path, text);
    const other = await visit(site);
    await drop(other.page, [path]);
    await other.page.waitForSelector(summary);
    expect(await other.page.textContent(summary)).toBe(record.summary);
    expect(await other.page.textContent(`${card} [data-testid="experiment-provenance"]`)).toMatch(/^Opened from cells\.experiment\.json; computed by/);
    expect(await other.page.inputValue('[data-testid="setting-cells-charts"]')).toBe('0');
    expect([...complaints, ...other.complaints]).toEqual([]);
    await context.close();
    await other.context.close();
  });

  it('cancels at once by Escape, runs again, and leaves open files alone', { retry: 2 }, async () => {
    const { page, context, complaints } = await visit(site);
    await page.click('[data-testid="example-dead-units"]');
    await finished(page, 6);
    await open(page, '100');
    await page.click('[data-testid="run-cells"]');
    await page.waitForFunction(() => / of /.test(document.querySelector('[data-testid="experiment-progress"]')?.textContent ?? ''));
    const took = await page.evaluate(async () => {
      const begin = performance.now();
      document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
      while (document.querySelector('[data-testid="cancel-cells"]')) await new Promise((r) => requestAnimationFrame(r));
      return performance.now() - begin;
    });
    expect(took).toBeLessThan(200);
    expect(await page.isVisible(summary)).toBe(false);
    await page.fill('[data-testid="setting-cells-charts"]', '0');
    await page.click('[data-testid="run-cells"]');
    await page.waitForSelector(summary, { timeout: 120_000 });
    // Back to the checkpoint, which is analysed again by the same engine.
    await page.click('.open-subjects button');
    await finished(page, 6);
    await page.click('[data-testid="run"]');
    await finished(page, 6);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('restores a protocol from its link and runs nothing by itself', async () => {
    const { page, context, complaints } = await visit(site);
    await open(page, '2');
    await page.fill('[data-testid="setting-cells-seed"]', '17');
    await page.click('[data-testid="copy-cells"]');
    await page.waitForSelector('[data-testid="toast"]');
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const other = await visit(site, link.slice(link.indexOf('#')));
    await other.page.waitForSelector('[data-testid="setting-cells-charts"]');
    expect(await other.page.inputValue('[data-testid="setting-cells-charts"]')).toBe('2');
    expect(await other.page.inputValue('[data-testid="setting-cells-seed"]')).toBe('17');
    expect(await other.page.textContent(`${card} [data-testid="experiment-note"]`)).toMatch(/^A link filled in the protocol/);
    expect(await other.page.isVisible('[data-testid="cancel-cells"]')).toBe(false);
    expect([...complaints, ...other.complaints]).toEqual([]);
    await context.close();
    await other.context.close();
  });

  it('has an address of its own, and the browser goes back from it', async () => {
    const { page, context } = await visit(site);
    await page.waitForSelector('[data-testid="drop-zone"]');
    await page.click('[data-testid="experiments-link"]');
    await page.waitForSelector('[data-testid="run-cells"]');
    expect(page.url()).toMatch(/#experiments$/);
    await page.reload();
    await page.waitForSelector('[data-testid="run-cells"]');
    await page.goBack();
    await page.waitForSelector('[data-testid="drop-zone"]');
    await context.close();
  });

  it.each(['light', 'dark'] as const)('axe finds nothing on it in %s, empty, with a complaint, with plots and a table', async (colorScheme) => {
    const { page, context, complaints } = await visit(site, '#experiments', { colorScheme });
    await page.waitForSelector('[data-testid="run-cells"]');
    expect(await violations(page)).toEqual([]);
    await page.click('[data-testid="protocol-cells"] summary');
    await page.fill('[data-testid="setting-cells-charts"]', 'many');
    await page.waitForSelector('#cells-charts-complaint');
    await page.setInputFiles('[data-testid="file-input"]', [recordWithPlots()]);
    await page.waitForFunction(() => document.querySelectorAll('[data-testid="experiment-slopes"] .js-plotly-plot .trace').length >= 4);
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('draws plots as pictures, with nothing sticking out on narrow screens', async () => {
    const { page, context, complaints } = await visit(site, '#experiments', { viewport: { width: 390, height: 844 } });
    await page.waitForSelector('[data-testid="run-cells"]');
    await page.click('[data-testid="protocol-cells"] summary');
    await page.setInputFiles('[data-testid="file-input"]', [recordWithPlots()]);
    await page.waitForSelector('[data-testid="experiment-slopes"] .js-plotly-plot .trace', { state: 'attached' });
    expect(await page.locator('.experiment-legend li').allTextContents()).toEqual(['rank 1', 'rank 2', 'theory, rank 1', 'theory, rank 2']);
    const outside = await page.evaluate(() => [document.documentElement, document.querySelector('main')!].map((e) => e.scrollWidth - e.clientWidth));
    expect(outside).toEqual([0, 0]);
    const svg = await saved(page, '[aria-label="Export log det+ against distance as SVG"]');
    expect(svg).toMatch(/^<svg[\s\S]*theory, rank 2/);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
