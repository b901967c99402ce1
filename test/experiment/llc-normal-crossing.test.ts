/** The LLC agrees with what a perfect sampler would read, on every normal crossing up to (3, 3). Prints the table. */
import { describe, expect, it } from 'vitest';
import { ExperimentRecord } from '../../src/analysis/experiment-record';
import { runExperiment } from '../../src/experiment/run-experiment';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';

const order = (changes: Record<string, number>, seed = 0) => ({ name: 'llc-normal-crossing', size: 'small' as const, changes, seed });
const means = (signal = new AbortController().signal, progress: (done: number, total: number) => void = () => {}) => ({ numerics: cpuNumerics(), signal, progress });

interface Cell {
  a: number;
  b: number;
  lambda: string;
  multiplicity: number;
  exact: number;
  llc: number;
  standardError: number;
  deviations: number;
  problems: string[];
  data: { exact: number; llc: number; standardError: number; deviations: number };
}

describe('llc-normal-crossing', () => {
  it('agrees with the exact expectation within three standard errors on all fifteen', { timeout: 300_000 }, async () => {
    const heard: number[] = [];
    const record = await runExperiment(order({ draws: 6000, chains: 20 }), means(undefined, (done, total) => void heard.push(done / total)));
    console.log(record.table.map((row) => row.join(' | ')).join('\n') + `\n${record.summary}`);
    expect(ExperimentRecord.parse(JSON.parse(JSON.stringify(record)))).toEqual(JSON.parse(JSON.stringify(record)));
    const cells = record.cells as Cell[];
    expect(cells.map(({ a, b }) => `${a}${b}`).join(' ')).toBe('01 02 03 10 11 12 13 20 21 22 23 30 31 32 33');
    expect(record.agree).toEqual({ population: 15, data: 15 });
    for (const cell of cells) {
      for (const { exact, llc, standardError, deviations } of [cell, cell.data]) {
        expect(Math.abs(llc - exact)).toBeLessThanOrEqual(3 * standardError);
        expect(deviations).toBeCloseTo((llc - exact) / standardError, 10);
        // Small enough to tell the expectation from something else.
        expect(standardError).toBeLessThan(0.015);
      }
    }
    expect(cells.find(({ a, b }) => a === 0 && b === 1)!.exact).toBeCloseTo(0.5, 4);
    const crossing = cells.find(({ a, b }) => a === 1 && b === 1)!;
    expect(crossing).toMatchObject({ lambda: '1/2', multiplicity: 2 });
    expect(crossing.exact).toBeCloseTo(0.3799, 4);
    // It is this, and not lambda, that the sampler reads.
    expect(0.5 - crossing.llc).toBeGreaterThan(8 * crossing.standardError);
    expect(heard.every((part, i) => part <= 1 && part >= (heard[i - 1] ?? 0))).toBe(true);
  });

  it('has the same bits for the same seed', async () => {
    const changes = { most: 1, draws: 300, burnIn: 50, chains: 3 };
    const [one, two, other] = [await runExperiment(order(changes), means()), await runExperiment(order(changes), means()), await runExperiment(order(changes, 1), means())];
    expect(two.cells).toEqual(one.cells);
    expect((other.cells as Cell[])[2]!.llc).not.toBe((one.cells as Cell[])[2]!.llc);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    await expect(runExperiment(order({ draws: 1_000_000 }), means(stop.signal))).rejects.toMatchObject({ name: 'AbortError' });
  });
});
