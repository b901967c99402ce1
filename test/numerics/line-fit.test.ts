import { expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { fitLine, fitLineBeside } from '../../src/numerics/line-fit';
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

const x = [0, 1, 2, 3, 5, 8];

it('a line with a third term beside it', () => {
  const z = x.map((v) => Math.exp(v / 3));
  const exact = fitLineBeside(x, x.map((v, i) => 2 - 1.5 * v + 0.7 * z[i]!), z);
  expect(exact.slope).toBeCloseTo(-1.5, 12);
  expect(exact.intercept).toBeCloseTo(2, 12);
  expect(exact.halfWidth).toBeLessThan(1e-12);
});

it('is the least squares of the normal equations, with three degrees of freedom less', () => {
  const z = [1, -1, 2, 0, 1, 3];
  const y = [0.3, 1.1, 2.5, 2.7, 5.6, 8.1];
  const fit = fitLineBeside(x, y, z);
  // Solved by elimination: residuals are orthogonal to 1, x and z.
  const c = fitLine(z, y.map((v, i) => v - fit.slope * x[i]!)).slope;
  const rest = y.map((v, i) => v - fit.intercept - fit.slope * x[i]! - c * z[i]!);
  for (const column of [x.map(() => 1), x, z]) expect(column.reduce((sum, v, i) => sum + v * rest[i]!, 0)).toBeCloseTo(0, 12);
  const along = fitLine(z, x);
  const free = x.map((v, i) => v - along.intercept - along.slope * z[i]!).reduce((sum, v) => sum + v * v, 0);
  const scatter = rest.reduce((sum, v) => sum + v * v, 0) / 3;
  expect(fit.halfWidth).toBeCloseTo(studentQuantile(0.95, 3) * Math.sqrt(scatter / free), 12);
});
