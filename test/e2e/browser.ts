/** A real browser on the built site, served from a sub-path by the simplest of servers. */
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { findChromium } from '../chromium.mjs';
import { ROOT } from '../analysis/run';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const DIST = join(ROOT, 'dist');
const TYPES: Record<string, string> = {
  '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml', '.map': 'application/json',
};
const FLAGS = [
  '--no-sandbox', '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

/** Any sub-path of any static host. */
const BASE = '/some/where/';

export interface Site {
  url: string;
  browser: Browser;
  /** Paths that were asked for. */
  asked: ReadonlySet<string>;
  close(): Promise<void>;
}

/** @param headers of all answers */
export async function openSite(headers: Readonly<Record<string, string>> = {}): Promise<Site> {
  if (!existsSync(join(DIST, 'index.html'))) throw new Error('There is no built site: run `npm run build` first (`npm test` does).');
  const asked = new Set<string>();
  const server = await serve(headers, asked);
  const browser = await chromium.launch({ executablePath: findChromium() ?? undefined, headless: true, args: FLAGS });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${BASE}`,
    browser,
    asked,
    async close() {
      await browser.close();
      server.close();
    },
  };
}

function serve(headers: Readonly<Record<string, string>>, asked: Set<string>): Promise<Server> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    const file = join(DIST, normalize(path.slice(BASE.length) || 'index.html'));
    if (!path.startsWith(BASE) || !file.startsWith(DIST) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    asked.add(path);
    response.writeHead(200, { ...headers, 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** A page of a fresh profile that writes down everything that should not happen. */
export interface Visit {
  page: Page;
  context: BrowserContext;
  /** Errors, unhandled rejections, policy violations, failed requests, and requests that leave the site. */
  complaints: string[];
}

export async function visit(site: Site, fragment = '', options: Parameters<Browser['newContext']>[0] = {}): Promise<Visit> {
  const context = await site.browser.newContext({ viewport: { width: 1440, height: 900 }, acceptDownloads: true, ...options });
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(site.url).origin });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(site.url) && !/^(data|blob):/.test(url)) complaints.push(`request to ${url}`);
  });
  page.on('requestfailed', (request) => complaints.push(`failed: ${request.url()}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`));
  });
  await page.goto(site.url + fragment);
  return { page, context, complaints };
}

/** Waits until nothing is running and the table shows `spectra` rows or more. */
export async function finished(page: Page, spectra = 1, timeout = 60_000): Promise<void> {
  await page.waitForFunction(
    (n) => document.querySelectorAll('[data-testid^="table-row-"]').length >= n && !document.querySelector('[data-testid="cancel"]'),
    spectra,
    { timeout },
  );
}

/** Drops files on the window as a person does: a DataTransfer with real File objects. */
export async function drop(page: Page, paths: string[]): Promise<void> {
  const files = paths.map((p) => ({ name: p.split('/').at(-1)!, base64: readFileSync(p).toString('base64') }));
  const transfer = await page.evaluateHandle((list) => {
    const data = new DataTransfer();
    for (const { name, base64 } of list) data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    return data;
  }, files);
  for (const type of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('body', type, { dataTransfer: transfer });
}

/** What axe finds wrong with the page as it stands. */
export async function violations(page: Page): Promise<string[]> {
  // Evaluated by the debugger: the page's own policy lets no foreign script in.
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } };
    return (await axe.run()).violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 120)).join(' | ')}`);
  });
}
