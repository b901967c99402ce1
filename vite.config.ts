import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

/**
 * What the built page may load: itself and nothing else. Inline style attributes are plotly's; pictures are exports and heatmaps.
 * `connect-src` also names blob: and data:, which never leave the machine. Addresses that a person types are fetched by the engine:
 * a worker with a file of its own has the policy of that file's response (HTML, "initialize a worker global scope's policy
 * container"), so that this one stays closed and nothing of the page itself can reach another host.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "worker-src 'self'",
  "connect-src 'self' blob: data:",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Writes the content policy into the built page; the dev server injects scripts and styles of its own and goes without. */
const contentPolicy: Plugin = {
  name: 'content-policy',
  apply: 'build',
  transformIndexHtml: {
    order: 'post',
    handler: (html) =>
      html.replace(
        '<meta charset="utf-8" />',
        `<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`,
      ),
  },
};

/** A page that is isolated may share memory between threads. `public/_headers` says the same to hosts that read it. */
const headers = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' };

export default defineConfig({
  // Relative addresses: the build runs from any sub-path of any static host.
  base: './',
  plugins: [react(), contentPolicy],
  // Plotly is written for bundlers that give it Node's name of the global object.
  define: { global: 'globalThis' },
  // Plotly names the styles of its map traces, which are not used here.
  resolve: {
    alias: { 'maplibre-gl/dist/maplibre-gl.css': fileURLToPath(new URL('src/view/styles/no-map.css', import.meta.url)) },
  },
  worker: { format: 'es' },
  build: { target: 'es2023', sourcemap: true, chunkSizeWarningLimit: 2000 },
  server: { open: Boolean(process.stdout.isTTY) && !process.env.CI, headers },
  preview: { headers },
});
