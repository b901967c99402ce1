/** Every network that a library wrote, dropped into a real browser with the library's own outputs: the page says that they agree. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesOf, RECORDED, recordedAt, statedDifference, writeRecordedProbe } from '../model/recorded-files';
import { drop, openSite, visit, type Site, type Visit } from './browser';

const folder = mkdtempSync(join(tmpdir(), 'deadreckon-recorded-'));
let site: Site;
let opened: Visit;
beforeAll(async () => {
  site = await openSite();
  // One page for all: each takes the place of the one before, as a person would drop them.
  opened = await visit(site);
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await site?.close();
});

it.each(RECORDED.map(({ paths }, i) => [paths.join(' + '), i] as const))('%s', async (_path, i) => {
  const { page, complaints } = opened;
  const file = RECORDED[i]!;
  const probe = `recorded-${i}.safetensors`;
  await writeRecordedProbe(file, join(folder, probe));
  await drop(page, [...filesOf(file), join(folder, probe)]);
  const facts = (words: RegExp) =>
    page.waitForFunction(([name, pattern]) => {
      const text = document.querySelector('[data-testid="probe-facts"]')?.textContent ?? '';
      return text.includes(name!) && new RegExp(pattern!).test(text);
    }, [probe, words.source]);
  await facts(/Outputs (do not )?agree/);
  const choices = Object.entries(file.choices ?? {});
  for (const [key, value] of choices) await page.selectOption(`[data-testid="choice-${key}"]`, value);
  if (choices.length > 0) {
    await page.click('[data-testid="run"]');
    await facts(/Outputs agree/);
  }
  expect(statedDifference((await page.textContent('[data-testid="probe-facts"]'))!)).toBeLessThan(file.within);
  expect(complaints).toEqual([]);
});

it('says where they do not agree: an activation that was assumed wrongly', async () => {
  const { page, context } = await visit(site);
  const file = recordedAt('families/timm-vit');
  const probe = join(folder, 'recorded.safetensors');
  await writeRecordedProbe(file, probe);
  await drop(page, [...filesOf(file), probe]);
  await page.waitForFunction(() => document.querySelector('[data-testid="status"]')?.textContent?.includes('outputs agree with those recorded, to'));
  await page.selectOption('[data-testid="choice-activation"]', 'relu');
  await page.click('[data-testid="run"]');
  await page.waitForFunction(() => document.querySelector('[data-testid="status"]')?.textContent?.includes('outputs differ from those recorded, by'));
  expect(await page.textContent('[data-testid="probe-facts"] .caution')).toMatch(/^Outputs do not agree with the outputs recorded in the probe/);
  // What is shown is not of the probe that is chosen then.
  await page.getByLabel('probe', { exact: true }).selectOption('');
  await page.waitForFunction(() => document.querySelector('[data-testid="probe-facts"]') === null);
  await context.close();
});
