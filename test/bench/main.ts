/** `npm run bench`: ours and the peers side by side, in Node and in a browser. Results to standard output, everything else to the other. */
import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../src/base/errors';
import type { Host, Row } from './implementation';
import { parseOptions, USAGE } from './options';
import type { Options } from './options';
import { tables } from './table';

const PACKAGES = ['@tensorflow/tfjs-core', '@jax-js/jax', 'onnxruntime-web', 'ml-matrix', 'webgpu'];

const say = (line: string) => void process.stderr.write(`${line}\n`);

async function main(words: readonly string[]): Promise<number> {
  let options: Options | 'help';
  try {
    options = parseOptions(words);
  } catch (error) {
    say(`${messageOf(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options === 'help') {
    await print(USAGE);
    return 0;
  }
  const { hosts, plan, hardware, json } = options;
  // Loaded when their turn comes: a browser's server is no part of a run in Node.
  const run = {
    node: async () => (await import('./hosts/node')).runInNode(plan, say),
    browser: async () => (await import('./hosts/browser')).runInBrowser(plan, hardware, say),
  } satisfies Record<Host, unknown>;
  const devices: string[] = [];
  const rows: Row[] = [];
  const before = load();
  for (const host of hosts) {
    try {
      const found = await run[host]();
      devices.push(found.device);
      rows.push(...found.rows);
    } catch (error) {
      say(`${host} left out: ${messageOf(error)}`);
    }
  }
  const device = [`${cpus().length} cores ${cpus()[0]?.model ?? ''}`.trim(), ...devices, versions(), `load ${before} before, ${load()} after`].join('; ');
  await print(json ? `${JSON.stringify({ device, rows })}\n` : `${device}\n\n${tables(rows)}`);
  return rows.length > 0 ? 0 : 1;
}

const load = () => loadavg()[0]!.toFixed(1);

function versions(): string {
  return PACKAGES.map((name) => ({ name, path: join(import.meta.dirname, '../../node_modules', name, 'package.json') }))
    .filter(({ path }) => existsSync(path))
    .map(({ name, path }) => `${name} ${JSON.parse(readFileSync(path, 'utf8')).version}`)
    .join(', ');
}

/** Resolves when the pipe has taken everything. */
function print(text: string): Promise<void> {
  return new Promise((done, fail) => process.stdout.write(text, (error) => (error ? fail(error) : done())));
}

process.exitCode = await main(process.argv.slice(2));
// A GPU driver may hold the process open; everything is written by now.
process.exit();
