/** Ordinary odd days: unknown architectures, bundles, NaN weights, zeros, few samples, wide layers, cancel. */
import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analysis/analyze';
import type { AnalysisEvent } from '../../src/analysis/events';
import { Report } from '../../src/analysis/report';
import type { Request } from '../../src/analysis/request';
import type { DType } from '../../src/checkpoint/types';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { inlineSolver } from '../../src/numerics/solver';
import { stubCheckpoint, type Stub } from '../checkpoint-stub';
import { hadamard } from '../oracle/matrices';

const reference = cpuNumerics();

async function run(tensors: Record<string, Stub>, request: Partial<Request> = {}, signal?: AbortSignal, emit: (e: AnalysisEvent) => void = () => {}): Promise<Report> {
  const report = await analyze(stubCheckpoint(tensors), null, request, { numerics: reference, reference, solver: inlineSolver, emit, signal });
  return Report.parse(JSON.parse(JSON.stringify(report)));
}

const spectrum = (r: Report, layer: string, side: string) => r.spectra.find((s) => s.tap.layer === layer && s.tap.side === side);
const MLP = { '0.weight': { shape: [6, 4] }, '0.bias': { shape: [6] }, '2.weight': { shape: [5, 6] }, '2.bias': { shape: [5] }, '4.weight': { shape: [3, 5] } };

describe('a checkpoint of no known architecture', () => {
  it('gives the squared singular values of each weight, and says why the rest has none', async () => {
    const report = await run({
      'a.matrix': { shape: [2, 3], values: [3, 0, 0, 0, 0, 4] },
      'a.tall': { shape: [3, 1, 2], values: [1, 0, 0, 2, 0, 0] },
      'b.vector': { shape: [4] },
      'c.scalar': { shape: [] },
      'd.integers': { shape: [2, 2], dtype: 'i64' },
      'e.empty': { shape: [0, 3] },
      'f.zero': { shape: [2, 2], values: [0, 0, 0, 0] },
    });
    expect(report.model.architecture).toBe('tensors');
    expect(spectrum(report, 'a.matrix', 'weight')!.eigenvalues).toEqual([16, 9]);
    expect(spectrum(report, 'a.tall', 'weight')!.eigenvalues).toEqual([4, 1]);
    expect(spectrum(report, 'f.zero', 'weight')).toMatchObject({ rank: 0, deficit: 2, eigenvalues: [0, 0] });
    expect(Object.fromEntries(report.skipped.map((s) => [s.layer, s.reason]))).toMatchObject({
      'b.vector': expect.stringContaining('vector'), 'c.scalar': expect.stringContaining('scalar'), 'd.integers': expect.stringContaining('i64'), 'e.empty': expect.stringContaining('empty'),
    });
  });

  it('of which nothing can be analysed is refused', async () => {
    await expect(run({ v: { shape: [4] } })).rejects.toThrow(/nothing could be analysed.*vector/s);
    await expect(run({})).rejects.toThrow(/nothing could be analysed/);
  });
});

describe('a bundle of recorded taps', () => {
  it('is read as it is: activation, gradient, and the N x N Gram', async () => {
    const report = await run({
      'act/fc1': { shape: [4, 2], values: [1, 0, 0, 2, 1, 0, 0, 2], dtype: 'f64' },
      'delta/fc1': { shape: [4, 1], values: [1, 1, 1, 1], dtype: 'f64' },
      'gram/fc1': { shape: [2, 2], values: [2, 1, 1, 2], dtype: 'f64' },
    });
    expect(report.model.architecture).toBe('bundle');
    const expected = { activation: [2, 0.5], gradient: [1], parameter: [1.5, 0.5] };
    for (const [side, values] of Object.entries(expected)) {
      const found = spectrum(report, 'fc1', side)!.eigenvalues;
      expect(found).toHaveLength(values.length);
      values.forEach((v, i) => expect(found[i], side).toBeCloseTo(v, 14));
    }
  });
});

describe('eighteen orders', () => {
  // diag(2^-k) H / 8: exact in float64, singular values 2^-k for two k each, eigenvalues from 1 down to 2e-19.
  const n = 64;
  const rowsOfH = hadamard(n);
  const values = Array.from({ length: n * n }, (_, at) => (rowsOfH[at]! / 8) * 2 ** -(Math.floor(at / n) >> 1));
  const truth = Array.from({ length: n }, (_, k) => 4 ** -(k >> 1));
  const volume = truth.reduce((sum, x) => sum + Math.log(x), 0);

  it.each([
    ['of a weight', 'odd', 'weight', 1],
    ['of taps recorded in float64', 'act/fc', 'activation', n],
  ])('%s are read: full rank, log det+ to 1e-9', async (_, name, side, rows) => {
    const report = await run({ [name]: { shape: [n, n], values, dtype: 'f64' } });
    const s = spectrum(report, name.replace('act/', ''), side)!;
    expect(s).toMatchObject({ rank: n, deficit: 0, digits: 1 });
    s.eigenvalues.forEach((x, k) => expect(Math.abs((x * rows) / truth[k]! - 1), `#${k}`).toBeLessThan(1e-9));
    const found = s.readings.find((r) => r.name === 'logDetPlus')!.value!;
    expect(Math.abs((found + n * Math.log(rows)) / volume - 1)).toBeLessThan(1e-9);
  });

  it('of taps recorded in float32 or less are not: the floor says so', async () => {
    const rank = async (dtype: DType) => spectrum(await run({ 'act/fc': { shape: [n, n], values, dtype } }), 'fc', 'activation')!.rank;
    const [double, single, half, brain] = [await rank('f64'), await rank('f32'), await rank('f16'), await rank('bf16')];
    expect(double).toBe(n);
    expect(single).toBeLessThan(double);
    expect(half).toBeLessThan(single);
    expect(brain).toBeLessThan(half);
    expect(brain).toBeGreaterThan(0);
  });

  it('of a recorded Gram are not: its entries are rounded', async () => {
    const gram = Array.from({ length: n * n }, (_, at) => values.reduce((sum, x, k) => (k % n === Math.floor(at / n) ? sum + x * values[k - (k % n) + (at % n)]! : sum), 0));
    const floor = async (dtype: DType) => spectrum(await run({ 'gram/fc': { shape: [n, n], values: gram, dtype } }), 'fc', 'parameter')!.floor;
    expect(await floor('f64')).toBeGreaterThan(1e-14 / n);
    expect(await floor('f32')).toBeGreaterThan(1e-5 / n);
  });

  it('are read to fewer digits where more are wanted', async () => {
    const ranks = await Promise.all([1, 9, 12].map(async (digits) => spectrum(await run({ 'act/fc': { shape: [n, n], values, dtype: 'f64' } }, { digits }), 'fc', 'activation')!.rank));
    expect(ranks[0]).toBe(n);
    expect(ranks[1]).toBeLessThan(n);
    expect(ranks[2]).toBeLessThan(ranks[1]!);
  });
});

describe('weights that are not finite', () => {
  it('are named with a count and the first place; what they reach is excluded, the rest runs', async () => {
    const values = Array.from({ length: 30 }, (_, i) => (i === 8 || i === 9 ? NaN : Math.sin(i)));
    const report = await run({ ...MLP, '2.weight': { shape: [5, 6], values } });
    expect(report.checkpoint.warnings.join()).toMatch(/'2\.weight' holds 2 values that are not finite \(the first at \[1, 2\]\)/);
    expect(report.spectra.map((s) => `${s.tap.layer} ${s.tap.side}`)).toEqual(['0 activation']);
    for (const { reason } of report.skipped) expect(reason).toMatch(/finite/);
    expect(report.skipped.map((s) => `${s.layer} ${s.side}`).sort()).toEqual(['0 gradient', '2 activation', '2 gradient', '4 activation', '4 gradient']);
  });
});

describe('few samples', () => {
  it('are said to be the limit: N < d, N = 1', async () => {
    for (const samples of [1, 3]) {
      const report = await run(MLP, { samples });
      const s = spectrum(report, '0', 'activation')!;
      expect(s).toMatchObject({ rows: samples, dimension: 6, sampleLimited: true });
      expect(s.rank).toBeLessThanOrEqual(samples);
      expect(s.eigenvalues).toHaveLength(6);
      expect(s.readings.find((r) => r.name === 'sigmaMin')!.limitedBy).toBe('samples');
    }
  });
});

describe('layers', () => {
  it('wider than 4096 are read over rows: every nonzero eigenvalue, labelled as the head', async () => {
    const report = await run({ '0.weight': { shape: [4100, 2] }, '2.weight': { shape: [2, 4100] } }, { samples: 5, folds: 0 });
    const s = spectrum(report, '0', 'activation')!;
    expect(s).toMatchObject({ dimension: 4100, rows: 5, covers: 'head', sampleLimited: true });
    expect(s.eigenvalues).toHaveLength(5);
    expect(s.rank + s.deficit).toBe(4100);
  });

  it('are selected by name, and the others are said to be left out', async () => {
    const report = await run(MLP, { layers: '2,4' });
    expect([...new Set(report.spectra.map((s) => s.tap.layer))]).toEqual(['2', '4']);
    expect(report.skipped).toContainEqual({ layer: '0', side: null, reason: 'not selected by "2,4"' });
    await expect(run(MLP, { layers: 'nothing*' })).rejects.toThrow(/nothing\*/);
  });
});

describe('the parameter side', () => {
  it('is the Gram of per-sample gradients: <g_i, g_j> with the bias', async () => {
    // One linear layer, loss 1/2 |f - y|^2 with sampled residuals: K_ij = (x_i . x_j + 1)(d_i d_j).
    const report = await run({ '0.weight': { shape: [1, 2], values: [1, 1] }, '0.bias': { shape: [1], values: [0] } }, { samples: 8, parameter: true, folds: 0 });
    const k = spectrum(report, '0', 'parameter')!;
    expect(k.dimension).toBe(8);
    // Three parameters: at most three nonzero eigenvalues.
    expect(k.rank).toBe(3);
    const gradient = spectrum(report, '0', 'gradient')!;
    expect(k.eigenvalues.reduce((a, b) => a + b, 0)).toBeGreaterThan(gradient.eigenvalues[0]!);
  });
});

describe('cancel', () => {
  it('rejects with AbortError and keeps the spectra that were emitted whole', async () => {
    const controller = new AbortController();
    const got: string[] = [];
    const running = run(MLP, { samples: 4000 }, controller.signal, (e) => {
      if (e.type !== 'spectrum') return;
      got.push(e.spectrum.tap.layer);
      controller.abort();
    });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
    expect(got).toEqual(['0']);
  });
});
