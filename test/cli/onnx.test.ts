/** ONNX models on the command line: from the file to the report. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Report } from '../../src/analysis/report';
import { ROOT, analyzeFiles } from '../analysis/run';
import { model, node, tensor, value } from '../checkpoint/onnx-writer';
import { f32 } from '../checkpoint/writers';

const FOLDER = 'test/fixtures/onnx';
const expected = (name: string) => JSON.parse(readFileSync(join(ROOT, FOLDER, `${name}.json`), 'utf8')) as { meanLoss: number };

function cli(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn('npm', ['run', '--silent', 'cli', '--', ...words], { cwd: ROOT });
    let [out, err] = ['', ''];
    child.stdout.on('data', (d) => (out += d));
    child.stderr.on('data', (d) => (err += d));
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

it('a model with its weights beside it, at the loss of its exporter', async () => {
  const { code, out, err } = await cli('analyze', `${FOLDER}/external`, '--probe', `${FOLDER}/convolutional.probe.npz`, '--json');
  expect(code, err).toBe(0);
  const report = Report.parse(JSON.parse(out));
  expect(report.probe).toMatchObject({ kind: 'file', samples: 24, loss: 'ce', fisher: 'empirical' });
  expect(Math.abs(report.probe.meanLoss! / expected('convolutional').meanLoss - 1)).toBeLessThan(1e-12);
  expect(new Set(report.spectra.map((s) => s.tap.layer))).toEqual(new Set(['conv1', 'layer1.0.conv1', 'layer1.0.conv2', 'layer1.0.downsample.0', 'conv2', 'fc']));
});

it('every null dimension of a network with a norm is explained', { timeout: 120_000 }, async () => {
  const { directions, audit } = await analyzeFiles([join(FOLDER, 'mlp.legacy.onnx')], { samples: 200, directions: true, folds: 0 });
  expect(directions!.filter((d) => d.detector === 'norm-kernel')).toMatchObject([{ layer: 'head.0' }]);
  // The kernel of the norm at each of six outputs; a shift of all logits by each input and by the bias.
  expect(audit).toMatchObject([['fc1', 0], ['fc2', 0], ['head.0', 6], ['head.2', 7]].map(([layer, found]) => ({ layer, found, expected: found, unexplained: 0 })));
});

it('a graph that cannot be run is said to be so, and its tensors are analysed one by one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'deadreckon-onnx-'));
  try {
    const path = join(folder, 'odd.onnx');
    const weights = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
    writeFileSync(path, model({ nodes: [node('Einsum', ['x', 'w'], ['z'], {}, '/mix/Einsum')], tensors: [tensor({ name: 'w', dims: [3, 4], raw: f32(...weights) })], inputs: [value('x', ['n', 3])], outputs: [value('z', ['n', 4])] }));
    const { spectra, checkpoint } = await analyzeFiles([path]);
    expect(checkpoint.format).toBe('ONNX');
    expect(spectra.map(({ tap }) => [tap.layer, tap.side])).toEqual([['w', 'weight']]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
