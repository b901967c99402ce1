/** A page that its host isolates multiplies on all cores, one that it does not on one: the same bits as the command line, which knows neither. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Report } from '../../src/analysis/report';
import config from '../../vite.config';
import { ROOT, analyzeFiles } from '../analysis/run';
import { families } from '../bench/problems';
import { drop, finished, openSite, visit, type Site } from './browser';

const headers = config.preview!.headers as Record<string, string>;
const sites: Site[] = [];
let files: string[] = [];
let grams: string | null;

beforeAll(async () => {
  sites.push(await openSite(headers), await openSite());
  const folder = mkdtempSync(join(tmpdir(), 'deadreckon-'));
  const analysis = families.find(({ tasks }) => tasks.includes('analysis'))!;
  // Its products are just worth sharing.
  const problem = (await analysis.make([1024, 512, 2])) as { checkpoint: Uint8Array; probe: Uint8Array };
  files = (['checkpoint', 'probe'] as const).map((name) => {
    const path = join(folder, `${name}.safetensors`);
    writeFileSync(path, problem[name]);
    return path;
  });
  grams = (await analyzeFiles(files, { choices: { activation: 'relu' } })).provenance.grams;
});
afterAll(() => Promise.all(sites.map((site) => site.close())));

it('hosts that read `_headers` are told the same as those of this repository', () => {
  const lines = readFileSync(join(ROOT, 'public/_headers'), 'utf8').trim().split('\n');
  expect(lines).toEqual(['/*', ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`)]);
});

it.each([['isolated', 0], ['not isolated', 1]] as const)('%s', async (_, which) => {
  const site = sites[which]!;
  const { page, complaints, context } = await visit(site);
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(which === 0);
  await drop(page, files);
  await finished(page, 4, 120_000);
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-testid="export-json"]')]);
  const report = Report.parse(JSON.parse(readFileSync(await download.path(), 'utf8')));
  expect(report.provenance.grams).toBe(grams);
  expect([...site.asked].some((path) => /product\.worker/.test(path))).toBe(which === 0);
  expect(complaints).toEqual([]);
  await context.close();
});
