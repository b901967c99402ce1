/** LAPACK's 21 symmetric test types at some sizes; in several files, so that they run side by side. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { symmetricEigen } from '../../src/numerics/symmetric-eigen';
import { eigenRatios } from '../oracle/eigen-ratios';
import { lapackTypes } from '../oracle/matrices';

export function testLapackTypes(sizes: readonly number[]): void {
  describe("LAPACK's 21 symmetric types", () => {
    for (const n of sizes) {
      it(`n = ${n}: residual and orthogonality ratios at most 10, values alone within n eps |A|, and scaled exactly by 2^k`, () => {
        lapackTypes(n, new Random(n)).forEach((a, type) => {
          const { residual, orthogonality, values } = eigenRatios(a, n);
          expect(residual, `residual, type ${type + 1}`).toBeLessThanOrEqual(10);
          expect(orthogonality, `orthogonality, type ${type + 1}`).toBeLessThanOrEqual(10);
          // Values alone come from QL without square roots: another order of operations (LAPACK's dsterf beside dsteqr).
          const alone = symmetricEigen(a, n, { vectors: false }).values;
          const bound = Math.max(10, n) * 2 ** -52 * Math.max(Math.abs(values[0]!), Math.abs(values[n - 1]!));
          alone.forEach((x, i) => {
            if (!(Math.abs(x - values[i]!) <= bound)) expect.fail(`type ${type + 1}, eigenvalue ${i}: ${x} alone, ${values[i]} with vectors`);
          });
          if (n <= 64) {
            const scaled = symmetricEigen(a.map((x) => x / 1024), n, { vectors: false }).values;
            expect(scaled, `type ${type + 1}`).toEqual(alone.map((x) => x / 1024));
          }
        });
      });
    }
  });
}
