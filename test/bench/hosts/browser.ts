/** A headless Chromium on a page of Vite's dev server, isolated, so that peers may use threads. */
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { createServer } from 'vite';
import { findChromium } from '../../chromium.mjs';
import type { Row } from '../implementation';
import type { Plan } from '../round-robin';

const ROOT = resolve(import.meta.dirname, '../../..');
const COMMON = [
  '--no-sandbox', '--enable-unsafe-webgpu', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
];
const SOFTWARE = ['--use-webgpu-adapter=swiftshader'];
const HARDWARE = ['--enable-features=Vulkan', '--use-angle=vulkan', '--ignore-gpu-blocklist'];

/** What is bundled before the page loads: a dependency found later would reload it. */
const DEPENDENCIES = [
  '@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-webgpu', '@tensorflow/tfjs-backend-wasm', '@jax-js/jax', 'ml-matrix', 'fflate', 'zod',
];

declare global {
  interface Window {
    /** Of page.ts. */
    bench(plan: Plan): Promise<{ adapter: string; rows: Row[] }>;
    /** Of this file. */
    say(line: string): void;
  }
}

/** The rows, and the host in words. `hardware`: on the machine's GPU instead of SwiftShader. */
export async function runInBrowser(plan: Plan, hardware: boolean, say: (line: string) => void): Promise<{ device: string; rows: Row[] }> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error('no Chromium was found; set DEADRECKON_CHROMIUM to the path of one');
  const server = await createServer({
    configFile: false,
    root: ROOT,
    logLevel: 'silent',
    cacheDir: join(ROOT, 'node_modules/.vite-bench'),
    worker: { format: 'es' },
    optimizeDeps: {
      noDiscovery: true,
      include: DEPENDENCIES.filter((name) => existsSync(join(ROOT, 'node_modules', name))),
      // It looks for its files beside itself.
      exclude: ['onnxruntime-web'],
    },
    server: {
      host: '127.0.0.1',
      port: 0,
      hmr: false,
      watch: null,
      headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
    },
  });
  await server.listen();
  const browser = await chromium.launch({ executablePath, headless: true, args: [...COMMON, ...(hardware ? HARDWARE : SOFTWARE)] });
  try {
    const page = await browser.newPage();
    page.on('pageerror', (error) => say(`browser: ${error.message}`));
    await page.exposeFunction('say', say);
    const { port } = server.httpServer!.address() as AddressInfo;
    await page.goto(`http://127.0.0.1:${port}/test/bench/hosts/page.html`);
    await page.waitForFunction(() => 'bench' in window);
    const { adapter, rows } = await page.evaluate((asked) => window.bench(asked), plan);
    return { device: `Chromium ${browser.version()}: ${adapter}`, rows };
  } finally {
    await browser.close();
    await server.close();
  }
}
