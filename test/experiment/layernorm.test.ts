/** The LayerNorm kernel in its small protocol. */
import { describe, expect, it } from 'vitest';
import { ExperimentRecord } from '../../src/analysis/experiment-record';
import { Random } from '../../src/base/random';
import { bottomOf, float32Covariance } from '../../src/experiment/norm-kernel/bottom';
import { normedStream } from '../../src/experiment/norm-kernel/normed-stream';
import { runExperiment } from '../../src/experiment/run-experiment';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';

const numerics = cpuNumerics();
const signal = new AbortController().signal;
const order = { name: 'layernorm', size: 'small', changes: {}, seed: 0 } as const;

interface Kernel {
  norm: string;
  stage: string;
  width: number;
  cosine: { least: number; mean: number };
  angle: number;
  float32: { least: number } | null;
  ratio: number;
}

describe('layernorm', () => {
  it('finds gamma^-1 behind a LayerNorm and not behind an RMSNorm', { timeout: 120_000 }, async () => {
    const record = await runExperiment(order, { numerics, signal, progress: () => {} });
    console.log(record.table.map((row) => row.join('  ')).join('\n') + `\n\n${record.summary}\n${record.provenance.seconds.toFixed(1)} s`);
    const { kernels, verdicts } = record as unknown as { kernels: Kernel[]; verdicts: { verdict: string; order: number | null }[] };
    expect(kernels).toHaveLength(12);
    for (const k of kernels.filter((x) => x.norm === 'layer-norm')) {
      expect(k.cosine.least).toBeGreaterThan(0.9999);
      expect(k.angle).toBeLessThan(1e-8);
      expect(k.ratio).toBeLessThan(1e-15);
      // Rounding of 2^-24 does not reach a flat spectrum, and covers one that decays by ten orders.
      if (k.stage === 'initial') expect(k.float32!.least).toBeGreaterThan(0.9999);
      else expect(k.float32!.least).toBeLessThan(0.9);
    }
    const chance = kernels.filter((x) => x.norm === 'rms-norm' && x.stage === 'initial');
    expect(chance.map((k) => k.width)).toEqual([16, 40, 96]);
    // Mean |cosine| of three draws: within 3 of sqrt(2 / (pi d)).
    for (const { width, cosine } of chance) expect(cosine.mean).toBeLessThan(3 * Math.sqrt(2 / (Math.PI * width)));
    for (const k of kernels.filter((x) => x.norm === 'rms-norm')) {
      expect(k.cosine.mean).toBeLessThan(0.6);
      expect(k.ratio).toBeGreaterThan(1e-3);
    }
    expect(verdicts.map((v) => [v.verdict, v.order])).toEqual([['gauge', null], ['regular', 1]]);
    const { table, plots } = ExperimentRecord.parse(JSON.parse(JSON.stringify(record)));
    expect(table.map((row) => row.length)).toEqual(Array.from({ length: 13 }, () => table[0]!.length));
    expect(plots.map((p) => p.series.length)).toEqual([5, 4]);
  });

  it('the kernel is exact for any eps', async () => {
    for (const epsilon of [0, 1e-5, 0.1, 1]) {
      const { taps, inverseScale } = normedStream(numerics.ops, new Random(2), { kind: 'layer-norm', stage: 'trained', width: 24, rows: 120, epsilon, decades: 2 });
      const { angle } = await bottomOf(await numerics.gram(taps), inverseScale, signal);
      expect(angle).toBeLessThan(1e-12);
    }
  });

  it('a float32 covariance is off by the rounding of float32, and by no more', async () => {
    const [rows, width] = [200, 5];
    const x = new Random(3).normals(rows * width);
    const found = await float32Covariance(x, rows, width, signal);
    const gram = await numerics.gram(numerics.ops.constant(x, [rows, width]));
    const errors = Array.from(found, (v, k) => Math.abs(v - gram.hi[k]! / rows));
    expect(Math.max(...errors)).toBeLessThan(1e-6);
    expect(Math.max(...errors)).toBeGreaterThan(1e-9);
    expect(found[1]).toBe(found[width]);
  });

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    const run = runExperiment(order, { numerics, signal: abort.signal, progress: () => abort.abort() });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  });
});
