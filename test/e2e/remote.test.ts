/** Addresses typed into a real browser: another origin, with and without leave, and a link that waits for consent. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Report } from '../../src/analysis/report';
import { encodeLink, decodeLink } from '../../src/analysis/link';
import { ROOT, analyzeFiles } from '../analysis/run';
import { fileServer, type FileServer } from '../checkpoint/remote/file-server';
import { drop, finished, openSite, violations, visit, type Site, type Visit } from './browser';

const FILE = join(ROOT, 'test/fixtures/references/mlp-relu.safetensors');
let site: Site;
let open: FileServer;
let closed: FileServer;
beforeAll(async () => {
  [site, open, closed] = [await openSite(), await fileServer(true), await fileServer(false)];
});
afterAll(() => Promise.all([site?.close(), open?.close(), closed?.close()]));
beforeEach(() => {
  for (const server of [open, closed]) {
    server.files.set('/mlp.safetensors', { bytes: new Uint8Array(readFileSync(FILE)) });
    server.requests.length = 0;
  }
});

async function type({ page }: Visit, address: string): Promise<void> {
  await page.click('text=paste a link or an address');
  await page.fill('.link-field input', address);
}
async function exported(page: Visit['page']): Promise<Report> {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-testid="export-json"]')]);
  return Report.parse(JSON.parse(readFileSync(await download.path(), 'utf8')));
}
/** Complaints beyond requests to the servers of this test. */
const others = ({ complaints }: Visit) => complaints.filter((c) => !c.includes(open.url) && !c.includes(closed.url));
const fragmentOf = ({ page }: Visit) => page.evaluate(() => location.hash);

describe('an address in the page', () => {
  it('opens by ranges under the page’s policy, with the numbers of the same file on disk; what was fetched is kept until it is cleared', async () => {
    const first = await visit(site);
    const { page } = first;
    await type(first, `${open.url}/mlp.safetensors`);
    expect(await page.textContent('[data-testid="link-note"]')).toContain(`from ${new URL(open.url).host}`);
    expect(await violations(page)).toEqual([]);
    expect(open.requests).toEqual([]);
    await page.click('.link-field button');
    await finished(page, 6);
    expect(open.requests.every((r) => /^GET \/mlp\.safetensors bytes=/.test(r))).toBe(true);
    const fetched = await exported(page);
    await page.setInputFiles('[data-testid="file-input"]', [FILE]);
    await page.waitForFunction(() => document.querySelector('[data-testid="status"]')?.textContent?.includes('spectra of'));
    await finished(page, 6);
    const dropped = await exported(page);
    expect(fetched.checkpoint.name).toBe('mlp.safetensors');
    expect(dropped.checkpoint.name).toBe('mlp-relu.safetensors');
    expect([fetched.provenance.grams, fetched.checkpoint.fingerprint]).toEqual([dropped.provenance.grams, dropped.checkpoint.fingerprint]);

    await page.keyboard.press('?');
    const kept = page.locator('[data-testid="kept"]');
    await kept.locator('text=/KB of such files are kept/').waitFor();
    const before = open.requests.length;
    // A new engine, the same browser: one request tells the version, and the rest is here.
    await page.reload();
    await type(first, `${open.url}/mlp.safetensors`);
    await page.click('.link-field button');
    await finished(page, 6);
    expect(open.requests.slice(before)).toEqual(['GET /mlp.safetensors bytes=0-0']);
    await page.keyboard.press('?');
    await kept.locator('text=/KB of such files are kept/').waitFor();
    await kept.locator('button').click();
    await kept.locator('text=/0 bytes of such files are kept/').waitFor();
    expect(await page.evaluate(async () => (await (await caches.open('deadreckon-remote')).keys()).length)).toBe(0);
    expect(others(first)).toEqual([]);
    await first.context.close();
  });

  it('brings its tokenizer when a text is dropped, and not before', async () => {
    const gpt2 = (name: string) => join(ROOT, 'test/fixtures/probes/gpt2', name);
    const put = (name: string, bytes: Uint8Array) => open.files.set(`/gpt2/${name}`, { bytes });
    for (const name of ['model.safetensors', 'config.json', 'tokenizer.json', 'tokenizer_config.json']) put(name, new Uint8Array(readFileSync(gpt2(name))));
    const names = (await analyzeFiles([gpt2('model.safetensors'), gpt2('config.json')], { layers: 'lm_head', samples: 2 })).checkpoint.tensors.map((t) => t.name);
    put('model.safetensors.index.json', new TextEncoder().encode(JSON.stringify({ weight_map: Object.fromEntries(names.map((name) => [name, 'model.safetensors'])) })));
    const seen = await visit(site);
    const { page } = seen;
    await type(seen, `${open.url}/gpt2/model.safetensors.index.json`);
    await page.click('.link-field button');
    await finished(page, 2);
    const asked = () => open.requests.filter((r) => r.includes('tokenizer'));
    expect(asked()).toEqual([]);
    await drop(page, [gpt2('corpus.txt')]);
    await page.waitForFunction(() => document.querySelector('[data-testid="probe-facts"]')?.textContent?.includes('with the next tokens as targets'));
    await page.click('[data-testid="probe-facts"] summary');
    expect(await page.textContent('[data-testid="probe-facts"]')).toContain('corpus.txt through tokenizer.json (BPE, 320 tokens)');
    expect(new Set(asked().map((r) => r.split(' ')[1]))).toEqual(new Set(['/gpt2/tokenizer.json', '/gpt2/tokenizer_config.json']));
    expect(others(seen)).toEqual([]);
    await seen.context.close();
  });

  it('says what stands in the way: no leave for pages, a login, a broken link', async () => {
    const seen = await visit(site);
    const { page } = seen;
    open.files.set('/gated.safetensors', { bytes: new Uint8Array(8), statuses: [401] });
    await type(seen, `${closed.url}/mlp.safetensors`);
    await page.click('.link-field button');
    await page.locator('[data-testid="refusal"]', { hasText: 'does not allow other pages to read its files (CORS). Download the file, then drop it here.' }).waitFor();
    await page.fill('.link-field input', `${open.url}/gated.safetensors`);
    await page.click('.link-field button');
    await page.locator('[data-testid="refusal"]', { hasText: 'asks for a login (401)' }).waitFor();
    await page.fill('.link-field input', 'http://example.org/m.pt');
    expect(await page.textContent('[data-testid="link-note"]')).toContain('without encryption');
    await seen.context.close();
  });

  it('of a link is fetched only after a click, and never without', async () => {
    const maker = await visit(site);
    await type(maker, `${open.url}/mlp.safetensors`);
    await maker.page.click('.link-field button');
    await finished(maker.page, 6);
    await maker.page.keyboard.press('c');
    await maker.page.waitForFunction(() => location.hash.startsWith('#v1.'));
    const fragment = await fragmentOf(maker);
    expect(decodeLink(fragment).source).toMatchObject({ kind: 'remote', address: `${open.url}/mlp.safetensors` });
    await maker.context.close();

    open.requests.length = 0;
    const reader = await visit(site, fragment);
    const { page } = reader;
    await page.locator('[data-testid="fetch-pending"]', { hasText: `Fetch from ${new URL(open.url).host}` }).waitFor();
    expect(await page.textContent('main .lead')).toContain(`${open.url}/mlp.safetensors`);
    expect(await violations(page)).toEqual([]);
    await page.waitForTimeout(500);
    expect(open.requests).toEqual([]);
    await page.click('[data-testid="fetch-pending"]');
    await finished(page, 6);
    expect(others(reader)).toEqual([]);
    await reader.context.close();

    open.requests.length = 0;
    const link = decodeLink(fragment);
    if (link.source.kind !== 'remote') throw new Error('the link has no address');
    const other = await visit(site, encodeLink({ ...link, source: { ...link.source, fingerprint: 'sha256-of-another' } }));
    await other.page.click('[data-testid="fetch-pending"]');
    await other.page.locator('.notice', { hasText: 'is another file' }).waitFor();
    await other.context.close();
  });
});
