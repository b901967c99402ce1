import { readFileSync, readdirSync } from 'node:fs';
import { it } from 'vitest';
import { openSite, visit } from './browser';
const OUT = '/tmp/trajectory/';
async function drop(page: any, paths: string[]) {
  const files = paths.map((p) => ({ name: p.split('/').at(-1)!, base64: readFileSync(p).toString('base64') }));
  const transfer = await page.evaluateHandle((list: any) => {
    const data = new DataTransfer();
    for (const { name, base64 } of list) data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return data;
  }, files);
  for (const type of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('body', type, { dataTransfer: transfer });
}
it('looks', async () => {
  const site = await openSite();
  try {
    for (const [name, options] of [['light', { colorScheme: 'light' }], ['dark', { colorScheme: 'dark' }], ['narrow', { colorScheme: 'light', viewport: { width: 820, height: 1100 } }]] as const) {
      const { page, complaints } = await visit(site, '', options as any);
      await drop(page, readdirSync('/tmp/trajectory/run').map((f) => '/tmp/trajectory/run/' + f));
      await page.waitForSelector('[data-testid="trace"]', { timeout: 60000 });
      await page.waitForTimeout(2500);
      if (name === 'light') await page.screenshot({ path: OUT + 'before.png' });
      await page.click('[data-testid="trace"]');
      await page.waitForSelector('[data-stage="all"]', { timeout: 60000 });
      await page.waitForTimeout(2500);
      await page.screenshot({ path: OUT + name + '.png' });
      await page.evaluate(() => document.querySelector('.path-table')!.scrollIntoView());
      await page.waitForTimeout(800);
      await page.screenshot({ path: OUT + name + '2.png' });
      console.log(name, complaints);
      await page.close();
    }
    const { page, complaints } = await visit(site, '');
    await drop(page, ['/tmp/wt/trajectory/public/examples/reduced-rank.npz']);
    await page.waitForSelector('#tab-trajectory', { timeout: 60000 });
    await page.click('#tab-trajectory');
    await page.waitForTimeout(500);
    await page.screenshot({ path: OUT + 'line0.png' });
    await page.click('[data-testid="trace"]');
    await page.waitForSelector('[data-stage="all"]', { timeout: 60000 });
    await page.waitForTimeout(2500);
    await page.screenshot({ path: OUT + 'line.png' });
    console.log(complaints);
  } finally { await site.close(); }
}, 200000);
