/** The exact references of the LLC estimator: finite-n expectations of normal crossings, and the error of Langevin steps. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { toNumber } from '../../src/base/rational';
import { crossingExpectation } from '../../src/theory/crossing-posterior';
import { quadraticLlc } from '../../src/theory/langevin-bias';
import { normalCrossing } from '../../src/theory/normal-crossing';

/** f = x w_1^a w_2^b with x ~ N(0, 2^2) and squared errors at n = 1000. */
const CURVATURE = (4 * 1000) / Math.log(1000);

describe('the exact expectation on a normal crossing', () => {
  it.each([
    [0, 1, 0.5],
    [1, 1, 0.3799],
    // By Gauss-Legendre products of 1500 x 1500 nodes over the quadrants, in numpy.
    [1, 2, 0.22232767171641],
    [2, 2, 0.15556111353194],
    [3, 3, 0.08788638962658],
    [0, 3, 0.16666666666665],
  ])('(%d, %d): %d', (a, b, value) => {
    const digits = value === 0.3799 ? 4 : 11;
    expect(crossingExpectation(a, b, CURVATURE)).toBeCloseTo(value, digits);
    expect(crossingExpectation(b, a, CURVATURE)).toBeCloseTo(value, digits);
  });

  it.each([
    [0, 1, 0.49708147339418],
    [1, 1, 0.37757620766921],
    [1, 2, 0.22098374902112],
    [2, 2, 0.14107123651313],
    [3, 3, 0.08733638425016],
  ])('(%d, %d) with the tilt of a data set', (a, b, value) => {
    expect(crossingExpectation(a, b, CURVATURE, 1.3)).toBeCloseTo(value, 11);
  });

  it('is d log Z / d log n beta: the same from the sums over a grid, at any curvature', () => {
    for (const [a, b, c] of [[1, 1, 3], [2, 1, 40], [3, 2, 0.5]] as const) {
      let [z, sum] = [0, 0];
      for (let i = 0; i < 1000; i++) {
        for (let j = 0; j < 1000; j++) {
          const u = c * (((i + 0.5) / 1000) ** a * ((j + 0.5) / 1000) ** b) ** 2;
          z += Math.exp(-u);
          sum += u * Math.exp(-u);
        }
      }
      expect(crossingExpectation(a, b, c)).toBeCloseTo(sum / z, 5);
    }
  });

  it.each([
    // With v = curvature e^{-2s} the integral over s e^{-s/a} is a Gamma function and its derivative: lambda - 1 / (log curvature - digamma(lambda)).
    [1, 1, 1.9635100260214235],
    [2, 2, 4.2274535333762654],
    [3, 3, 6.3321275053749147],
  ])('(%d, %d) stays below lambda by 1 / log', (a, b, minusDigamma) => {
    const { lambda, multiplicity } = normalCrossing([a, b]);
    expect(multiplicity).toBe(2);
    expect(crossingExpectation(a, b, 1e12)).toBeCloseTo(toNumber(lambda) - 1 / (Math.log(1e12) + minusDigamma), 8);
  });

  it('is lambda at once where one pole leads', () => {
    expect(crossingExpectation(1, 3, 1e12)).toBeCloseTo(1 / 6, 3);
    expect(crossingExpectation(0, 2, 1e12)).toBeCloseTo(1 / 4, 8);
  });

  it('refuses what is no crossing', () => {
    expect(() => crossingExpectation(0, 0, 1)).toThrow(RangeError);
    expect(() => crossingExpectation(1, 0.5, 1)).toThrow(RangeError);
    expect(() => crossingExpectation(1, 1, 0)).toThrow(RangeError);
  });
});

describe('the quadratic', () => {
  it('reads 1.988 at gamma 1 and 1.517 at gamma 100, where the truth is 1.5', () => {
    const read = (gamma: number) => quadraticLlc([1, 4, 0.01], { nbeta: 500, gamma, step: 1e-3 });
    expect(read(1)).toBeCloseTo(1.988, 3);
    expect(read(100)).toBeCloseTo(1.517, 3);
    expect(quadraticLlc([1, 4, 0.01], { nbeta: 1e12, gamma: 1, step: 0 })).toBeCloseTo(1.5, 8);
  });

  it('is the variance of the recursion itself', () => {
    const [nbeta, h, gamma, step] = [300, 2, 5, 2e-3];
    const a = nbeta * h + gamma;
    let variance = 0;
    for (let k = 0; k < 10_000; k++) variance = (1 - (step * a) / 2) ** 2 * variance + step;
    expect(quadraticLlc([h], { nbeta, gamma, step })).toBeCloseTo((nbeta * h * variance) / 2, 10);
  });

  it('has no value where a step is unstable, and flat weights add nothing', () => {
    expect(quadraticLlc([1], { nbeta: 500, gamma: 0, step: 8.1e-3 })).toBe(Infinity);
    expect(quadraticLlc([1, 0], { nbeta: 500, gamma: 1, step: 1e-3 })).toBe(quadraticLlc([1], { nbeta: 500, gamma: 1, step: 1e-3 }));
  });
});

it('expectations are those of the prior weighted by exp(-U): a Monte Carlo draw agrees', () => {
  const random = new Random(4);
  let [z, sum] = [0, 0];
  for (let i = 0; i < 200_000; i++) {
    const t = (2 * random.uniform() - 1) * (2 * random.uniform() - 1) ** 2;
    const u = 20 * t * t - 3 * t;
    z += Math.exp(-u);
    sum += u * Math.exp(-u);
  }
  expect(crossingExpectation(1, 2, 20, 1.5)).toBeCloseTo(sum / z, 2);
});
