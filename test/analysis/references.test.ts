/**
 * Real torch and TransformerLens checkpoints against float64 numpy on the same inputs: every eigenvalue above the floor to 1e-10 of
 * itself, and nothing below the floor that numpy sees above it. test/fixtures/make_references.py made the numbers.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Report } from '../../src/analysis/report';
import { Request } from '../../src/analysis/request';
import { ROOT, analyzeFiles } from './run';

const FOLDER = 'test/fixtures/references';

interface Reference {
  checkpoints: string[][];
  probe: string;
  settings: { activation?: string; normalization?: string; attention?: string; loss: 'mse' | 'ce'; fisher: 'empirical' | 'exact'; parameter?: boolean };
  meanLoss: number;
  spectra: { layer: string; side: string; dimension: number; rows: number; eigenvalues: number[] }[];
}

const names = readdirSync(join(ROOT, FOLDER)).filter((f) => f.endsWith('.json')).sort();

describe.each(names)('%s', (name) => {
  const reference = JSON.parse(readFileSync(join(ROOT, FOLDER, name), 'utf8')) as Reference;
  it.each(reference.checkpoints.map((files) => [files.join(' + '), files] as const))('%s agrees with numpy', async (_, files) => {
    const { activation, normalization, attention, ...settings } = reference.settings;
    const choices = Object.fromEntries(Object.entries({ activation, normalization, attention }).filter(([, v]) => v !== undefined));
    const paths = [...files, reference.probe].map((f) => join(FOLDER, f));
    const report = await analyzeFiles(paths, Request.partial().parse({ ...settings, choices, folds: 0 }));
    expect(() => Report.parse(report)).not.toThrow();
    if (reference.meanLoss !== null) expect(Math.abs(report.probe.meanLoss! / reference.meanLoss - 1)).toBeLessThan(1e-12);
    let compared = 0;
    for (const expected of reference.spectra) {
      const found = report.spectra.find((s) => s.tap.layer === expected.layer && s.tap.side === expected.side);
      expect(found, `${expected.layer} ${expected.side}`).toBeDefined();
      const where = `${expected.layer} ${expected.side}`;
      expect([found!.dimension, found!.rows], where).toEqual([expected.dimension, expected.rows]);
      expect(found!.eigenvalues.length, where).toBe(expected.dimension);
      expected.eigenvalues.forEach((truth, i) => {
        if (truth <= found!.floor) return expect(found!.eigenvalues[i], `${where} #${i}`).toBeLessThanOrEqual(found!.floor);
        expect(Math.abs(found!.eigenvalues[i]! / truth - 1), `${where} #${i}: ${found!.eigenvalues[i]} against ${truth}`).toBeLessThan(1e-10);
        compared++;
      });
      for (const r of found!.residuals) if (r !== null) expect(r, where).toBeLessThan(1e-12 * Math.max(found!.eigenvalues[0]!, 1e-300) * expected.dimension);
    }
    expect(compared).toBeGreaterThan(20);
  });
});
