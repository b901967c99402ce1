import { openSite, visit } from './browser';
const site = await openSite();
const { page, complaints } = await visit(site);
await page.evaluate(() => {
  const w = window as unknown as { worst: number };
  w.worst = 0;
  let last = performance.now();
  setInterval(() => { const now = performance.now(); w.worst = Math.max(w.worst, now - last - 50); last = now; }, 50);
});
const worst = () => page.evaluate(() => { const w = window as unknown as { worst: number }; const x = w.worst; w.worst = 0; return Math.round(x); });
const t = performance.now();
const s = () => ((performance.now() - t) / 1000).toFixed(1);
await page.setInputFiles('[data-testid="file-input"]', ['config.json', 'model.safetensors.index.json', 'model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'].map((f) => `${process.argv[2]}/${f}`));
console.log('set', s());
await page.waitForSelector('[data-testid="run"]', { timeout: 120000 });
console.log('listed', s(), 'worst gap ms', await worst());
console.log('norms:', await page.innerText('[data-testid="norms"]').catch((e) => String(e).slice(0, 100)));
if (process.argv[3] === 'directions') {
  await page.click('[data-testid="directions-setting"]').catch((e) => console.log(String(e).slice(0, 300)));
  const d = performance.now();
  await page.click('[data-testid="run"]');
  await page.waitForTimeout(500);
  await page.waitForFunction(() => !document.querySelector('[data-testid="cancel"]'), null, { timeout: 60000 });
  console.log('directions ended in', ((performance.now() - d) / 1000).toFixed(1), await page.innerText('[data-testid="status"]'));
  console.log('refusals', await page.locator('[data-testid="refusal"]').allInnerTexts(), (await page.innerText('body')).match(/[^\n]*whole network[^\n]*/g));
}
const step = process.argv[3] ?? 'run';
if (step === 'run') {
  await page.click('[data-testid="run"]');
  const until = performance.now() + Number(process.argv[4] ?? 90) * 1000;
  let last = '';
  while (performance.now() < until) {
    const status = (await page.innerText('[data-testid="status"]')).replace(/\n/g, ' ');
    if (status !== last) console.log(s(), status, '| rows', await page.locator('[data-testid^="table-row-"]').count());
    last = status;
    await page.waitForTimeout(2000);
  }
  console.log('worst gap ms while running', await worst());
  const c = performance.now();
  await page.click('[data-testid="cancel"]');
  await page.waitForSelector('[data-testid="cancel"]', { state: 'detached', timeout: 60000 });
  console.log('cancelled in', ((performance.now() - c) / 1000).toFixed(2), 's', await page.innerText('[data-testid="status"]'));
}
console.log(complaints.slice(0, 5));
await site.close();
