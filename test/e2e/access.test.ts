/** The page for everybody: no accessibility violations in either theme, everything by keyboard, no overflow on narrow screens. */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { finished, openSite, violations, visit, type Site } from './browser';

let site: Site;
beforeAll(async () => {
  site = await openSite();
});
afterAll(() => site?.close());

const selected = (page: Page) => page.textContent('.right h2 .of');

describe('access', () => {
  it.each(['light', 'dark'] as const)('axe finds nothing on the landing, the workspace, the report and the help in %s', async (colorScheme) => {
    const { page, context, complaints } = await visit(site, '', { colorScheme });
    await page.waitForSelector('[data-testid^="example-"]');
    expect(await violations(page)).toEqual([]);
    await page.click('[data-testid="example-dead-units"]');
    await finished(page, 6);
    await page.waitForSelector('.js-plotly-plot .trace', { state: 'attached' });
    expect(await violations(page)).toEqual([]);
    await page.click('text=Report');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    expect(await violations(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('everything is reached by keyboard', async () => {
    const { page, context, complaints } = await visit(site);
    await page.waitForSelector('[data-testid="example-deep-linear"]');
    await page.focus('[data-testid="example-deep-linear"]');
    await page.keyboard.press('Enter');
    await finished(page, 8);
    const first = await selected(page);
    await page.keyboard.press('k');
    const before = await selected(page);
    expect(before).not.toBe(first);
    await page.keyboard.press('j');
    expect(await selected(page)).toBe(first);
    await page.keyboard.press('/');
    await page.keyboard.type('linears.1');
    await page.waitForFunction(() => document.querySelectorAll('[data-testid^="table-row-"]').length === 2);
    await page.keyboard.press('Escape');
    await page.keyboard.press('t');
    expect(await page.evaluate(() => document.activeElement?.getAttribute('data-testid'))).toBe('threshold');
    await page.keyboard.press('Escape');
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press('c');
    await page.waitForSelector('[data-testid="toast"]');
    expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('#v1.');
    expect(complaints).toEqual([]);
    await context.close();
  });

  it.each([390, 768, 1440])('at %i pixels nothing sticks out sideways', async (width) => {
    const { page, context } = await visit(site, '', { viewport: { width, height: 900 } });
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await page.waitForSelector('[data-testid^="example-"]');
    expect(await overflow()).toBeLessThanOrEqual(0);
    await page.click('[data-testid="example-folded-transformer"]');
    await finished(page, 2);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await context.close();
  });
});
