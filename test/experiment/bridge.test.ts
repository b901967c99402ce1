/** The bridge in its small protocol: what the paper claims comes out, to the figures that were asked for. */
import { describe, expect, it } from 'vitest';
import { ExperimentRecord } from '../../src/analysis/experiment-record';
import type { Control } from '../../src/experiment/bridge/control';
import type { BridgeSlopes } from '../../src/experiment/bridge/slopes';
import type { Correlations } from '../../src/experiment/bridge/table';
import { runExperiment } from '../../src/experiment/run-experiment';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';

const means = (signal: AbortSignal, progress: (done: number, total: number) => void = () => {}) => ({ numerics: cpuNumerics(), signal, progress });
const order = { name: 'bridge', size: 'small', changes: {}, seed: 0 } as const;

describe('bridge', () => {
  it('counts dead directions on the path, under gradient flow and under noisy SGD', { timeout: 300_000 }, async () => {
    const heard: [number, number][] = [];
    const record = await runExperiment(order, means(new AbortController().signal, (done, total) => void heard.push([done, total])));
    console.log(record.table.map((row) => row.join('  ')).join('\n') + `\n\n${record.summary}\n${record.provenance.seconds.toFixed(1)} s`);
    const { bridges, correlation, control, flowImbalance } = record as unknown as {
      bridges: BridgeSlopes[];
      correlation: Correlations[];
      control: Control;
      flowImbalance: number;
    };
    const of = (regime: string) => bridges.filter((b) => b.regime === regime);
    for (const regime of ['path', 'flow', 'sgd']) {
      expect(of(regime).map((b) => [b.depth, b.side, b.layer])).toEqual([
        [2, 'activation', 1],
        [2, 'gradient', 1],
        [3, 'activation', 1],
        [3, 'activation', 2],
        [3, 'gradient', 1],
        [3, 'gradient', 2],
      ]);
    }
    expect(of('flow').map((b) => b.theory)).toEqual([-1, -1, -0.5, -1, -1, -0.5]);
    expect(of('path').map((b) => b.theory)).toEqual([2, 2, 2, 4, 4, 2]);
    expect(of('sgd').every((b) => b.seeds === 5)).toBe(true);
    for (const b of bridges) {
      const within = { path: 0.01, flow: 0.03, sgd: 0.15 }[b.regime];
      for (const r of [2, 3, 4]) expect(Math.abs(b.ratios[r]! - r), `${b.regime} L=${b.depth} ${b.side} ${b.layer}, r = ${r}`).toBeLessThan(within);
      expect(b.exponential).toBe(0);
    }
    for (const b of [...of('path'), ...of('flow')]) {
      // The rate of one direction, and the slope of all of them.
      for (const r of [1, 2, 3, 4]) expect(Math.abs(b.slopes[r]! - r * b.theory)).toBeLessThan(0.02);
      expect(b.rateError).toBeLessThan(0.02);
      expect(b.blindness).toBeLessThan(0.02);
      for (const r of [1, 2, 3, 4]) expect(Math.abs(b.smallest[r]! - b.theory)).toBeLessThan(0.02);
    }
    expect(correlation.filter((c) => c.regime === 'path').map((c) => c.least > 0.999)).toEqual([true, true]);
    expect(correlation.filter((c) => c.regime === 'flow').map((c) => c.least > 0.999)).toEqual([true, true]);
    expect(flowImbalance).toBeLessThan(1e-8);
    expect(control.decay).toBe('exponential');
    expect(Math.abs(control.rate / control.predicted - 1)).toBeLessThan(0.02);

    const { table, plots } = ExperimentRecord.parse(JSON.parse(JSON.stringify(record)));
    expect(table.map((row) => row.length)).toEqual(Array.from({ length: 13 }, () => table[0]!.length));
    expect(table[0]).toContain('paper');
    expect(plots).toHaveLength(7);
    for (const { series } of plots) for (const s of series) expect(s.y).toHaveLength(s.x.length);
    expect(heard.at(-1)).toEqual([72, 72]);
  });

  it('refuses a window that runs backwards, and says so of a run that diverged', async () => {
    const run = (changes: Record<string, number | number[]>) => runExperiment({ ...order, changes }, means(new AbortController().signal));
    await expect(run({ flowFrom: 500, flowTo: 400 })).rejects.toMatchObject({ code: 'protocol', message: expect.stringMatching(/flowFrom is 500 and flowTo is 400/) });
    const wild = { depths: [12], condition: 20, learningRate: 0.2, batch: 32, points: 3, flowSeeds: 1, flowFrom: 1, flowTo: 2, sgdSeeds: 1 };
    await expect(run(wild)).rejects.toMatchObject({ code: 'protocol', message: expect.stringMatching(/smaller learning rate/) });
  });

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    const started = performance.now();
    const run = runExperiment(order, means(abort.signal, () => abort.abort()));
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
