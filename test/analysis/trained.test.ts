/** What training leaves behind, from the file to the verdict: norm kernels of twins, and units that weight decay has killed. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT, analyzeFiles } from './run';

const FOLDER = 'test/fixtures';
const record = JSON.parse(readFileSync(join(ROOT, FOLDER, 'trained.json'), 'utf8')) as Record<string, { dead: number[]; norm: number }>;
const SITES = ['blocks.0.ln1', 'blocks.0.ln2', 'ln_final'];
const READERS = ['blocks.0.attn.W_Q', 'blocks.0.attn.W_K', 'blocks.0.attn.W_V', 'blocks.0.mlp.W_in', 'unembed.W_U'];

describe('a trained transformer', () => {
  it.each([
    // Every reader of a LayerNorm with a bias is free along gamma^-1; no reader of an RMSNorm is.
    ['LayerNorm', 'public/examples/trained-transformer.safetensors', 'gauge', [4, 4, 4, 8, 5]],
    ['RMSNorm', `${FOLDER}/trained/rms-norm-twin.safetensors`, 'regular', [0, 0, 0, 0, 0]],
  ] as const)('%s: the kernel at every norm', { timeout: 120_000 }, async (norm, file, verdict, kernels) => {
    const report = await analyzeFiles([file], { samples: 30, positions: 3, directions: true });
    const found = report.directions!.filter((d) => d.detector === 'norm-kernel');
    expect(found.map((d) => [d.layer, d.verdict, d.order])).toEqual(READERS.map((layer) => [layer, verdict, verdict === 'gauge' ? null : 1]));
    expect([...new Set(found.map((d) => / of (\S+) \(/.exec(d.note!)![1]))]).toEqual(SITES);
    expect(found.every((d) => d.note!.includes(norm))).toBe(true);
    const audit = report.audit!.filter((line) => READERS.includes(line.layer));
    expect(audit.map((line) => line.families.find(({ family }) => family === 'LayerNorm kernel')?.dimension ?? 0)).toEqual(kernels);
    // Nothing else is dead in either: training with AdamW has left gauges only.
    expect(new Set(report.directions!.filter((d) => !found.includes(d)).map((d) => d.verdict))).toEqual(new Set(['gauge']));
    expect(report.audit!.every((line) => line.unexplained === 0)).toBe(true);
  });
});

describe('an MLP trained with weight decay', () => {
  it.each([
    ['decayed-tanh', 2],
    ['decayed-tanh-unit', 2],
    ['decayed-quadratic', 3],
    ['decayed-relu', 2],
  ] as const)('%s: its units die at order %d', { timeout: 60_000 }, async (name, order) => {
    const report = await analyzeFiles([`${FOLDER}/trained/${name}.safetensors`], { samples: 200, directions: true });
    const { dead, norm } = record[name]!;
    const found = report.directions!.filter((d) => d.detector === 'dead-unit');
    expect(found.map((d) => d.note!.replace(/ \(norm .*/, ''))).toEqual(dead.map((i) => `unit ${i}, incoming and outgoing weights nearly zero`));
    expect(found.map((d) => [d.lineOrder, d.order, d.verdict, d.coefficient])).toEqual(dead.map(() => [order, order, 'singular', 1 / (2 * order)]));
    // What was set to zero is what training left of these units, and nothing else.
    for (const { evidence, sweep } of found) {
      expect(Number(/of norm (\S+), set to zero/.exec(evidence)![1]) / norm).toBeCloseTo(1, 1);
      expect(Number(/moves the outputs by (\S+) of/.exec(evidence)![1])).toBeLessThan(1e-12);
      expect(sweep!.order).toBe(order);
    }
    const others = report.directions!.filter((d) => d.detector !== 'dead-unit');
    expect(others.filter((d) => d.verdict === 'singular' || d.verdict === 'regular')).toEqual([]);
    expect(report.audit!.every((line) => line.unexplained === 0)).toBe(true);
    if (dead.length > 1) expect(report.triple).toMatchObject({ lambda: null, reason: expect.any(String) });
    // 3 live units of 5 + 1 weights in and 1 out, and 1 bias: 22 / 2; and the dead one, 1 / 2.
    else expect(report.triple).toMatchObject({ lambda: '23/2', multiplicity: 1 });
  });
});
