/** Spectra that are too large for the dense solver, with the limit lowered so that the dense solver can say what is true. */
import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { analyze } from '../../src/analysis/analyze';
import { solveLarge } from '../../src/analysis/large-spectrum';
import { rereadSpectrum } from '../../src/analysis/reread';
import { Report, type Spectrum } from '../../src/analysis/report';
import type { Request } from '../../src/analysis/request';
import { Random } from '../../src/base/random';
import { reportTable } from '../../src/cli/table';
import { spectrumFigure } from '../../src/figure/spectrum-figure';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { gramOfRows } from '../../src/numerics/cpu/gram';
import { eigenvaluesOfGram } from '../../src/numerics/solve';
import { inlineSolver } from '../../src/numerics/solver';
import { theme } from '../figure/theme';
import { stubCheckpoint, type Stub } from '../checkpoint-stub';

vi.mock('../../src/analysis/subject', async (original) => ({ ...(await original<typeof import('../../src/analysis/subject')>()), MAX_DIMENSION: 64 }));

const reference = cpuNumerics();

async function run(tensors: Record<string, Stub>, request: Partial<Request> = {}): Promise<Report> {
  const report = await analyze(stubCheckpoint(tensors), null, request, { numerics: reference, reference, solver: inlineSolver, emit: () => {} });
  return Report.parse(JSON.parse(JSON.stringify(report)));
}

/** A dense matrix with entries of a normal distribution, its columns scaled. */
function normal(rows: number, columns: number, scale: (j: number) => number = () => 1, seed = 1): number[] {
  const x = new Random(seed).normals(rows * columns);
  return Array.from(x, (v, i) => Math.fround(v * scale(i % columns)));
}

const truth = (values: number[], rows: number, columns: number, divisor: number) => {
  const gram = gramOfRows(Float64Array.from(values), rows, columns);
  return eigenvaluesOfGram({ ...gram, rows: divisor }, { residuals: false }).values;
};
const spectrum = (r: Report, layer: string, side: string) => r.spectra.find((s) => s.tap.layer === layer && s.tap.side === side)!;
const reading = (s: Spectrum, name: string) => s.readings.find((r) => r.name === name)!;

function expectHead(s: Spectrum, all: Float64Array): void {
  expect(s.covers).toBe('head');
  expect(s.eigenvalues.length).toBeGreaterThan(8);
  s.eigenvalues.forEach((x, i) => expect(Math.abs(x - all[i]!)).toBeLessThanOrEqual(s.residuals[i]! + 1e-13 * all[0]!));
  expect(reading(s, 'trace').value! / all.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
  expect(reading(s, 'lambdaMax').value! / all[0]!).toBeCloseTo(1, 12);
}

describe('a weight both of whose sides are above the limit', () => {
  const [rows, columns] = [160, 96];
  const values = normal(rows, columns);
  const tall = run({ 'a.matrix': { shape: [rows, columns], values }, 'b.scalar': { shape: [] } });
  const all = truth(values, rows, columns, 1);

  it.each(['tall', 'wide'])('%s: head with residuals, trace, and log det+ in an interval; what needs all eigenvalues is null with the reason', async (shape) => {
    const transposed = Array.from({ length: values.length }, (_, k) => values[(k % rows) * columns + Math.floor(k / rows)]!);
    const report = await (shape === 'tall' ? tall : run({ 'a.matrix': { shape: [columns, rows], values: transposed }, 'b.scalar': { shape: [] } }));
    const s = spectrum(report, 'a.matrix', 'weight');
    expect(s).toMatchObject({ dimension: columns, rows: 1, rank: null, deficit: null, sampleLimited: false });
    expectHead(s, all);
    for (const name of ['sigmaMin', 'lambdaPlusMin', 'rank', 'deficit']) expect(reading(s, name)).toMatchObject({ value: null, reason: expect.stringContaining('all eigenvalues') });
    const [least, most] = reading(s, 'rank').interval!;
    expect(least).toBeLessThanOrEqual(columns);
    expect(most).toBe(columns);
    // Few directions: the interval is too wide to be stated here, and the reason says so.
    const logDet = reading(s, 'logDetPlus');
    expect(logDet).toMatchObject({ value: null, reason: expect.stringMatching(/^not resolved: there are too few probes/) });
    const table = reportTable(report);
    expect(table).toContain('16 largest, the rest estimated');
    expect(table).toContain('not resolved');
  });

  it('of low rank is known whole: the head ends in zeros', async () => {
    const [u, v] = [normal(rows, 5, undefined, 2), normal(5, columns, undefined, 3)];
    const product = Array.from({ length: rows * columns }, (_, k) => {
      let sum = 0;
      for (let r = 0; r < 5; r++) sum += u[Math.floor(k / columns) * 5 + r]! * v[r * columns + (k % columns)]!;
      return sum;
    });
    const s = spectrum(await run({ 'a.matrix': { shape: [rows, columns], values: product, dtype: 'f64' }, 'b.scalar': { shape: [] } }), 'a.matrix', 'weight');
    expect(s).toMatchObject({ rank: 5, deficit: columns - 5 });
    const exact = truth(product, rows, columns, 1);
    expect(reading(s, 'lambdaPlusMin').value! / exact[4]!).toBeCloseTo(1, 9);
    expect(reading(s, 'logDetPlus').value).toBeCloseTo(exact.slice(0, 5).reduce((sum, x) => sum + Math.log(x), 0), 9);
  });

  it('read under another cut: an estimate is not carried over, and a cut within the head gives the exact readings', async () => {
    const s = spectrum(await tall, 'a.matrix', 'weight');
    const low = rereadSpectrum(s, { threshold: 1e-9, digits: null });
    expect(reading(low, 'logDetPlus').reason).toContain('another cut');
    expect(reading(low, 'rank').interval).toBeUndefined();
    const high = rereadSpectrum(s, { threshold: (s.eigenvalues[6]! / s.eigenvalues[0]!) * 1.0001, digits: null });
    expect(high).toMatchObject({ rank: 6, deficit: columns - 6 });
    expect(reading(high, 'lambdaPlusMin').value).toBe(s.eigenvalues[5]);
  });

  it('is known to one digit unless more are asked for, up to those that the head has; the hash is of the words of the tensor', async () => {
    const tensors = { 'a.matrix': { shape: [rows, columns], values }, 'b.scalar': { shape: [] } };
    const [one, all] = [spectrum(await tall, 'a.matrix', 'weight'), spectrum(await run(tensors, { digits: 12 }), 'a.matrix', 'weight')];
    expect(one).toMatchObject({ digits: 1, noise: { forward: 0, digits: 6 }, floor: one.noise.solver });
    expect(all.digits).toBe(6);
    expect(all.floor / one.floor).toBeCloseTo(1e5, 5);
    expect(rereadSpectrum(one, { threshold: 0, digits: 6 }).floor).toBe(all.floor);
    const words = new Uint8Array(Float64Array.from(values).buffer);
    expect(one.gram).toEqual({ of: 'words', sha256: createHash('sha256').update(words).digest('hex') });
    expect(all.gram).toEqual(one.gram);
  });

  it('gives the same bits again, and others with another seed', async () => {
    const once = (seed: number) => run({ 'a.matrix': { shape: [rows, columns], values }, 'b.scalar': { shape: [] } }, { seed });
    const strip = ({ spectra }: Report) => spectra;
    expect(strip(await once(0))).toEqual(strip(await tall));
    expect(strip(await once(2))).not.toEqual(strip(await tall));
  });

  it('the figure shows the head as points, the estimated counting curve, and the density along the other axis', async () => {
    const s = spectrum(await tall, 'a.matrix', 'weight');
    const figure = spectrumFigure({ spectra: [s], view: { scale: 'relative', index: 'linear', range: null }, threshold: 0, theme });
    const [head, counting, density] = figure.data as { name: string; x: number[]; y: number[]; xaxis?: string }[];
    expect(head!.x).toHaveLength(s.eigenvalues.length);
    expect(counting!.x[0]).toBeCloseTo(columns, 1);
    expect(counting!.x.at(-1)).toBeLessThan(0.5);
    expect(counting!.y).toEqual(s.estimate!.density.x.map((x) => x / s.eigenvalues[0]!));
    expect(density!.xaxis).toBe('x2');
    expect(Math.max(...density!.x)).toBeGreaterThan(0);
    const { xaxis, yaxis, xaxis2 } = figure.layout as Record<string, { range: [number, number] }>;
    expect(xaxis!.range[1]).toBeGreaterThan(columns);
    expect(yaxis!.range[0]).toBeLessThan(Math.log10(Math.min(...s.eigenvalues) / s.eigenvalues[0]!));
    expect(xaxis2!.range[1]).toBe(0);
  });
});

it('stops within a slice of work when aborted', async () => {
  const [rows, columns] = [700, 600];
  const controller = new AbortController();
  const factor = { values: new Random(1).normals(rows * columns), rows, columns };
  const job = { tap: { layer: 'w', side: 'weight' as const }, factor, dimension: columns, rows: 1, tapRoundoff: 2 ** -53, cancellation: 1, digits: 1, threshold: 0, seed: 1 };
  const solved = solveLarge(job, controller.signal);
  setTimeout(() => controller.abort(), 30);
  await expect(solved).rejects.toMatchObject({ name: 'AbortError' });
});

describe('taps wider than the limit', () => {
  it('with as many rows are read from all rows; recorded ones too', async () => {
    const [rows, columns] = [300, 90];
    const values = normal(rows, columns, (j) => 2 ** -(j % 4));
    const s = spectrum(await run({ 'act/fc': { shape: [rows, columns], values, dtype: 'f32' } }), 'fc', 'activation');
    expect(s).toMatchObject({ dimension: columns, rows, rank: null, sampleLimited: false });
    expectHead(s, truth(values, rows, columns, rows));
  });

  it('with fewer rows than width are limited by samples, and with few rows every nonzero eigenvalue is found', async () => {
    const values = normal(80, 120);
    const s = spectrum(await run({ 'act/fc': { shape: [80, 120], values, dtype: 'f32' } }), 'fc', 'activation');
    expect(s).toMatchObject({ dimension: 120, rows: 80, rank: null, sampleLimited: true });
    expectHead(s, truth(values, 80, 120, 80));
    expect(reading(s, 'rank').interval![1]).toBe(80);
    const few = spectrum(await run({ 'act/fc': { shape: [40, 120], values: values.slice(0, 4800), dtype: 'f32' } }), 'fc', 'activation');
    expect(few).toMatchObject({ dimension: 120, rows: 40, covers: 'head', rank: 40, deficit: 80, sampleLimited: true });
    expect(few.estimate).toBeUndefined();
  });

  it('of a model: rows above the limit give a head and an estimate, fewer give every nonzero eigenvalue', async () => {
    const mlp = { '0.weight': { shape: [80, 6], values: normal(80, 6) }, '0.bias': { shape: [80], values: normal(1, 80) }, '2.weight': { shape: [2, 80], values: normal(2, 80) } };
    const large = await run(mlp, { samples: 200, folds: 0, choices: { activation: 'gelu' } });
    const s = spectrum(large, '0', 'activation');
    expect(s).toMatchObject({ dimension: 80, rows: 200, covers: 'head' });
    expect(s.estimate).toBeDefined();
    expect(s.eigenvalues.length).toBeGreaterThan(8);
    s.residuals.forEach((r) => expect(r).toBeLessThan(1e-6 * s.eigenvalues[0]!));
    const small = spectrum(await run(mlp, { samples: 50, folds: 0, choices: { activation: 'gelu' } }), '0', 'activation');
    expect(small.estimate).toBeUndefined();
    expect(small).toMatchObject({ dimension: 80, rows: 50, sampleLimited: true });
    expect(small.rank! + small.deficit!).toBe(80);
  });
});
