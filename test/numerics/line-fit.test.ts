import { expect, it } from 'vitest';
import { fitLine, fitLineBeside } from '../../src/numerics/line-fit';
import { studentQuantile } from '../../src/numerics/student-t';

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
