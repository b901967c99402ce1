/** Pictures and text dropped into a real browser, beside their network and after it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Report } from '../../src/analysis/report';
import { ROOT, analyzeFiles } from '../analysis/run';
import { drop, finished, openSite, visit, violations, type Site } from './browser';

const FIXTURES = join(ROOT, 'test/fixtures');
const at = (folder: string, ...names: string[]) => names.map((name) => join(FIXTURES, folder, name));
let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site?.close());

describe('probes', () => {
  it('a picture beside a vision transformer: read at once, with what was done to it in words and the bits of the command line', async () => {
    const { page, complaints, context } = await visit(site);
    const files = [...at('families/vit', 'model.safetensors', 'config.json'), ...at('pictures', 'grey.png')];
    await drop(page, files);
    await finished(page, 2);
    expect(await page.textContent('[data-testid="probe-facts"]')).toContain('grey.png: one picture as [2, 4, 4], no targets');
    expect(await page.textContent('[data-testid="choice-pixels"]')).toContain('-1 to 1');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-testid="export-json"]')]);
    const report = Report.parse(JSON.parse(readFileSync(await download.path(), 'utf8')));
    expect(report.provenance.grams).toBe((await analyzeFiles(files)).provenance.grams);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('a text that waits for its tokenizer, on a narrow page: no violations, nothing sticks out, both losses in sight', async () => {
    const { page, complaints, context } = await visit(site, '', { viewport: { width: 390, height: 844 } });
    await drop(page, at('probes/gpt2', 'model.safetensors', 'config.json', 'trainer_state.json', 'corpus.txt'));
    await page.waitForFunction(() => document.body.textContent?.includes('corpus.txt is text: to run the network on it, drop its tokenizer.json too.'));
    await finished(page, 2);
    await drop(page, at('probes/gpt2', 'tokenizer.json'));
    await page.waitForFunction(() => document.querySelector('[data-testid="probe-facts"]')?.textContent?.includes('with the next tokens as targets'));
    await page.click('[data-testid="run"]');
    await page.waitForFunction(() => document.querySelector('[data-testid="probe-facts"]')?.textContent?.includes('per token (cross-entropy'));
    const facts = await page.textContent('[data-testid="probe-facts"]');
    expect(facts).toContain('the file records trainer_state.eval_loss = 4.875');
    await page.click('[data-testid="probe-facts"] summary');
    expect(await page.textContent('[data-testid="probe-facts"]')).toContain('corpus.txt through tokenizer.json (BPE, 320 tokens)');
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
