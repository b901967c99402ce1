/** Networks that libraries wrote, with the library's own outputs: the command line says that they agree. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { reportTable } from '../../src/cli/table';
import { analyzeFiles, ROOT } from '../analysis/run';
import { filesOf, RECORDED, recordedAt, statedDifference, writeRecordedProbe } from '../model/recorded-files';

const folder = mkdtempSync(join(tmpdir(), 'deadreckon-recorded-'));
const probe = join(folder, 'recorded.safetensors');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(RECORDED.map(({ paths }, i) => [paths.join(' + '), i] as const))('%s, as the command line prints it', async (_path, i) => {
  const file = RECORDED[i]!;
  await writeRecordedProbe(file, probe);
  const report = await analyzeFiles([...filesOf(file), probe], { folds: 0, gradients: false, choices: file.choices ?? {} });
  expect(statedDifference(reportTable(report))).toBeLessThan(file.within);
});

// A process takes seconds to start: one of each kind of file.
const KINDS = ['families/gpt2', 'families/nanogpt.pt', 'families/resnet', 'onnx/external', 'keras/mlp.keras', 'keras/mlp.h5', 'tfjs/uint8'];

it.each(KINDS)('%s, in a process of its own', { timeout: 60_000 }, async (path) => {
  const file = recordedAt(path);
  await writeRecordedProbe(file, probe);
  const { status, stdout } = spawnSync('npm', ['run', '--silent', 'cli', '--', 'analyze', ...filesOf(file), '--probe', probe, '--activations-only'], { cwd: ROOT, encoding: 'utf8' });
  expect(status).toBe(0);
  expect(statedDifference(stdout)).toBeLessThan(file.within);
});
