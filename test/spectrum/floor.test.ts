import { describe, expect, it } from 'vitest';
import { defaultDigits, floorOf, spectralNoise } from '../../src/spectrum/floor';

const DOUBLE = 2 ** -53;
const SINGLE = 2 ** -24;
const PAIRS = 2 ** -104;
const spectrum = { lambdaMax: 3, trace: 5, dimension: 100, cancellation: 1 };
const floor = (tapRoundoff: number, gramRoundoff: number, digits = 1, cancellation = 1) =>
  floorOf(spectralNoise({ ...spectrum, cancellation, tapRoundoff, gramRoundoff }), digits);

describe('the floor', () => {
  it('of taps with an exact Gram is their roundoff squared, with what the seeds lost', () => {
    for (const u of [DOUBLE, SINGLE]) {
      expect(floor(u, PAIRS).floor).toBe(Math.max(64 * u ** 2 * 5, 2 ** -84 * 5));
      expect(floor(u, PAIRS, 1, 1024).floor).toBe(64 * (u * 1024) ** 2 * 5);
    }
    // No digit is left of the seeds: everything is censored.
    expect(floor(SINGLE, PAIRS, 1, 2 ** 24).floor).toBeGreaterThan(spectrum.trace);
  });

  it('of nine digits after a float64 pass is near the rank rule of numpy, d eps lambda_max', () => {
    const { floor: nine, digits } = floor(DOUBLE, PAIRS, defaultDigits(DOUBLE, 1));
    expect(digits).toBe(9);
    expect(nine / (100 * 2 ** -52 * 3)).toBeGreaterThan(0.1);
    expect(nine / (100 * 2 ** -52 * 3)).toBeLessThan(10);
  });

  it('of weights is the solver\'s: more than twenty orders below the trace', () => {
    expect(floor(0, PAIRS)).toEqual({ floor: 2 ** -84 * 5, digits: 1 });
    expect(floor(0, PAIRS, 12).digits).toBe(12);
    expect(floor(0, PAIRS).floor).toBeLessThan(1e-24);
  });

  it('of a rounded Gram is its roundoff, not squared', () => {
    expect(floor(DOUBLE, DOUBLE).floor).toBe(4 * 100 * 2 ** -52 * 3);
    expect(floor(SINGLE, SINGLE).floor).toBe(4 * 100 * 2 ** -23 * 3);
    expect(floor(SINGLE, SINGLE, 3).floor).toBe(100 * floor(SINGLE, SINGLE).floor);
  });

  it('rises a hundredfold for each digit where taps limit, tenfold where the Gram does', () => {
    expect(floor(SINGLE, PAIRS, 3).floor).toBeCloseTo(1e4 * floor(SINGLE, PAIRS).floor, 20);
    expect(floor(0, PAIRS, 5).floor).toBeCloseTo(1e4 * floor(0, PAIRS).floor, 30);
  });

  it('promises no digits that the taps do not have', () => {
    expect(floor(SINGLE, PAIRS, 9)).toEqual({ ...floor(SINGLE, PAIRS, 3), digits: 3 });
    expect(floor(SINGLE, PAIRS, 9, 1000).digits).toBe(1);
    expect(floor(DOUBLE, PAIRS, 12).digits).toBe(12);
    expect(floor(DOUBLE, PAIRS, 12, 1e6).digits).toBe(6);
  });

  it('scales with the eigenvalues', () => {
    for (const [tapRoundoff, gramRoundoff] of [[DOUBLE, PAIRS], [SINGLE, PAIRS], [SINGLE, SINGLE], [0, PAIRS]] as const) {
      const inputs = { ...spectrum, tapRoundoff, gramRoundoff };
      const far = spectralNoise({ ...inputs, lambdaMax: 3 * 2 ** 40, trace: 5 * 2 ** 40 });
      for (const digits of [1, 3]) expect(floorOf(far, digits).floor).toBe(2 ** 40 * floorOf(spectralNoise(inputs), digits).floor);
    }
  });
});

describe('digits where nobody says', () => {
  it('are nine of a float64 pass, less those that the seeds lost, and one of any other', () => {
    expect([1, 3, 10, 1e4, 1e12].map((lost) => defaultDigits(DOUBLE, lost))).toEqual([9, 9, 8, 5, 1]);
    expect(defaultDigits(SINGLE, 1)).toBe(1);
  });

  it('keep the floor of a float64 pass within a decade of itself until all digits are lost', () => {
    const plain = floor(DOUBLE, PAIRS, 9).floor;
    for (const lost of [1, 2, 9.6, 1e3, 5e6]) {
      const { floor: found } = floor(DOUBLE, PAIRS, defaultDigits(DOUBLE, lost), lost);
      expect(found / plain).toBeGreaterThan(0.09);
      expect(found / plain).toBeLessThan(11);
    }
  });
});
