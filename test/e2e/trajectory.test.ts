/** Checkpoints of one run dropped into a real browser: slopes read off the page, stopped and gone on with, exported and opened again. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTrajectory } from '../../src/analysis/snapshot';
import { ROOT } from '../analysis/run';
import { safetensors } from '../checkpoint/writers';
import { openSite, violations, visit, type Site } from './browser';

let site: Site;
const folder = mkdtempSync(join(tmpdir(), 'deadreckon-e2e-'));
beforeAll(async () => {
  site = await openSite();
});
afterAll(async () => {
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Two layers diag(1.2, 0.9, 0.8, t, 0.7 t), float64. */
function checkpoint(name: string, t: number): string {
  const layer = Float64Array.from({ length: 25 }, (_, k) => (k % 6 === 0 ? [1.2, 0.9, 0.8, t, 0.7 * t][k / 6]! : 0));
  const tensor = (begin: number) => ({ dtype: 'F64', shape: [5, 5], data_offsets: [begin, begin + 200] });
  const data = new Uint8Array(400);
  data.set(new Uint8Array(layer.buffer), 0);
  data.set(new Uint8Array(layer.buffer), 200);
  const path = join(folder, name);
  writeFileSync(path, safetensors({ __metadata__: { activation: 'linear' }, 'layers.0.weight': tensor(0), 'layers.1.weight': tensor(200) }, data));
  return path;
}

const value = async (page: Page, row: string, quantity: string) => Number(await page.getAttribute(`[data-testid="slope-row-${row}"] [data-quantity="${quantity}"]`, 'data-value'));
const done = (page: Page) => page.waitForSelector('.trajectory[data-stage="all"]', { timeout: 60_000 });

describe('a trajectory', () => {
  it('four checkpoints in any order: ordered, traced at once, and r on the page', async () => {
    const paths = [1000, 10, 100, 1].map((step) => checkpoint(`step${step}.safetensors`, 0.3 / step));
    const { page, complaints, context } = await visit(site);
    await page.setInputFiles('[data-testid="file-input"]', paths);
    await done(page);
    expect(await page.textContent('#path-title')).toBe('4 checkpoints of one run');
    await page.click('text=log step');
    // t = 0.3 / step: the first layer's eigenvalues fall as step^-2, those of the product as step^-4, two of them.
    expect(await value(page, 'layers.0-activation', 'volume')).toBeCloseTo(-4, 2);
    expect(await value(page, 'layers.0-activation', 'ratio')).toBeCloseTo(2, 2);
    expect(await value(page, 'layers.1-activation', 'smallest')).toBeCloseTo(-4, 2);
    expect(await page.textContent('[data-testid="slope-row-layers.1-activation"] [data-quantity="r"]')).toBe('2');

    // The window by keyboard: three points are left.
    await page.focus('[data-testid="window-from"]');
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => document.querySelector('[data-testid="path-fit"]')?.textContent?.includes('over 3 points'));
    await page.click('.path-window button');
    // A cut of the person's own makes them dead at the end: the window ends before.
    await page.fill('[data-testid="threshold"]', '1e-6');
    await page.waitForFunction(() => document.querySelector('[data-testid="slope-row-layers.0-activation"] [data-quantity="deficit"]')?.textContent === '2');

    expect(await violations(page)).toEqual([]);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-testid="export-json"]')]);
    const saved = readFileSync(await download.path(), 'utf8');
    expect(parseTrajectory(saved, 'export').points.map((p) => p.step)).toEqual([1, 10, 100, 1000]);
    const [table] = await Promise.all([page.waitForEvent('download'), page.click('[data-testid="export-csv"]')]);
    expect(readFileSync(await table.path(), 'utf8')).toMatch(/^layers\.0,activation,ratio of slopes,,,,,/m);

    // Opened by itself in a fresh page it says the same.
    const file = join(folder, 'run.trajectory.json');
    writeFileSync(file, saved);
    const other = await visit(site);
    await other.page.setInputFiles('[data-testid="file-input"]', [file]);
    await done(other.page);
    await other.page.click('text=log step');
    expect(await value(other.page, 'layers.0-activation', 'ratio')).toBeCloseTo(2, 2);
    expect([...complaints, ...other.complaints]).toEqual([]);
    await Promise.all([context.close(), other.context.close()]);
  }, 120_000);

  it('one checkpoint: the slope along a line, and its spectrum moves under the slider', async () => {
    const { page, complaints, context } = await visit(site);
    await page.setInputFiles('[data-testid="file-input"]', [join(ROOT, 'public/examples/reduced-rank.npz')]);
    await page.click('#tab-trajectory');
    await page.click('[data-testid="trace"]:not([disabled])');
    await done(page);
    expect(await value(page, 'linears.0-activation', 'ratio')).toBeCloseTo(3, 2);
    expect(await page.textContent('[data-testid="slope-row-linears.1-activation"] .note-cell')).toContain('2 of 5 dead stay dead');
    await page.focus('[data-testid="path-at"]');
    await page.keyboard.press('Home');
    await page.waitForFunction(() => document.querySelector('.path-spectrum .caption')?.textContent?.includes('ε = 1.00e-1'));
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  }, 120_000);

  it('a direction that was read: its own slope, and a link that opens to it', async () => {
    const file = join(ROOT, 'public/examples/reduced-rank.npz');
    const { page, complaints, context } = await visit(site);
    await page.setInputFiles('[data-testid="file-input"]', [file]);
    await page.click('#tab-directions');
    await page.click('[data-testid="read-directions"]:not([disabled])');
    await page.click('[data-testid="slope-along"]:not([disabled])', { timeout: 90_000 });
    await done(page);
    expect(await page.textContent('[data-testid="path-direction"]')).toContain('channel 1 of 3');
    // One channel of three is woken.
    expect(await value(page, 'linears.0-activation', 'ratio')).toBeCloseTo(1, 2);
    expect(await value(page, 'linears.0-activation', 'volume')).toBeCloseTo(2, 2);
    expect(await page.textContent('[data-testid="slope-row-linears.0-activation"] .note-cell')).toContain('2 of 3 dead stay dead: this direction does not wake them.');
    await page.locator('.path-plot').scrollIntoViewIfNeeded();
    const box = (await page.locator('.path-plot .nsewdrag').boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + box.height / 2, { steps: 8 });
    await page.mouse.up();
    await page.waitForSelector('.path-window button');
    const fitted = await page.textContent('.path-window .num');
    expect(await violations(page)).toEqual([]);
    await page.click('text=Copy link');
    const fragment = new URL(page.url()).hash;

    const other = await visit(site, fragment);
    await other.page.setInputFiles('[data-testid="file-input"]', [file]);
    await done(other.page);
    expect(await other.page.textContent('[data-testid="path-direction"]')).toContain('channel 1 of 3');
    expect(await other.page.textContent('.path-window .num')).toBe(fitted);
    expect([...complaints, ...other.complaints]).toEqual([]);
    await Promise.all([context.close(), other.context.close()]);
  }, 180_000);
});
