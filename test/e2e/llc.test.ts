/** The LLC tab in a real browser: sample, read, repeat, cancel, compare with a curve, save, open again. */
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLlc } from '../../src/analysis/llc';
import { parseLlc } from '../../src/analysis/llc-file';
import type { LlcRecord, LlcRequest } from '../../src/analysis/llc-record';
import type { Request } from '../../src/analysis/request';
import { Session } from '../../src/analysis/session';
import { walkFiles } from '../../src/cli/file-source';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { ROOT } from '../analysis/run';
import { drop, finished, openSite, violations, visit, type Site } from './browser';

let site: Site;
let folder: string;
beforeAll(async () => {
  site = await openSite();
  folder = await mkdtemp(join(tmpdir(), 'deadreckon-llc-'));
});
afterAll(() => site?.close());

const id = (name: string) => `[data-testid="${name}"]`;

/** A bundled example under LLC, with few steps. */
async function open(page: Page, draws: number, step = ''): Promise<void> {
  await page.click(id('example-split-units'));
  await finished(page, 2);
  await page.click('#tab-llc');
  await page.fill(id('llc-burnIn'), '20');
  await page.fill(id('llc-draws'), String(draws));
  await page.fill(id('llc-step'), step);
}

async function saved(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  return readFileSync(await download.path(), 'utf8');
}

async function readHere(file: string, request: Partial<Request>, llc: Partial<LlcRequest>): Promise<LlcRecord> {
  const session = new Session();
  const { checkpoints } = await session.open((await walkFiles([join(ROOT, 'public/examples', file)])).files);
  return readLlc(session.checkpoint(checkpoints[0]!.id), null, request, llc, { numerics: cpuNumerics() });
}

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('the LLC of an open checkpoint', () => {
  it('is sampled, explained, repeated, set beside spectra and a curve, saved, and opened again', async () => {
    const { page, context, complaints } = await visit(site);
    await open(page, 60);
    expect(await page.textContent(id('llc-labels'))).toMatch(/no targets, so the checkpoint labels it itself/);
    const planned = await page.textContent(id('llc-cost'));
    await page.click(id('llc-run'));
    await page.waitForSelector(id('llc-value'), { timeout: 60_000 });
    const record = parseLlc(await saved(page, id('export-llc-json')), 'llc.json')[0]!;
    expect(record).toMatchObject({ settings: { chains: 4, burnIn: 20, draws: 60, seed: 0 }, probe: { samples: 512, labels: 'own' } });
    // The chains walked in workers of the page: in Node, one after another, they have the same bits.
    expect(page.workers().filter((w) => /solver/.test(w.url())).length).toBeGreaterThan(1);
    const here = await readHere('split-units.safetensors', { samples: 512, loss: 'mse', choices: { activation: 'tanh' } }, { burnIn: 20, draws: 60 });
    const essence = ({ checkpoint: _, provenance: __, ...rest }: LlcRecord) => JSON.parse(JSON.stringify(rest)) as unknown;
    expect(essence(record)).toEqual(essence(here));
    expect(planned).toMatch(`${Math.round(record.passes)} passes over 512 samples`);
    expect(Number(await page.getAttribute(id('llc-value'), 'data-value'))).toBe(record.llc);
    expect(await page.textContent(id('llc-value'))).toMatch(/^\d+(\.\d+)? ± [\d.]+$/);
    // Sixty draws are too few, and it says so.
    expect(record.problems.length).toBeGreaterThan(0);
    expect(await page.locator(`${id('llc-health')} li`).allTextContents()).toEqual(record.problems);
    expect(await page.textContent(id('llc-health'))).toMatch(/Not to be trusted as it stands/);
    expect(await page.textContent(id('llc-calibration'))).toBe(record.calibration!.sentence);
    expect(await page.locator('[aria-label="Calibration by step size"] tbody tr', { hasText: 'chosen' }).locator('th').textContent()).toBe(String(Number(record.settings.step.toPrecision(4))));

    const readings = await page.locator(`${id('llc-comparison')} tbody tr`).evaluateAll((rows) => rows.map((row) => [...row.children].map((c) => c.textContent)));
    expect(readings.map((row) => row[0])).toEqual(['λ⁺_min, activation of 0', 'log det⁺, activation of 0', 'λ⁺_min, gradient of 0', 'log det⁺, gradient of 0', 'LLC by SGLD']);
    expect(readings.map((row) => row[4])).toEqual(['1', '1', '1', '1', String(Math.round(record.passes))]);

    await page.click(id('llc-repeat'));
    await page.waitForSelector(id('llc-repeats'), { timeout: 60_000 });
    expect(await page.textContent(id('llc-repeats'))).toMatch(/^2 repeats on the same probe, seeds 0, 1: mean /);

    await page.setInputFiles(id('llc-curve-input'), [written('curve.csv', 'checkpoint,llc,std\nsplit-units,24,2\nother,8,0.5\n')]);
    const cells = page.locator(`${id('llc-curve-table')} tbody tr`).first().locator('th, td');
    expect((await cells.allTextContents()).slice(0, 3)).toEqual(['split-units.safetensors', expect.stringMatching(/ ± /), '24.0 ± 2']);

    const other = await visit(site);
    await drop(other.page, [written('split.llc.json', JSON.stringify(record))]);
    await other.page.waitForFunction(() => /LLC of split-units/.test(document.querySelector('[data-testid="toast"]')?.textContent ?? ''));
    await drop(other.page, [join(ROOT, 'public/examples/split-units.safetensors')]);
    await finished(other.page, 2);
    await other.page.click('#tab-llc');
    expect(Number(await other.page.getAttribute(id('llc-value'), 'data-value'))).toBe(record.llc);
    expect(await other.page.textContent(id('llc-provenance'))).toMatch(/^Opened from split\.llc\.json; sampled by deadreckon/);
    expect([...complaints, ...other.complaints]).toEqual([]);
    await context.close();
    await other.context.close();
  });

  it('cancels at once by Escape, and samples again', { retry: 2 }, async () => {
    const { page, context, complaints } = await visit(site);
    await open(page, 100_000, '1e-4');
    expect(await page.isVisible(id('llc-long'))).toBe(true);
    await page.click(id('llc-run'));
    await page.waitForFunction(() => /walking/.test(document.querySelector('[data-testid="llc-progress"]')?.textContent ?? ''));
    const took = await page.evaluate(async () => {
      const begin = performance.now();
      document.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
      while (document.querySelector('[data-testid="llc-cancel"]')) await new Promise((r) => requestAnimationFrame(r));
      return performance.now() - begin;
    });
    expect(took).toBeLessThan(200);
    expect(await page.isVisible(id('llc-value'))).toBe(false);
    await page.fill(id('llc-draws'), '20');
    await page.fill(id('llc-step'), '1000');
    await page.click(id('llc-run'));
    await page.waitForSelector(id('llc-value'), { timeout: 60_000 });
    expect(await page.textContent(id('llc-value'))).toBe('no value');
    expect(await page.textContent(id('llc-health'))).toMatch(/There is no value\..*4 of 4 chains diverged/);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('teaches where there is nothing to sample', async () => {
    const { page, context } = await visit(site);
    await drop(page, [join(ROOT, 'test/fixtures/bundles/odd.safetensors')]);
    await finished(page, 1);
    await page.click('#tab-llc');
    expect(await page.textContent(id('llc-unavailable'))).toMatch(/so the network has to run/);
    expect(await page.isVisible(id('llc-run'))).toBe(false);
    await context.close();
  });

  it.each([['light', 1440], ['dark', 390]] as const)('axe finds nothing on it in %s, %i wide, and nothing sticks out', async (colorScheme, width) => {
    const { page, context, complaints } = await visit(site, '', { colorScheme, viewport: { width, height: 900 } });
    await open(page, 30);
    await page.click('.llc .protocol summary');
    await page.fill(id('llc-batch'), '9999');
    await page.waitForSelector('#llc-batch-note.failed');
    expect(await violations(page)).toEqual([]);
    await page.fill(id('llc-batch'), '');
    await page.click(id('llc-run'));
    await page.waitForSelector(id('llc-value'), { timeout: 60_000 });
    await drop(page, [written('curve.csv', 'checkpoint,llc,std\nsplit-units,24,2\nother,8,0.5\n')]);
    await page.waitForFunction(() => document.querySelectorAll('.llc .js-plotly-plot .trace').length >= 7);
    expect(await violations(page)).toEqual([]);
    const outside = await page.evaluate(() => [document.documentElement, document.querySelector('main')!].map((e) => e.scrollWidth - e.clientWidth));
    expect(outside).toEqual([0, 0]);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
