import { describe, expect, it } from 'vitest';
import { VERDICTS } from '../../src/analysis/directions-schema';
import { DETECTORS } from '../../src/direction/detectors/registry';
import { coefficientText, detectorTitle, detectorTitles, orderSentence, orderText } from '../../src/view/direction-words';
import { glossary } from '../../src/view/glossary';
import { fakeDirection } from './fake-directions';

describe('words of directions', () => {
  it('know every detector by the title it gives itself', () => {
    expect(detectorTitles).toEqual(Object.fromEntries(DETECTORS.map((d) => [d.key, d.title])));
    expect(detectorTitle('constructor')).toBe('constructor');
  });

  it('define every verdict', () => {
    expect(VERDICTS.filter((v) => !(v in glossary))).toEqual([]);
  });

  it('set the line against the arc', () => {
    const of = (changes: Parameters<typeof fakeDirection>[0]) => orderSentence(fakeDirection(changes));
    expect(of({ verdict: 'regular' })).toContain('first order');
    expect(of({ verdict: 'singular' })).toContain('line and arc agree');
    expect(of({ verdict: 'singular', lineOrder: 2, order: 3 })).toMatch(/order 2; .* order 3 is the first/);
    expect(of({ verdict: 'singular', lineOrder: null, order: 3 })).toMatch(/shows nothing; .* order 3/);
    expect(of({ verdict: 'gauge', lineOrder: 2 })).toMatch(/order 2, but .* bends/);
    expect(of({ verdict: 'flat fibre', lineOrder: null })).toContain('flat set itself');
    expect(of({ verdict: 'unresolved', lineOrder: null })).toContain('Nothing is claimed');
    expect(of({ verdict: 'unresolved', lineOrder: 2 })).toContain('not known');
  });

  it('write orders and slices as people do', () => {
    expect([2, Infinity, null].map(orderText)).toEqual(['2', '∞', '–']);
    expect(coefficientText(fakeDirection())).toBe('1/4');
    expect(coefficientText(fakeDirection({ verdict: 'gauge' }))).toBe('0');
    expect(coefficientText(fakeDirection({ verdict: 'unresolved' }))).toBe('–');
  });
});
