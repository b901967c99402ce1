import { describe, expect, it } from 'vitest';
import { rereadSpectrum } from '../../src/analysis/reread';
import { spectrumSentence } from '../../src/view/sentence';
import { fakeSpectrum } from './fake-client';

describe('the sentence about a spectrum', () => {
  const spectrum = fakeSpectrum({ name: 'W', width: 20, rank: 15 }, 'gradient');
  const nothing = { ...spectrum, eigenvalues: spectrum.eigenvalues.map((x, i) => (i < 15 ? x : 0)) };

  it('says dead where not one digit is known, and what the floor means', () => {
    const sentence = spectrumSentence(nothing, 0);
    expect(sentence).toContain('5 of 20 gradient directions are below the floor');
    expect(sentence).toContain('9 digits above it): dead on this probe');
  });

  it('says so where what is below the floor is known to fewer digits', () => {
    expect(spectrumSentence(spectrum, 0)).toContain('counted as dead, but all are known to fewer digits');
    const mixed = { ...spectrum, eigenvalues: spectrum.eigenvalues.map((x, i) => (i < 17 ? x : 0)) };
    expect(spectrumSentence(mixed, 0)).toContain('but 2 of them are known to fewer digits');
    expect(spectrumSentence(rereadSpectrum(nothing, { threshold: 0.01, digits: null }), 0.01)).toContain(': dead on this probe');
    expect(spectrumSentence(rereadSpectrum(spectrum, { threshold: 0, digits: 1 }), 0)).toContain('All 20 gradient directions are above');
  });
});
