import { describe, expect, it } from 'vitest';
import { LlcRequest } from '../../src/analysis/llc-record';
import type { Report } from '../../src/analysis/report';
import { calibrationTable, costTable, curveTable, ddsPasses, llcDiffers, llcWords, repeatsWords } from '../../src/view/llc-words';
import { fakeReport, fakeSpectrum } from './fake-client';
import { fakeLlc } from './fake-llc';

function reportOf(changes: Partial<Report> = {}): Report {
  const report = fakeReport();
  const layer = { name: 'a', width: 4, rank: 4 };
  const provenance = { ...report.provenance, seconds: 3, phases: { directions: 2 } };
  return { ...report, provenance, spectra: [fakeSpectrum(layer, 'gradient'), fakeSpectrum({ ...layer, name: 'b' }, 'gradient')], ...changes };
}

describe('a value', () => {
  it('has the decimals that its error has', () => {
    expect(llcWords({ llc: 4.01834, standardError: 0.113 })).toBe('4.02 ± 0.11');
    expect(llcWords({ llc: 1234.5, standardError: 37 })).toBe('1235 ± 37');
    expect(llcWords({ llc: 2, standardError: 0 })).toBe('2');
    expect(llcWords({ llc: null, standardError: null })).toBe('no value');
  });
});

describe('the comparison', () => {
  it('sets the spectra of the layer beside the LLC, with what each cost', () => {
    const table = costTable(reportOf(), 'a', fakeLlc());
    expect(table.slice(1)).toEqual([
      ['λ⁺_min, gradient of a', '2.890e-9', '± 1.2e-10', '4 %', '113', '1 s'],
      ['log det⁺, gradient of a', '-47.1481', '± 0.4', '0.85 %', '113', '1 s'],
      ['LLC by SGLD', '4', '± 0.05', '1.3 %', '11,000', '2 s'],
    ]);
  });

  it('counts one backward pass unless the Fisher is exact', () => {
    const report = reportOf();
    expect(ddsPasses(report)).toBe(113);
    expect(ddsPasses({ ...report, probe: { ...report.probe, fisher: 'sampled' } })).toBe(1);
  });

  it('has λ of the directions, its bounds, or why there is neither', () => {
    const row = (triple: Report['triple']) => costTable(reportOf({ triple }), null, null)[1]!.slice(0, 3);
    expect(row({ lambda: '3/2', value: 1.5, multiplicity: 1, nu: null, assumption: 'They are all.' })).toEqual(['λ, from the orders of dead directions', '3/2', 'exact under its assumption']);
    expect(row({ lambda: null, bounds: [1, 2.5], reason: 'one is open' }).slice(1)).toEqual(['1 to 2.5', 'bounds']);
    expect(row({ lambda: null, bounds: [1, null], reason: 'one is open' }).slice(1)).toEqual(['≥ 1', 'bounds']);
    expect(row({ lambda: null, bounds: null, reason: 'one is open' }).slice(1)).toEqual(['–', 'not assembled']);
    expect(costTable(null, null, null)).toHaveLength(1);
  });

  it('marks the step that was chosen, and what diverged', () => {
    const record = fakeLlc();
    const rows = record.calibration!.rows.map((row, i) => (i === 0 ? { ...row, llc: null, standardError: null, acceptance: null } : row));
    expect(calibrationTable({ ...record, calibration: { ...record.calibration!, rows } }).slice(1)).toEqual([
      ['4', '1', 'diverged', '–', ''],
      ['2', '1', '4.00 ± 0.1', '0.8', 'chosen'],
      ['1', '1', '4.00 ± 0.1', '0.9', ''],
    ]);
  });

  it('says which lines of a curve were met', () => {
    const ours = { llc: 4, standardError: 0.1, passes: 10.4, seconds: 2 };
    const theirs = { checkpoint: 'a', llc: 3, std: null };
    expect(curveTable([{ checkpoint: 'a', ours, theirs, difference: 1, deviations: null }, { checkpoint: 'b', ours, theirs: null, difference: null, deviations: null }]).slice(1)).toEqual([
      ['a', '4.00 ± 0.1', '3', '1', '–', '10', '2 s'],
      ['b', '4.00 ± 0.1', 'not in the file', '–', '–', '10', '2 s'],
    ]);
  });
});

describe('repeats', () => {
  it('scatter, beside what each says of itself', () => {
    expect(repeatsWords([fakeLlc()])).toBeNull();
    expect(repeatsWords([0, 1, 2].map((seed) => fakeLlc({ seed })))).toBe(
      '3 repeats on the same probe, seeds 0, 1, 2: mean 4.100 ± 0.058. They scatter by 0.1, and each gives its own error as about 0.05.',
    );
  });
});

describe('what is shown is of other settings', () => {
  const asked = { samples: 60, loss: 'mse' };
  it.each([
    [{}, asked, false],
    [{ chains: 5 }, asked, true],
    [{ step: 2 }, asked, true],
    [{ gammas: [1, 10] }, asked, false],
    [{ gammas: [10] }, asked, true],
    [{ seed: 3 }, asked, true],
    [{ batch: 10 }, asked, true],
    [{}, { samples: 61, loss: 'mse' }, true],
    [{}, { samples: 60, loss: 'ce' }, true],
  ])('%j on %j: %s', (changes, on, differs) => {
    expect(llcDiffers(LlcRequest.parse(changes), on, fakeLlc())).toBe(differs);
  });
});
