/** Directions in a real browser: the page reads what the command line reads, and stays smooth with thousands of rows. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERDICTS } from '../../src/analysis/directions-schema';
import { Report } from '../../src/analysis/report';
import { detectorTitle } from '../../src/view/direction-words';
import { ROOT } from '../analysis/run';
import { fakeReport, fakeSpectrum } from '../view/fake-client';
import { fakeDirection } from '../view/fake-directions';
import { finished, openSite, violations, visit, type Site } from './browser';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site?.close());

/** As few samples as show every live direction of the example: half of them must have the rank of the Jacobian. */
const SAMPLES = '200';

function cliReport(): Promise<Report> {
  const example = 'public/examples/dead-units.safetensors';
  const words = ['analyze', example, '--samples', SAMPLES, '--choice', 'activation=tanh', '--directions', '--json'];
  return new Promise((resolve, reject) => {
    const child = spawn('npm', ['run', '--silent', 'cli', '--', ...words], { cwd: ROOT });
    let out = '';
    child.stdout.on('data', (d) => (out += d));
    child.on('close', () => {
      try {
        resolve(Report.parse(JSON.parse(out)));
      } catch (error) {
        reject(error);
      }
    });
  });
}

const row = 'tr[data-testid^="direction-"]';
const done = (page: Page) => page.waitForFunction(() => !document.querySelector('[data-testid="cancel"]'), null, { timeout: 150_000 });

/** The rows of the table, as text by column. */
function rowsOf(page: Page): Promise<Record<string, string>[]> {
  return page.$$eval(row, (rows) =>
    rows.map((r) => {
      const get = (name: string) => r.querySelector(`[data-quantity="${name}"]`)!.textContent!.trim();
      return {
        layer: r.querySelector('th')!.textContent!,
        detector: r.querySelector('td')!.firstChild!.textContent!,
        lineOrder: get('lineOrder'),
        order: get('order'),
        coefficient: get('coefficient'),
        verdict: get('verdict'),
      };
    }),
  );
}

describe('directions', () => {
  it('of the example with dead units are those of the command line', async () => {
    // Colours change at once: axe is not to look at them half-way.
    const { page, context, complaints } = await visit(site, '', { reducedMotion: 'reduce' });
    await page.click('[data-testid="example-dead-units"]');
    await finished(page, 6);
    await page.getByLabel('samples N').fill(SAMPLES);
    await page.click('#tab-directions');
    expect(await violations(page)).toEqual([]);
    await page.click('[data-testid="read-directions"]');
    // Rows come while others are still read.
    await page.waitForSelector(row, { timeout: 150_000 });
    expect(await page.isVisible('[data-testid="cancel"]')).toBe(true);
    await done(page);

    const report = await cliReport();
    const directions = report.directions!;
    const counts = await Promise.all(VERDICTS.map((v) => page.getAttribute(`[data-testid="verdict-${v}"]`, 'data-count')));
    expect(counts).toEqual(VERDICTS.map((v) => String(directions.filter((d) => d.verdict === v).length)));
    expect(await rowsOf(page)).toEqual(
      directions.map((d) => ({
        layer: d.layer,
        detector: detectorTitle(d.detector),
        lineOrder: d.lineOrder === null ? '∞' : String(d.lineOrder),
        order: d.order === null ? '∞' : String(d.order),
        coefficient: d.order === null ? '0' : `1/${2 * d.order}`,
        verdict: d.verdict,
      })),
    );
    expect(await page.getAttribute('[data-testid="triple"]', 'data-lambda')).toBe(report.triple!.lambda);
    expect(report.triple!.lambda).not.toBeNull();
    for (const line of report.audit!) {
      const found = page.locator(`[data-testid="audit-${line.layer}"] [data-quantity="found"]`);
      expect(await found.textContent()).toBe(String(line.found));
    }

    // A dead tanh unit: order 2, genuinely singular.
    const singular = directions.findIndex((d) => d.detector === 'dead-unit' && d.verdict === 'singular' && d.order === 2);
    expect(singular).toBeGreaterThanOrEqual(0);
    await page.click(`[data-testid="direction-${singular}"]`);
    expect(await page.textContent('[data-testid="direction-verdict"]')).toContain('singular');
    expect(await page.textContent('[data-testid="direction-evidence"]')).toBe(directions[singular]!.evidence);
    await page.waitForFunction(() => document.querySelectorAll('.direction-plots .js-plotly-plot .trace').length >= 5);
    const drawn = await page.$eval('.direction-plots .js-plotly-plot', (plot) => {
      const { data } = plot as unknown as { data: { name: string; x: number[]; y: number[] }[] };
      const trace = data.find((t) => t.name === 'F_u, in the window')!;
      return { x: [...trace.x], y: [...trace.y] };
    });
    const sweep = directions[singular]!.sweep!;
    expect([drawn.x[0], drawn.x.at(-1)]).toEqual([...sweep.window!]);
    expect(drawn.y[0]! / sweep.points.find((p) => p.t === drawn.x[0])!.fisher).toBeCloseTo(1, 6);
    expect(await violations(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await violations(page)).toEqual([]);
    for (const width of [390, 820]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBeLessThanOrEqual(0);
    }
    await page.setViewportSize({ width: 1440, height: 900 });

    await page.click('[data-testid="verdict-singular"]');
    const left = directions.filter((d) => d.verdict === 'singular').length;
    expect(await page.locator(row).count()).toBe(left);
    const download = page.waitForEvent('download');
    await page.click('[data-testid="export-csv"]');
    const csv = readFileSync(await (await download).path(), 'utf8').trimEnd().split('\r\n');
    expect(csv).toHaveLength(left + 1);
    expect(csv[1]).toMatch(/^0,dead-unit,"unit \d+, incoming and outgoing weights zero",2,2,singular,0\.25,/);

    // The link opens to the same tab, filter and row, and reads directions by itself.
    await page.click('[data-testid="share"]');
    await page.waitForSelector('[data-testid="toast"]');
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const second = await visit(site, new URL(link).hash);
    await second.page.waitForSelector(row, { timeout: 150_000 });
    expect(await second.page.getAttribute('#tab-directions', 'aria-selected')).toBe('true');
    expect(await second.page.getAttribute('[data-testid="verdict-singular"]', 'aria-pressed')).toBe('true');
    await second.page.keyboard.press('Escape');
    await done(second.page);
    expect(await second.page.locator(row).count()).toBeGreaterThan(0);
    expect([...complaints, ...second.complaints]).toEqual([]);
    await second.context.close();
    await context.close();
  });

  it('by the thousand: few rows are rendered, and all are reached by keyboard', async () => {
    const layers = Array.from({ length: 50 }, (_, i) => ({ name: `blocks.${i}.mlp<b>$x$`, width: 8, rank: 8 }));
    const directions = Array.from({ length: 5000 }, (_, i) =>
      fakeDirection({ layer: layers[Math.floor(i / 100)]!.name, verdict: VERDICTS[i % 5]!, note: `unit ${i}` }),
    );
    const path = join(tmpdir(), 'deadreckon-directions.report.json');
    const report: Report = { ...fakeReport(layers), spectra: [fakeSpectrum(layers[0]!, 'activation')], directions, audit: [] };
    writeFileSync(path, JSON.stringify(report));
    const { page, context, complaints } = await visit(site);
    await page.setInputFiles('[data-testid="file-input"]', [path]);
    await page.waitForSelector('[data-testid^="table-row-"]');
    await page.click('#tab-directions');
    await page.waitForSelector(row);
    expect(await page.textContent('[data-testid="directions-shown"]')).toBe('5,000 of 5,000');
    expect(await page.getAttribute('.direction-table table', 'aria-rowcount')).toBe('5001');
    expect(await page.locator(row).count()).toBeLessThan(60);

    const focused = (test: string) => page.waitForFunction((id) => document.activeElement?.getAttribute('data-testid') === id, test);
    await page.click('[data-testid="direction-2"]');
    await page.keyboard.press('ArrowDown');
    await focused('direction-3');
    await page.keyboard.press('End');
    await focused('direction-4999');
    expect(await page.getAttribute('[data-testid="direction-4999"]', 'aria-rowindex')).toBe('5001');
    expect(await page.textContent('#direction-title')).toContain('blocks.49.mlp<b>$x$');
    await page.keyboard.press('PageUp');
    await page.keyboard.press('ArrowUp');
    await focused('direction-4991');
    await page.keyboard.press('Home');
    await focused('direction-0');
    await page.keyboard.press(']');
    await page.waitForFunction(() => document.querySelector('[data-testid="direction-1"]')?.getAttribute('aria-selected') === 'true');

    await page.click('th.evidence button');
    await page.click('th.layer button');
    await page.click('th.layer button');
    expect(await page.getAttribute('th.layer', 'aria-sort')).toBe('descending');
    await page.selectOption('[aria-label="Show one detector only"]', 'dead-unit');
    await page.fill('[aria-label^="Filter directions by layer"]', 'blocks.7.');
    await page.click('[data-testid="verdict-gauge"]');
    await page.waitForFunction(() => document.querySelector('[data-testid="directions-shown"]')?.textContent === '20 of 5,000');
    expect(new Set((await rowsOf(page)).map((r) => `${r.layer} ${r.verdict}`))).toEqual(new Set(['blocks.7.mlp<b>$x$ gauge']));
    expect(complaints).toEqual([]);
    await context.close();
  });
});
