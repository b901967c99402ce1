/** The gallery in a real browser: each example gives its known answer, and its link opens to the identical view in a fresh profile. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Gallery } from '../../src/analysis/example';
import { ROOT } from '../analysis/run';
import { finished, openSite, visit, type Site } from './browser';

const gallery = Gallery.parse(JSON.parse(readFileSync(join(ROOT, 'public/examples/index.json'), 'utf8')));
let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site?.close());

/** Everything that a person sees of an analysis, except how long it took. */
async function seen(page: Page): Promise<Record<string, unknown>> {
  // Both plots stand: the spectrum of the layer, and the overview of all layers.
  await page.waitForFunction(() => document.querySelectorAll('.js-plotly-plot .trace').length >= 2 && document.querySelectorAll('.js-plotly-plot').length === 2);
  await page.waitForTimeout(700);
  return page.evaluate(() => {
    const text = (selector: string) => [...document.querySelectorAll(selector)].map((e) => e.textContent);
    const plots = [...document.querySelectorAll('.js-plotly-plot')] as (Element & { data: { x: number[]; y: number[]; name: string }[]; layout: { xaxis: { type: string; range: number[] }; yaxis: { type: string; range: number[] } } })[];
    return {
      table: text('[data-testid^="table-row-"]'),
      current: text('[data-testid^="table-row-"][aria-current]'),
      layer: text('[data-testid^="layer-"][aria-current]'),
      readings: [...document.querySelectorAll('[data-testid^="reading-"]')].map((e) => [e.getAttribute('data-testid'), e.getAttribute('data-value'), e.getAttribute('data-limited')]),
      sentence: text('[data-testid="sentence"]'),
      subject: text('[data-testid="subject"]'),
      threshold: Number((document.querySelector('[data-testid="threshold"]') as HTMLInputElement | null)?.value),
      digits: (document.querySelector('[data-testid="digits"]') as HTMLInputElement | null)?.value,
      plots: plots.map((p) => ({ data: JSON.stringify(p.data), x: [p.layout.xaxis?.type, p.layout.xaxis?.range], y: [p.layout.yaxis?.type, p.layout.yaxis?.range] })),
    };
  });
}

describe('the gallery', () => {
  it.each(gallery.map((e) => [e.id, e] as const))('%s: known answer, shared, reopened', async (id, example) => {
    const first = await visit(site);
    await first.page.click(`[data-testid="example-${id}"]`);
    await finished(first.page, example.expect.length);
    for (const { layer, side, deficit } of example.expect) {
      const row = first.page.locator(`[data-testid="table-row-${layer}-${side}"] [data-quantity="deficit"]`);
      expect(await row.textContent(), `${layer} ${side}`).toBe(String(deficit));
    }
    // A view that is not the default: another layer, another threshold, other digits.
    const rows = await first.page.locator('[data-testid^="table-row-"]').count();
    await first.page.locator('[data-testid^="table-row-"]').nth(Math.min(2, rows - 1)).click();
    await first.page.locator('[data-testid="threshold"]').fill('1e-3');
    await first.page.locator('[data-testid="threshold"]').press('Enter');
    await first.page.locator('[data-testid="digits"]').fill('4');
    await first.page.click('[data-testid="share"]');
    await first.page.waitForSelector('[data-testid="toast"]');
    expect(await first.page.textContent('[data-testid="toast"]')).toMatch(/no weights/);
    const link = await first.page.evaluate(() => navigator.clipboard.readText());
    expect(link.length).toBeLessThanOrEqual(2048);
    const before = await seen(first.page);

    const second = await visit(site, new URL(link).hash);
    await finished(second.page, example.expect.length);
    const after = await seen(second.page);
    expect(after).toEqual(before);
    await second.page.click('#tab-report');
    await second.page.waitForSelector('#panel-report :text("verified: the same bits")');
    expect([...first.complaints, ...second.complaints]).toEqual([]);
    await first.context.close();
    await second.context.close();
  });
});
