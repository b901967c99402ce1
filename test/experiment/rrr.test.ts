/** The reduced-rank anchor in short: closed forms, recovery, correlations, and what belongs to the record. */
import { describe, expect, it } from 'vitest';
import { ExperimentRecord } from '../../src/analysis/experiment-record';
import { Random } from '../../src/base/random';
import { ordering, spearman } from '../../src/experiment/rank-correlation';
import { reducedRankCell } from '../../src/experiment/reduced-rank/cell';
import { observablesOf } from '../../src/experiment/reduced-rank/observables';
import type { Correlation, RrrCell } from '../../src/experiment/reduced-rank/tables';
import { runExperiment } from '../../src/experiment/run-experiment';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';

const order = (changes: Record<string, number | number[]>) => ({ name: 'rrr', size: 'small' as const, changes, seed: 0 });
const signal = new AbortController().signal;
const means = (stop = signal) => ({ numerics: cpuNumerics(), signal: stop, progress: () => {} });

describe('rrr', () => {
  it('recovers the closed form on fourteen cells, and reports what orders them', { timeout: 300_000 }, async () => {
    const record = await runExperiment(order({ burnIn: 600, draws: 2400, chains: 3 }), means());
    console.log(record.table.map((row) => row.join(' | ')).join('\n') + `\n${record.summary}`);
    expect(ExperimentRecord.parse(JSON.parse(JSON.stringify(record)))).toEqual(JSON.parse(JSON.stringify(record)));
    const cells = record.cells as RrrCell[];
    expect(cells.map((c) => c.lambda)).toEqual([9, 13, 11, 14.5, 18, 13, 16, 19, 22, 15, 17.5, 20, 22.5, 25]);
    expect(cells.every((c) => c.multiplicity === 1)).toBe(true);
    // So few draws know it to a few percent; the full protocol to 99 %.
    const { accuracy, ratio } = record.recovery as { accuracy: number; ratio: number };
    expect(accuracy).toBeGreaterThan(0.95);
    expect(Math.abs(ratio - 1)).toBeLessThan(0.03);
    expect(record.passes).toBe(cells.reduce((sum, c) => sum + c.passes, 0));
    for (const cell of cells) {
      expect(cell.passes).toBeGreaterThan(3 * 2600);
      expect(cell.calibration.rows.map((r) => r.step)).toContain(cell.step);
      expect(cell.plain.llc).not.toBeNull();
      // The output of a network narrower than its output has a singular value that is exactly zero.
      if (cell.H < cell.N) expect(cell.observables.h2.sigmaMin).toBe(0);
      else expect(cell.observables.h2.sigmaMin).toBeGreaterThan(0);
    }
    const correlations = record.correlations as Correlation[];
    expect(correlations.map((c) => [c.observable, c.paper])).toEqual([
      ['LLC', null],
      ['σ_min(X_h1)', null],
      ['σ_min(X_h2)', 0.895],
      ['λ⁺_min(G_h1)', -0.978],
      ['λ⁺_min(G_h2)', -0.978],
      ['log det⁺(G_h1)', -0.947],
      ['log det⁺(G_h2)', -0.947],
      ['H·r (control)', null],
    ]);
    expect(correlations[0]!.rho).toBeGreaterThan(0.97);
    expect(correlations.at(-1)!.rho).toBeCloseTo(0.991, 3);
    expect(correlations.every((c) => c.within.pairs === 20 && c.across.pairs === 70)).toBe(true);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 300);
    await expect(runExperiment(order({ draws: 1_000_000 }), means(stop.signal))).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a cell', () => {
  const sizes = { inputs: 6, hidden: 3, outputs: 4, rank: 2, samples: 3000, noise: 0.1 };

  it('is trained to its noise, and its spectra are those of its layers', async () => {
    const cell = await reducedRankCell(sizes, new Random(3), signal);
    const { model, trained } = cell;
    // N sigma^2 / 2, less what the weights fit of the noise.
    expect(model.loss(trained)).toBeCloseTo((4 * 0.01) / 2, 3);
    expect(cell.gradient).toBeLessThan(1e-4);
    const { h1, h2 } = await observablesOf(cell, signal);
    expect([h1.activationRank, h2.activationRank, h1.gradientRank, h2.gradientRank]).toEqual([3, 3, 3, 4]);
    // Four residuals of variance 0.01.
    expect(h2.logDetPlus!).toBeCloseTo(4 * Math.log(0.01), 0);
    expect(h2.lambdaPlusMin!).toBeCloseTo(0.01, 3);
  });
});

describe('rank correlation', () => {
  it('of orders and reversals, with ties', () => {
    expect(spearman([1, 5, 9], [2, 3, 100])).toBe(1);
    expect(spearman([1, 5, 9], [3, 2, 1])).toBe(-1);
    // 1 - 6 * 2 / (4 * 15)
    expect(spearman([1, 2, 3, 4], [1, 3, 2, 4])).toBeCloseTo(0.8, 12);
    // Ranks 0.5 0.5 2 against 0 1 2: scipy.stats.spearmanr gives 0.8660.
    expect(spearman([1, 1, 2], [1, 2, 3])).toBeCloseTo(Math.sqrt(0.75), 12);
    expect(spearman([1, 1, 1], [1, 2, 3])).toBeNull();
  });

  it('counts pairs, without ties of what is ordered', () => {
    expect(ordering([1, 2, 2, 0], [1, 2, 3, 3])).toEqual({ pairs: 5, same: 2, opposite: 2 });
    expect(ordering([1, 2, 3], [1, 2, 3], (i, j) => j - i === 1)).toEqual({ pairs: 2, same: 2, opposite: 0 });
  });
});
