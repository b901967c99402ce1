import { expect, it } from 'vitest';
import { erf } from '../../src/numerics/erf';

/** erf by its everywhere convergent series 2/sqrt(pi) exp(-x^2) sum 2^k x^(2k+1) / (2k+1)!!, all terms positive. */
function series(x: number): number {
  let term = x;
  let sum = x;
  for (let k = 1; term > sum * 1e-18; k++) {
    term *= (2 * x * x) / (2 * k + 1);
    sum += term;
  }
  return ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x)) * sum;
}

it('agrees with the series on all its intervals', () => {
  for (let x = 0.01; x < 5.9; x += 0.0137) {
    expect(Math.abs(erf(x) - series(x)) / series(x)).toBeLessThan(3e-15);
    expect(erf(-x)).toBe(-erf(x));
  }
});

it('known values, tiny arguments, and the ends', () => {
  expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 16);
  expect(erf(1)).toBeCloseTo(0.8427007929497149, 16);
  expect(erf(2)).toBeCloseTo(0.9953222650189527, 16);
  expect(erf(3)).toBeCloseTo(0.9999779095030014, 16);
  expect(erf(1e-20)).toBe(1e-20 + 1.2837916709551256e-1 * 1e-20);
  expect([erf(0), erf(Infinity), erf(-Infinity), erf(30)]).toEqual([0, 1, -1, 1]);
  expect(erf(NaN)).toBeNaN();
});
