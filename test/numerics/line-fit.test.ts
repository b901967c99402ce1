import { expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { fitLine } from '../../src/numerics/line-fit';
import { studentQuantile } from '../../src/numerics/student-t';

it.each([
  [0.95, 1, 12.7062047361747],
  [0.95, 2, 4.30265272974946],
  [0.95, 3, 3.18244630528371],
  [0.95, 10, 2.22813885198627],
  [0.99, 5, 4.03214298355523],
  [0.95, 1000, 1.96233908082640],
])('Student quantile at %d with %d degrees of freedom', (confidence, degrees, expected) => {
  expect(Math.abs(studentQuantile(confidence, degrees) - expected)).toBeLessThan(1e-11 * expected);
});

it('a line through points on a line', () => {
  const fit = fitLine([0, 1, 2, 5], [3, 1, -1, -7]);
  expect(fit.slope).toBeCloseTo(-2, 14);
  expect(fit.intercept).toBeCloseTo(3, 14);
  expect(fit.halfWidth).toBeLessThan(1e-13);
});

it('the interval covers the true slope as often as it says', () => {
  const random = new Random(2);
  const x = Array.from({ length: 8 }, (_, i) => i);
  let covered = 0;
  const runs = 2000;
  for (let i = 0; i < runs; i++) {
    const fit = fitLine(x, x.map((v) => 1 + 0.5 * v + random.normal()));
    if (Math.abs(fit.slope - 0.5) <= fit.halfWidth) covered++;
  }
  // 0.95 within four standard deviations of a binomial share.
  expect(Math.abs(covered / runs - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / runs));
});
