/** Wide layers with few rows: their spectra come from X X^T, and say what X^T X would. */
import { describe, expect, it } from 'vitest';
import { analyze } from '../../src/analysis/analyze';
import type { Report, Spectrum } from '../../src/analysis/report';
import type { Request } from '../../src/analysis/request';
import { Random } from '../../src/base/random';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { inlineSolver } from '../../src/numerics/solver';
import { stubCheckpoint } from '../checkpoint-stub';

/** 5 -> `width` -> 3 with relu; units beyond `live` read and write nothing. */
function network(width: number, live: number, scale = 1) {
  const random = new Random(3);
  const [into, out] = [random.normals(5 * live), random.normals(3 * live)];
  return stubCheckpoint({
    '0.weight': { shape: [width, 5], values: Float64Array.from({ length: 5 * width }, (_, k) => (k < 5 * live ? scale * into[k]! : 0)) },
    '2.weight': { shape: [3, width], values: Float64Array.from({ length: 3 * width }, (_, k) => (k % width < live ? out[3 * (k % width) + Math.floor(k / width)]! : 0)) },
  });
}

function run(checkpoint: ReturnType<typeof network>, request: Partial<Request>): Promise<Report> {
  const reference = cpuNumerics();
  return analyze(checkpoint, null, { samples: 30, layers: '0', ...request }, { numerics: reference, reference, solver: inlineSolver, emit: () => {} });
}

const of = (report: Report, side: string): Spectrum => report.spectra.find(({ tap }) => tap.side === side)!;

describe('a unit that is not there', () => {
  // 1023 columns are summed over columns, 1024 over rows.
  it.each<[string, Partial<Request>]>([
    ['sampled Fisher, with folds', { fisher: 'sampled', folds: 2 }],
    ['exact Fisher: its passes are terms over the same rows', { fisher: 'exact', folds: 0 }],
  ])('%s', async (_, request) => {
    const [columns, rows] = [await run(network(1023, 1023), request), await run(network(1024, 1023), request)];
    for (const side of ['activation', 'gradient']) {
      const [a, b] = [of(columns, side), of(rows, side)];
      expect([a.covers, b.covers]).toEqual(['all', 'head']);
      expect(b).toMatchObject({ dimension: 1024, rows: 30, rank: a.rank, deficit: a.deficit! + 1, sampleLimited: true });
      expect(b.rank).toBeGreaterThan(2);
      expect(b.eigenvalues.length).toBeLessThan(100);
      for (let i = 0; i < a.rank!; i++) expect(Math.abs(b.eigenvalues[i]! / a.eigenvalues[i]! - 1)).toBeLessThan(1e-10);
      for (const [k, { name, value, uncertainty }] of a.readings.entries()) {
        if (!['lambdaPlusMin', 'logDetPlus', 'trace', 'lambdaMax'].includes(name)) continue;
        expect(b.readings[k]).toMatchObject({ name, value: expect.closeTo(value!, 8) });
        if (uncertainty === null) expect(b.readings[k]!.uncertainty).toBeNull();
        else expect(Math.abs(b.readings[k]!.uncertainty! - uncertainty)).toBeLessThanOrEqual(1e-6 * uncertainty);
      }
    }
  });
});

it('rows that are not finite exclude their side, with the first of them', async () => {
  await expect(run(network(1024, 1024, 1e308), {})).rejects.toThrow(/; 0: \d+ of 30720 values are NaN or infinite, the first at row \d+, column \d+/);
});
