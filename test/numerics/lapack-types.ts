/** LAPACK's 21 symmetric test types at some sizes; in several files, so that they run side by side. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { symmetricEigen } from '../../src/numerics/symmetric-eigen';
import { eigenRatios } from '../oracle/eigen-ratios';
import { lapackTypes } from '../oracle/matrices';

export function testLapackTypes(sizes: readonly number[]): void {
  describe("LAPACK's 21 symmetric types", () => {
    for (const n of sizes) {
      it(`n = ${n}: residual and orthogonality ratios at most 10, values agree with the values-only route`, () => {
        lapackTypes(n, new Random(n)).forEach((a, type) => {
          const { residual, orthogonality, values } = eigenRatios(a, n);
          expect(residual, `residual, type ${type + 1}`).toBeLessThanOrEqual(10);
          expect(orthogonality, `orthogonality, type ${type + 1}`).toBeLessThanOrEqual(10);
          expect(symmetricEigen(a, n, { vectors: false }).values, `type ${type + 1}`).toEqual(values);
        });
      });
    }
  });
}
