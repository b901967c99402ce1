/**
 * `npm test`: finds or installs a Chromium, checks the types, builds the site, and runs every test against it.
 * `npm test -- test/numerics` runs a part. The last line counts: `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium, installChromium } from './chromium.mjs';

const words = process.argv.slice(2);
const run = (args) => spawnSync(process.execPath, args, { stdio: 'inherit', env: process.env }).status ?? 1;
const bin = (path) => join('node_modules', ...path.split('/'));

const chromium = findChromium() ?? installChromium();
if (!chromium) {
  console.error('No Chromium was found and none could be installed. Install one, or set DEADRECKON_CHROMIUM to its path.');
  process.exit(1);
}
process.env.DEADRECKON_CHROMIUM = chromium;
console.log(`Chromium: ${chromium}`);

if (words.length === 0) {
  if (run([bin('typescript/bin/tsc'), '--noEmit']) !== 0) process.exit(1);
  if (run([bin('vite/bin/vite.js'), 'build', '--logLevel', 'warn']) !== 0) process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'deadreckon-test-'));
const results = join(folder, 'results.json');
const status = run([bin('vitest/vitest.mjs'), 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`, ...words]);
let failed = 1;
try {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(results, 'utf8'));
  // A file that cannot even be loaded counts as a failure of its own.
  const broken = testResults.filter((t) => t.status === 'failed' && t.assertionResults.length === 0).length;
  failed = numFailedTests + broken;
  console.log(`${numPassedTests} passed, ${failed} failed`);
} catch {
  console.log('0 passed, 1 failed');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(status || (failed > 0 ? 1 : 0));
