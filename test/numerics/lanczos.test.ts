import { describe, expect, it } from 'vitest';
import { lanczos } from '../../src/numerics/lanczos';
import { powerIteration } from '../../src/numerics/power-iteration';
import type { SymmetricOperator } from '../../src/numerics/types';
import { hadamardSandwich, matrix } from '../oracle/matrices';

function operatorOf(a: Float64Array, n: number): SymmetricOperator & { products: number } {
  return {
    dimension: n,
    products: 0,
    async apply(x) {
      this.products++;
      return Float64Array.from({ length: n }, (_, i) => x.reduce((sum, v, j) => sum + a[i * n + j]! * v, 0));
    },
  };
}

const geometric = Float64Array.from({ length: 64 }, (_, k) => 0.5 ** k);
const algorithms = { lanczos, powerIteration };

for (const [name, find] of Object.entries(algorithms)) {
  describe(name, () => {
    it('finds the leading values and vectors of a dense matrix with a known spectrum', async () => {
      const { values, residuals, vectors, covers } = await find(operatorOf(hadamardSandwich(geometric), 64), { count: 6, seed: 1 });
      expect(covers).toBe('head');
      values.forEach((v, i) => expect(Math.abs(v - geometric[i]!)).toBeLessThan(1e-12));
      expect(Math.max(...residuals)).toBeLessThan(1e-9);
      for (let i = 0; i < 6; i++) {
        for (let j = 0; j < 6; j++) {
          let dot = 0;
          for (let k = 0; k < 64; k++) dot += vectors[i * 64 + k]! * vectors[j * 64 + k]!;
          expect(dot).toBeCloseTo(i === j ? 1 : 0, 8);
        }
      }
    });

    it('is reproducible from its seed', async () => {
      const run = (seed: number) => find(operatorOf(hadamardSandwich(geometric), 64), { count: 2, seed });
      expect(await run(5)).toEqual(await run(5));
      expect((await run(5)).vectors).not.toEqual((await run(6)).vectors);
    });

    it('zero, the identity, 1 x 1, and more pairs wanted than there are', async () => {
      const zero = await find(operatorOf(new Float64Array(9), 3), { count: 5, seed: 1 });
      expect([...zero.values]).toEqual([0, 0, 0]);
      const identity = await find(operatorOf(matrix(4, (i, j) => (i === j ? 1 : 0)), 4), { count: 4, seed: 1 });
      identity.values.forEach((v) => expect(v).toBeCloseTo(1, 14));
      expect([...(await find(operatorOf(Float64Array.of(7), 1), { count: 1, seed: 1 })).values]).toEqual([7]);
    });

    it('stops when aborted', async () => {
      const operator = operatorOf(hadamardSandwich(geometric), 64);
      await expect(find(operator, { count: 2, seed: 1, signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
    });

    it('out of products, a pair comes back with the residual it had', async () => {
      const close = Float64Array.from({ length: 64 }, (_, k) => 1 - k * 1e-3);
      const { residuals } = await find(operatorOf(hadamardSandwich(close), 64), { count: 1, seed: 1, maxProducts: 4 });
      expect(residuals[0]).toBeGreaterThan(1e-4);
    });
  });
}

it('Lanczos needs far fewer products than the dimension, and does not lose the small end of its head', async () => {
  const s = Float64Array.from({ length: 256 }, (_, k) => 0.7 ** k);
  const operator = operatorOf(hadamardSandwich(s), 256);
  const { values } = await lanczos(operator, { count: 8, seed: 2 });
  values.forEach((v, i) => expect(Math.abs(v - s[i]!)).toBeLessThan(1e-12));
  expect(operator.products).toBeLessThan(64);
});
