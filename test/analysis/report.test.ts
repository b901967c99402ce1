import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { APP } from '../../src/analysis/app';
import { Report } from '../../src/analysis/report';
import { rereadSpectrum } from '../../src/analysis/reread';
import { reportJsonSchema } from '../../src/analysis/schema';
import { parseReports } from '../../src/analysis/snapshot';
import { ROOT, analyzeFiles } from './run';

const PROBE = ['test/fixtures/references/mlp-relu.pt', 'test/fixtures/references/mlp-relu.probe.npz'];

describe('the report', () => {
  it('has a published schema that is current', () => {
    expect(JSON.parse(readFileSync(join(ROOT, 'public/report.schema.json'), 'utf8'))).toEqual(JSON.parse(JSON.stringify(reportJsonSchema())));
  });

  it('names the version of the package', () => {
    const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { name: string; version: string };
    expect(APP).toBe(`${name} ${version}`);
  });

  it('survives JSON and keeps every number', async () => {
    const report = await analyzeFiles(PROBE);
    const text = JSON.stringify(report);
    expect(parseReports(text, 'x.json')).toEqual([Report.parse(report)]);
    expect(JSON.stringify(parseReports(text, 'x.json')[0])).toBe(JSON.stringify(Report.parse(report)));
  });

  it('is the same for the same seed, and its sampled labels are not for another', async () => {
    const readings = async (seed: number) => JSON.stringify((await analyzeFiles(PROBE, { fisher: 'sampled', seed })).spectra);
    expect(await readings(3)).toBe(await readings(3));
    expect(await readings(3)).not.toBe(await readings(4));
  });

  it('refuses damaged, foreign and newer files with a sentence', async () => {
    const report = await analyzeFiles(PROBE);
    const text = JSON.stringify(report);
    expect(() => parseReports(text.slice(0, -5), 'cut.json')).toThrow(/cut\.json is not readable JSON/);
    expect(() => parseReports(JSON.stringify({ ...report, schema: 99 }), 'new.json')).toThrow(/version 99.*newer/s);
    expect(() => parseReports(JSON.stringify({ ...report, layers: 'x' }), 'odd.json')).toThrow(/odd\.json.*layers/s);
    expect(() => parseReports('null', 'null.json')).toThrow(/null\.json/);
    expect(() => parseReports('{"kind":"deadreckon-report","schema":1,"__proto__":{}}', 'p.json')).toThrow(/p\.json/);
  });
});

describe('rereading', () => {
  it.each([
    { threshold: 0, digits: null }, { threshold: 1e-6, digits: null }, { threshold: 1e-2, digits: 1 }, { threshold: 0, digits: 4 }, { threshold: 0, digits: 12 },
  ])('%o moves floor, rank and readings as a fresh analysis would, and leaves eigenvalues alone', async (cut) => {
    const [report, fresh] = await Promise.all([analyzeFiles(PROBE, { folds: 0 }), analyzeFiles(PROBE, { folds: 0, ...cut })]);
    expect(report.spectra.map((s) => rereadSpectrum(s, cut))).toEqual(fresh.spectra);
  });

  it('to fewer digits shows more eigenvalues, under a higher threshold fewer', async () => {
    const example = ['modular-addition.safetensors', 'modular-addition.probe.npz'].map((f) => join('public/examples', f));
    const report = await analyzeFiles(example, { folds: 0, loss: 'ce', layers: 'blocks.0.mlp.W_in' });
    const ranks = (cut: Parameters<typeof rereadSpectrum>[1]) => report.spectra.map((s) => rereadSpectrum(s, cut).rank!);
    expect(ranks({ threshold: 1, digits: null }).every((rank) => rank === 0)).toBe(true);
    const [fine, coarse] = [ranks({ threshold: 0, digits: 1 }), ranks({ threshold: 0, digits: 12 })];
    expect(fine.every((rank, i) => rank >= coarse[i]!)).toBe(true);
    expect(fine).not.toEqual(coarse);
  });
});
