import { describe, expect, it } from 'vitest';
import { spectralFloor } from '../../src/spectrum/floor';

const spectrum = { lambdaMax: 3, trace: 5, dimension: 100, cancellation: 1 };

describe('spectralFloor', () => {
  it('is d eps lambda_max for exact Grams of float64 taps, whatever cancels', () => {
    for (const cancellation of [1, 1e6]) {
      expect(spectralFloor({ ...spectrum, cancellation, tapRoundoff: 2 ** -53, gramRoundoff: 2 ** -104 })).toBe(100 * 2 ** -52 * 3);
    }
  });

  it('is the roundoff of float32 taps where their Gram is exact, with what the seeds lost', () => {
    const exact = { ...spectrum, tapRoundoff: 2 ** -24, gramRoundoff: 2 ** -104 };
    expect(spectralFloor(exact)).toBe(64 * 2 ** -24 * Math.sqrt(15));
    expect(spectralFloor({ ...exact, cancellation: 2 ** 10 })).toBe(64 * 2 ** -14 * Math.sqrt(15));
    // No digit is left of the seeds: everything is censored.
    expect(spectralFloor({ ...exact, cancellation: 2 ** 24 })).toBeGreaterThan(exact.trace);
  });

  it('rises to the roundoff of a Gram that was rounded', () => {
    const float64 = spectralFloor({ ...spectrum, tapRoundoff: 2 ** -53, gramRoundoff: 2 ** -53 });
    const float32 = spectralFloor({ ...spectrum, tapRoundoff: 2 ** -24, gramRoundoff: 2 ** -24 });
    expect(float64).toBe(4 * 100 * 2 ** -52 * 3);
    expect(float32).toBe(4 * 100 * 2 ** -23 * 3);
  });

  it('scales with the eigenvalues', () => {
    for (const roundoffs of [[2 ** -53, 2 ** -104], [2 ** -24, 2 ** -104], [2 ** -24, 2 ** -24]] as const) {
      const inputs = { ...spectrum, tapRoundoff: roundoffs[0], gramRoundoff: roundoffs[1] };
      expect(spectralFloor({ ...inputs, lambdaMax: 3 * 2 ** 40, trace: 5 * 2 ** 40 })).toBe(2 ** 40 * spectralFloor(inputs));
    }
  });
});
