import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { inGramOperator, squaredNorm } from '../../src/numerics/gram-operator';
import { lanczosSteps } from '../../src/numerics/lanczos';
import { powerIterationSteps } from '../../src/numerics/power-iteration';
import { headSteps } from '../../src/numerics/spectrum-head';
import { runAtOnce, runBreathing } from '../../src/numerics/stepwise';
import { symmetricEigen } from '../../src/numerics/symmetric-eigen';
import type { BlockOperator } from '../../src/numerics/types';
import { hadamardSandwich, matrix } from '../oracle/matrices';

function operatorOf(a: Float64Array, n: number): BlockOperator & { products: number } {
  return {
    dimension: n,
    products: 0,
    *apply(v, image) {
      this.products++;
      image.fill(0);
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) for (let l = 0; l < 4; l++) image[4 * i + l]! += a[i * n + j]! * v[4 * j + l]!;
      yield;
    },
  };
}

const geometric = Float64Array.from({ length: 64 }, (_, k) => 0.5 ** k);
const algorithms = { lanczosSteps, powerIterationSteps };
const options = (count: number, seed = 1) => ({ count, random: new Random(seed), tolerance: 1e-9, products: 500, known: [] });

for (const [name, find] of Object.entries(algorithms)) {
  describe(name, () => {
    it('finds the leading values and vectors of a dense matrix with a known spectrum', () => {
      const { values, residuals, blocks } = runAtOnce(find(operatorOf(hadamardSandwich(geometric), 64), options(6)));
      values.forEach((v, i) => expect(Math.abs(v - geometric[i]!)).toBeLessThan(1e-12));
      residuals.forEach((r, i) => expect(r).toBeLessThan(1e-9 * values[i]!));
      const entry = (i: number, k: number) => blocks[i >> 2]![4 * k + (i & 3)]!;
      for (let i = 0; i < 6; i++) {
        for (let j = 0; j < 6; j++) {
          let dot = 0;
          for (let k = 0; k < 64; k++) dot += entry(i, k) * entry(j, k);
          expect(dot).toBeCloseTo(i === j ? 1 : 0, 8);
        }
      }
    });

    it('is reproducible from its seed', () => {
      const run = (seed: number) => runAtOnce(find(operatorOf(hadamardSandwich(geometric), 64), options(2, seed)));
      expect(run(5)).toEqual(run(5));
      expect(run(5).blocks).not.toEqual(run(6).blocks);
    });

    it('zero, the identity, 1 x 1, and more pairs wanted than there are', () => {
      expect([...runAtOnce(find(operatorOf(new Float64Array(9), 3), options(5))).values]).toEqual([0, 0, 0]);
      const identity = runAtOnce(find(operatorOf(matrix(6, (i, j) => (i === j ? 1 : 0)), 6), options(9)));
      expect(identity.values).toHaveLength(6);
      identity.values.forEach((v) => expect(v).toBeCloseTo(1, 14));
      expect([...runAtOnce(find(operatorOf(Float64Array.of(7), 1), options(1))).values]).toEqual([7]);
    });

    it('searches the complement of what is known', () => {
      const operator = operatorOf(hadamardSandwich(geometric), 64);
      const { blocks } = runAtOnce(find(operator, options(4)));
      const { values } = runAtOnce(find(operator, { ...options(2), known: blocks }));
      values.forEach((v, i) => expect(Math.abs(v - geometric[4 + i]!)).toBeLessThan(1e-12));
    });

    it('out of products, a pair comes back with the residual it had', () => {
      const close = Float64Array.from({ length: 64 }, (_, k) => 1 - k * 1e-3);
      const { residuals } = runAtOnce(find(operatorOf(hadamardSandwich(close), 64), { ...options(1), products: 2 }));
      expect(residuals[0]).toBeGreaterThan(1e-4);
    });
  });
}

describe('headSteps', () => {
  const head = { count: 12, seed: 3, tolerance: 1e-8, products: 40 };

  it('needs far fewer products than the dimension, and reports residuals that bound the errors', () => {
    const s = Float64Array.from({ length: 256 }, (_, k) => 0.7 ** k);
    const operator = operatorOf(hadamardSandwich(s), 256);
    const { values, residuals } = runAtOnce(headSteps(operator, head));
    expect(values).toHaveLength(12);
    values.forEach((v, i) => expect(Math.abs(v - s[i]!)).toBeLessThanOrEqual(residuals[i]! + 4e-15));
    expect(operator.products).toBeLessThan(40);
  });

  it.each([4, 5, 8, 11, 19])('sees every copy of an eigenvalue of multiplicity %i, in 12 seeded runs', (copies) => {
    const s = Float64Array.from({ length: 128 }, (_, k) => (k === 0 ? 2 : k <= copies ? 1 : 0.9 ** (k - copies)));
    const a = hadamardSandwich(s);
    for (let seed = 0; seed < 12; seed++) {
      const { values } = runAtOnce(headSteps(operatorOf(a, 128), { ...head, count: 24, seed }));
      expect(values).toHaveLength(24);
      values.forEach((v, i) => expect(Math.abs(v - s[i]!)).toBeLessThan(1e-8));
    }
  });

  it('never returns a value out of its place where products do not suffice', () => {
    const s = Float64Array.from({ length: 256 }, (_, k) => 1 / (1 + k));
    const a = hadamardSandwich(s);
    for (const products of [2, 3, 5, 8]) {
      for (let seed = 0; seed < 10; seed++) {
        const { values } = runAtOnce(headSteps(operatorOf(a, 256), { ...head, count: 40, products, seed }));
        expect(values.length).toBeLessThan(40);
        values.forEach((v, i) => expect(Math.abs(v - s[i]!)).toBeLessThan(1e-7));
      }
    }
  });

  it('stops when aborted', async () => {
    const steps = headSteps(operatorOf(hadamardSandwich(geometric), 64), head);
    await expect(runBreathing(steps, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('inGramOperator', () => {
  it.each([[1, 3], [9, 5], [40, 33], [700, 61]])('applies X^T X / divisor of X [%i, %i] without forming it, float32 or float64', (rows, d) => {
    const x = Float32Array.from(new Random(rows).normals(rows * d));
    const v = new Random(1).normals(4 * d);
    for (const values of [x, Float64Array.from(x)]) {
      const image = new Float64Array(4 * d);
      runAtOnce(inGramOperator({ values, rows, columns: d }, 7, function* (operator) {
        yield* operator.apply(v, image);
        yield* operator.apply(v, image);
      }));
      for (let i = 0; i < d; i++) {
        for (let l = 0; l < 4; l++) {
          let sum = 0;
          for (let r = 0; r < rows; r++) for (let j = 0; j < d; j++) sum += x[r * d + i]! * x[r * d + j]! * v[4 * j + l]!;
          expect(Math.abs(image[4 * i + l]! - sum / 7)).toBeLessThan(1e-12 * rows * d);
        }
      }
    }
    expect(squaredNorm({ values: x, rows, columns: d })).toBeCloseTo(x.reduce((sum, y) => sum + y * y, 0), 8);
  });

  it('gives the head of the Gram of a factor', () => {
    const [rows, d] = [300, 120];
    const x = new Random(5).normals(rows * d);
    const gram = matrix(d, (i, j) => {
      let sum = 0;
      for (let r = 0; r < rows; r++) sum += x[r * d + i]! * x[r * d + j]!;
      return sum / rows;
    });
    const all = symmetricEigen(gram, d, { vectors: false }).values;
    const { values } = runAtOnce(inGramOperator({ values: x, rows, columns: d }, rows, (o) => headSteps(o, { count: 10, seed: 1, tolerance: 1e-8, products: 30 })));
    expect(values).toHaveLength(10);
    values.forEach((v, i) => expect(Math.abs(v - all[i]!)).toBeLessThan(1e-12 * all[0]!));
  });
});
