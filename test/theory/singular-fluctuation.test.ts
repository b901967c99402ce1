/** nu(k, beta) against the table of science.md 2d (two independent quadratures of 13 digits) and an exact relation. */
import { describe, expect, it } from 'vitest';
import { posteriorVariance, singularFluctuation } from '../../src/theory/singular-fluctuation';

describe('singular fluctuation', () => {
  it('nu(1) = 1/2 for every beta', () => {
    for (const beta of [0.1, 0.5, 1, 2, 10]) expect(Math.abs(singularFluctuation(1, beta) - 0.5)).toBeLessThan(1e-12);
  });

  it.each([[2, 0.172973267], [3, 0.278366474], [4, 0.137855715], [5, 0.20613525], [6, 0.116661032]])('nu(%i)', (k, expected) => {
    expect(Math.abs(singularFluctuation(k) - expected)).toBeLessThan(6e-10);
  });

  it.each([
    [2, [0.140384, 0.157063, 0.193105, 0.231391]], [3, [0.178115, 0.226303, 0.345759, 0.460229]], [4, [0.093822, 0.114863, 0.168794, 0.226355]],
    [5, [0.108484, 0.150394, 0.2894, 0.445921]], [6, [0.070252, 0.091161, 0.153287, 0.223061]],
  ])('nu(%i, beta) for beta = 0.1, 0.5, 2, 10', (k, expected) => {
    for (const [i, beta] of [0.1, 0.5, 2, 10].entries()) expect(Math.abs(singularFluctuation(k, beta) - expected[i]!)).toBeLessThan(6e-7);
  });

  it('at Z = 0 is the frozen value', () => {
    for (const [k, frozen] of [[1, 0.5], [2, 0.135763355], [3, 1 / 6], [4, 0.088744991], [5, 0.1], [6, 0.065660863]] as const) {
      expect(Math.abs(posteriorVariance(k, 0) - frozen)).toBeLessThan(6e-10);
    }
  });

  it('refuses orders that are none', () => {
    expect(() => singularFluctuation(0)).toThrow(RangeError);
    expect(() => singularFluctuation(2, 0)).toThrow(RangeError);
  });
});
