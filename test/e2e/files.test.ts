/** Real files dropped into a real browser: the numbers on the page are those of the command line's pipeline and of numpy. */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Report } from '../../src/analysis/report';
import { inPlace } from '../../src/analysis/weight-spectrum';
import { Random } from '../../src/base/random';
import { ROOT, analyzeFiles } from '../analysis/run';
import { writeSparse } from '../cli/sparse-file';
import { disagreements } from '../oracle/agreement';
import { drop, finished, openSite, visit, type Site } from './browser';

const REFERENCES = join(ROOT, 'test/fixtures/references');
const reference = (name: string) => join(REFERENCES, name);
let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site?.close());

interface Reference {
  spectra: { layer: string; side: string; eigenvalues: number[] }[];
}

async function exported(page: Page, kind: string): Promise<string> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(`[data-testid="export-${kind}"]`)]);
  return readFileSync(await download.path(), 'utf8');
}

function compare(report: Report, expected: Reference, tolerance: (truth: number) => number): number {
  let compared = 0;
  for (const { layer, side, eigenvalues } of expected.spectra) {
    const found = report.spectra.find((s) => s.tap.layer === layer && s.tap.side === side)!;
    eigenvalues.forEach((truth, i) => {
      if (truth <= found.floor) return;
      expect(Math.abs(found.eigenvalues[i]! - truth), `${layer} ${side} #${i}`).toBeLessThanOrEqual(tolerance(truth));
      compared++;
    });
  }
  return compared;
}

describe('dropping files', () => {
  it('a weight that is solved in place, piece by piece from the file: every bit of the pipeline', async () => {
    const [rows, columns] = [290, 270];
    const bytes = new Uint8Array(Float32Array.from(new Random(4).normals(rows * columns)).buffer);
    const path = join(tmpdir(), 'deadreckon-weight.safetensors');
    // The scalar beside it makes it no network.
    writeSparse(path, new Map([['weight', { dtype: 'F32', shape: [rows, columns], bytes }], ['odd.table', { dtype: 'F32', shape: [1, 1, 1] }]]));
    const { page, complaints, context } = await visit(site);
    await drop(page, [path]);
    await finished(page, 2);
    const [spectrum] = Report.parse(JSON.parse(await exported(page, 'json'))).spectra;
    const [ours] = Report.parse(JSON.parse(JSON.stringify(await analyzeFiles([path])))).spectra;
    expect(inPlace(rows, columns)).toBe(true);
    expect({ ...spectrum, readings: [] }).toEqual({ ...ours, readings: [] });
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('a torch MLP with its probe: numpy to 1e-10 in the exported report, and the same on the page as in the pipeline', async () => {
    const { page, complaints, context } = await visit(site);
    await drop(page, [reference('mlp-relu.pt'), reference('mlp-relu.probe.npz')]);
    await finished(page, 6);
    const report = Report.parse(JSON.parse(await exported(page, 'json')));
    expect(report.probe).toMatchObject({ kind: 'file', loss: 'mse', fisher: 'empirical', samples: 160 });
    const expected = JSON.parse(readFileSync(reference('mlp-relu.json'), 'utf8')) as Reference;
    expect(compare(report, expected, (truth) => 1e-10 * truth)).toBeGreaterThan(50);

    const ours = await analyzeFiles([reference('mlp-relu.pt'), reference('mlp-relu.probe.npz')]);
    // Bit for bit; logarithms alone may differ by a unit in the last place between two engines.
    const bits = (r: Report) => r.spectra.map((s) => ({ ...s, readings: [] }));
    expect(bits(report)).toEqual(bits(JSON.parse(JSON.stringify(ours)) as Report));
    await page.click('[data-testid="table-row-2-gradient"]');
    const shown = await page.getAttribute('[data-testid="reading-logDetPlus"]', 'data-value');
    expect(Number(shown)).toBeCloseTo(ours.spectra.find((s) => s.tap.layer === '2' && s.tap.side === 'gradient')!.readings.find((r) => r.name === 'logDetPlus')!.value!, 10);

    const csv = await exported(page, 'csv');
    expect(csv.split('\n')[0]).toContain('layer,side,quantity,index,value');
    expect(csv).toContain('2,gradient,eigenvalue');
    expect((await exported(page, 'svg')).startsWith('<svg')).toBe(true);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('without a probe of its own: the drawn one, tanh and sampled labels give the same Gram matrices in browser and Node, bit for bit', async () => {
    const { page, complaints, context } = await visit(site);
    await drop(page, [reference('mlp-tanh-nested.pt')]);
    const ours = await analyzeFiles([reference('mlp-tanh-nested.pt')], { choices: { activation: 'tanh' } });
    await page.selectOption('[data-testid="choice-activation"]', 'tanh');
    await page.click('[data-testid="run"]');
    await page.waitForFunction(() => !document.querySelector('[data-testid="cancel"]'));
    await finished(page, 6);
    const report = Report.parse(JSON.parse(await exported(page, 'json')));
    expect(report.probe).toMatchObject({ kind: 'gaussian', fisher: 'sampled' });
    expect(report.provenance.grams).toBe(ours.provenance.grams);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('a TransformerLens checkpoint: numpy to 1e-10; its activation can be overridden', async () => {
    const { page, complaints, context } = await visit(site);
    await page.setInputFiles('[data-testid="file-input"]', [reference('tl-ln.pt'), reference('tl-ln.probe.npz')]);
    await finished(page, 14);
    const report = Report.parse(JSON.parse(await exported(page, 'json')));
    expect(report.model.architecture).toBe('transformer-lens');
    const expected = JSON.parse(readFileSync(reference('tl-ln.json'), 'utf8')) as Reference;
    expect(compare(report, expected, (truth) => 1e-10 * truth)).toBeGreaterThan(200);

    await page.selectOption('[data-testid="choice-activation"]', 'relu');
    await page.click('[data-testid="run"]');
    await page.waitForFunction(() => !document.querySelector('[data-testid="cancel"]'));
    await finished(page, 14);
    const relu = Report.parse(JSON.parse(await exported(page, 'json')));
    const mean = (r: Report) => r.spectra.find((s) => s.tap.layer === 'blocks.0.mlp.W_in' && s.tap.side === 'activation')!.eigenvalues[0];
    expect(relu.model.choices.find((c) => c.key === 'activation')).toMatchObject({ value: 'relu', assumed: false });
    expect(mean(relu)).not.toBe(mean(report));
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('WebGPU agrees with numpy to its stated floor', async () => {
    const { page, complaints, context } = await visit(site);
    await page.setInputFiles('[data-testid="file-input"]', [reference('mlp-relu.pt'), reference('mlp-relu.probe.npz')]);
    await finished(page, 6);
    await page.click('[data-testid="backend-chip"]');
    expect(await page.textContent('[data-testid="backend-reason"]')).toMatch(/The CPU takes less than a second in float64/);
    await page.click('#backend-note button');
    await page.waitForFunction(() => /WebGPU/.test(document.querySelector('[data-testid="backend-chip"]')?.textContent ?? ''), undefined, { timeout: 90_000 });
    await finished(page, 6, 90_000);
    const report = Report.parse(JSON.parse(await exported(page, 'json')));
    expect(report.provenance).toMatchObject({ backend: 'webgpu', choice: { reason: 'It was asked for by name.', adapter: report.provenance.device } });
    const remembered = await page.evaluate(async () => (await (await caches.open('deadreckon')).keys()).map((request) => request.url));
    expect(remembered).toEqual([expect.stringMatching(/remembered\/adapter-[0-9a-f]{32}\.json$/)]);
    const expected = JSON.parse(readFileSync(reference('mlp-relu.json'), 'utf8')) as Reference;
    for (const { layer, side, eigenvalues } of expected.spectra) {
      expect(disagreements(report.spectra.find((s) => s.tap.layer === layer && s.tap.side === side)!, eigenvalues)).toEqual([]);
    }
    expect(compare(report, expected, (truth) => truth / 10)).toBeGreaterThan(50);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('a broken file is a sentence, and the good one beside it is analysed', async () => {
    const { page, complaints, context } = await visit(site);
    const broken = join(tmpdir(), '<img src=x onerror=alert(1)>.safetensors');
    writeFileSync(broken, Buffer.from([255, 255, 255, 255, 0, 0, 0, 0, 123]));
    await page.setInputFiles('[data-testid="file-input"]', [broken, reference('mlp-relu.safetensors')]);
    await finished(page, 6);
    const text = await page.textContent('[data-testid="refusal"]');
    expect(text).toContain('<img src=x onerror=alert(1)>.safetensors');
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('a link to a local file asks for that file, shows its numbers meanwhile, and finds it', async () => {
    const first = await visit(site);
    await first.page.setInputFiles('[data-testid="file-input"]', [reference('mlp-relu.safetensors')]);
    await finished(first.page, 6);
    await first.page.click('[data-testid="share"]');
    await first.page.waitForSelector('[data-testid="toast"]');
    const link = await first.page.evaluate(() => navigator.clipboard.readText());
    const rank = await first.page.textContent('[data-testid="table-row-2-activation"] [data-quantity="rank"]');
    const snapshot = await exported(first.page, 'json');

    const second = await visit(site, new URL(link).hash);
    await second.page.waitForSelector('[data-testid="digest-row-2-activation"]');
    const asked = await second.page.textContent('main');
    expect(asked).toContain('mlp-relu.safetensors');
    expect(await second.page.textContent('[data-testid="digest-row-2-activation"]')).toContain(rank!);
    // Another file is not the one.
    await second.page.setInputFiles('[data-testid="file-input"]', [reference('deep-linear.pt')]);
    await second.page.waitForFunction(() => /another file|not the file|different file/i.test(document.querySelector('main')?.textContent ?? ''));
    await second.page.setInputFiles('[data-testid="file-input"]', [reference('mlp-relu.safetensors')]);
    await finished(second.page, 6);
    expect(Report.parse(JSON.parse(await exported(second.page, 'json'))).spectra).toEqual(Report.parse(JSON.parse(snapshot)).spectra);

    // The snapshot opens without the checkpoint, in a page that never saw it.
    const third = await visit(site);
    const path = join(tmpdir(), 'deadreckon-snapshot.json');
    writeFileSync(path, snapshot);
    await third.page.setInputFiles('[data-testid="file-input"]', [path]);
    await finished(third.page, 6);
    expect(await third.page.textContent('[data-testid="table-row-2-activation"] [data-quantity="rank"]')).toBe(rank);
    expect([...first.complaints, ...second.complaints, ...third.complaints]).toEqual([]);
    for (const v of [first, second, third]) await v.context.close();
  });

  it('a folder of shards and their index is one checkpoint', async () => {
    const { page, complaints, context } = await visit(site);
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.click('text=choose a folder')]);
    await chooser.setFiles(reference('mlp-relu-sharded'));
    await finished(page, 6);
    const report = Report.parse(JSON.parse(await exported(page, 'json')));
    expect(report.checkpoint.format).toBe('sharded safetensors');
    expect(report.checkpoint.files.map((f) => f.name.split('/').at(-1))).toEqual(['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('a damaged link is a sentence and nothing else', async () => {
    for (const fragment of ['#v1.AAAA', '#v9.AAAA', '#v1.%3Cscript%3E']) {
      const { page, context, complaints } = await visit(site, fragment);
      await page.waitForSelector('[data-testid="refusal"]');
      expect(await page.textContent('[data-testid="refusal"]')).toMatch(/link/i);
      expect(complaints).toEqual([]);
      await context.close();
    }
  });
});
