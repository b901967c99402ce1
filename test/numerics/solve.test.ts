import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { dualGramOfRows, gramOfRows } from '../../src/numerics/cpu/gram';
import { eigenvaluesOfGram } from '../../src/numerics/solve';
import { inlineSolver } from '../../src/numerics/solver';
import { symmetricEigen } from '../../src/numerics/symmetric-eigen';
import type { Gram } from '../../src/numerics/types';
import { descending, hadamard, hadamardSandwich, hilbert, matrix } from '../oracle/matrices';

const plain = (gram: Gram): Gram => ({ ...gram, lo: null, roundoff: 2 ** -53 });
const relative = (got: Float64Array, want: Float64Array) => Math.max(...want.map((w, i) => Math.abs(got[i]! - w) / w));

describe('eigenvalues of a Gram of pairs', () => {
  // X = H diag(s) H / 64 is exact in float64, so the eigenvalues of X^T X are exactly s^2.
  for (const [orders, bound] of [[9, 1e-12], [18, 1e-12], [22, 1e-9]] as const) {
    it(`${orders} orders of magnitude from a dense factor: every eigenvalue to ${bound}`, () => {
      const s = Float64Array.from({ length: 64 }, (_, k) => Math.round(2 ** 40 * 10 ** ((-orders * k) / 126)) / 2 ** 40);
      const { values, residuals } = eigenvaluesOfGram({ ...gramOfRows(hadamardSandwich(s), 64, 64), rows: 1 });
      expect(relative(values, descending(s.map((x) => x * x)))).toBeLessThan(bound);
      expect(Math.max(...residuals)).toBeLessThan(64 * 2 ** -52);
    });
  }

  for (const levels of [[0, 30], [0, 12, 24, 36], [0, 3, 6, 9, 12, 15, 18, 21], [0, 0, 0, 1, 1, 20, 20, 20]]) {
    it(`clusters at sigma = 2^-${levels.join(', 2^-')}: each value to 1e-11`, () => {
      const s = Float64Array.from({ length: 64 }, (_, k) => 2 ** -levels[Math.floor((k * levels.length) / 64)]!);
      const { values } = eigenvaluesOfGram({ ...gramOfRows(hadamardSandwich(s), 64, 64), rows: 1 });
      expect(relative(values, s.map((x) => x * x))).toBeLessThan(1e-11);
    });
  }

  it('the same factor through a rounded Gram loses everything below 1e-16', () => {
    const s = Float64Array.from({ length: 64 }, (_, k) => Math.round(2 ** 40 * 10 ** ((-9 * k) / 63)) / 2 ** 40);
    const { values, method, roundoff } = eigenvaluesOfGram({ ...plain(gramOfRows(hadamardSandwich(s), 64, 64)), rows: 1 });
    expect([method, roundoff]).toEqual(['Householder + QL', 2 ** -53]);
    expect(Math.abs(values[0]! - 1)).toBeLessThan(1e-14);
    expect(relative(values, descending(s.map((x) => x * x)))).toBeGreaterThan(0.01);
  });

  it('rows of very different scale (diag(2^-k) H / 8): 32 double eigenvalues from 1 to 2e-19', () => {
    const h = hadamard(64);
    const x = matrix(64, (i, j) => (h[i * 64 + j]! / 8) * 2 ** -(i >> 1));
    const { values } = eigenvaluesOfGram({ ...gramOfRows(x, 64, 64), rows: 1 });
    expect(relative(values, Float64Array.from({ length: 64 }, (_, k) => 4 ** -(k >> 1)))).toBeLessThan(1e-12);
  });

  it('Hilbert 12 as a Gram: its smallest eigenvalue is of the rounded entries, positive, 1.05e-16', () => {
    const h = hilbert(12);
    const { values } = eigenvaluesOfGram({ dimension: 12, rows: 1, hi: h, lo: new Float64Array(144), roundoff: 2 ** -104, digest: null });
    expect(values[0]).toBeCloseTo(1.79537205956199731, 14);
    expect(values[10]).toBeGreaterThan(2e-15);
    expect(symmetricEigen(h, 12, { vectors: false }).values[3]! / values[3]!).toBeCloseTo(1, 11);
  });

  it('agrees with the plain route on well-conditioned data, d = 80', () => {
    const x = new Random(1).normals(300 * 80);
    const gram = gramOfRows(x, 300, 80);
    const pairs = eigenvaluesOfGram(gram);
    const single = eigenvaluesOfGram(plain(gram));
    expect(relative(single.values, pairs.values)).toBeLessThan(1e-13);
    for (const { residuals } of [pairs, single]) expect(Math.max(...residuals)).toBeLessThan(80 * 2 ** -52 * pairs.values[0]!);
  });
});

describe('rank', () => {
  const random = new Random(21);
  const rankOf = (values: Float64Array) => values.filter((v) => v > 0).length;
  const integers = (n: number) => Float64Array.from({ length: n }, () => random.integer(19) - 9);

  it('products of integer factors have exactly the rank of the factor', () => {
    for (let trial = 0; trial < 20; trial++) {
      const [n, d] = [20 + random.integer(30), 5 + random.integer(40)];
      const k = 1 + random.integer(Math.min(n, d));
      const [left, right] = [integers(n * k), integers(k * d)];
      const x = new Float64Array(n * d).map((_, at) => {
        let sum = 0;
        for (let m = 0; m < k; m++) sum += left[Math.floor(at / d) * k + m]! * right[m * d + (at % d)]!;
        return sum;
      });
      const { values } = eigenvaluesOfGram(gramOfRows(x, n, d));
      expect(rankOf(values), `[${n}, ${d}] of rank ${k}`).toBe(k);
      const dual = eigenvaluesOfGram(dualGramOfRows(x, n, d)).values;
      expect(rankOf(dual)).toBe(k);
      expect(relative(dual.slice(0, k), values.slice(0, k))).toBeLessThan(1e-10);
    }
  });

  it('duplicate columns, multiples and fewer rows than columns leave exact zeros', () => {
    for (let trial = 0; trial < 20; trial++) {
      const [n, d] = [3 + random.integer(40), 4 + random.integer(40)];
      const k = 1 + random.integer(d);
      const x = random.normals(n * d);
      for (let i = 0; i < n; i++) for (let j = k; j < d; j++) x[i * d + j] = x[i * d + (j % k)]! * (j % 3 ? -0.5 : 4);
      const { values, residuals } = eigenvaluesOfGram(gramOfRows(x, n, d));
      expect(rankOf(values), `[${n}, ${d}] with ${k} different columns`).toBe(Math.min(n, k));
      expect(Math.max(...residuals)).toBeLessThan(d * 2 ** -51 * values[0]!);
    }
  });
});

describe('ordinary days', () => {
  const both = (gram: Gram) => [gram, plain(gram)].map((g) => [...eigenvaluesOfGram(g).values]);

  it('zero, empty, 1 x 1, no rows, rank one', () => {
    expect(both(gramOfRows(new Float64Array(12), 4, 3))).toEqual([[0, 0, 0], [0, 0, 0]]);
    expect(both(gramOfRows(new Float64Array(0), 4, 0))).toEqual([[], []]);
    expect(both(gramOfRows(Float64Array.of(3), 1, 1))).toEqual([[9], [9]]);
    expect(both(gramOfRows(new Float64Array(0), 0, 2))).toEqual([[0, 0], [0, 0]]);
    for (const values of both(gramOfRows(new Float64Array(20).fill(1), 5, 4))) {
      expect(values[0]).toBeCloseTo(4, 14);
      expect(values.slice(1).every((v) => v >= 0 && v < 1e-15)).toBe(true);
    }
  });

  it('the identity has only ones', () => {
    const identity = gramOfRows(matrix(20, (i, j) => (i === j ? 1 : 0)), 20, 20);
    for (const values of both({ ...identity, rows: 1 })) expect(values).toEqual(Array(20).fill(1));
  });

  it('a plain Gram with a negative eigenvalue: the value is 0 and the residual keeps its size', () => {
    const { values, residuals } = eigenvaluesOfGram({ dimension: 2, rows: 1, hi: Float64Array.of(1, 0, 0, -1e-3), lo: null, roundoff: 2 ** -24, digest: null });
    expect([...values]).toEqual([1, 0]);
    expect(residuals[1]).toBeCloseTo(1e-3, 15);
  });

  it('NaN and infinity are refused in either word', () => {
    const gram = gramOfRows(Float64Array.of(1, 2, 3, 4), 2, 2);
    for (const bad of [{ ...gram, hi: Float64Array.of(1, NaN, NaN, 1) }, { ...gram, lo: Float64Array.of(0, 0, 0, Infinity) }]) {
      expect(() => eigenvaluesOfGram(bad)).toThrow(expect.objectContaining({ code: 'not-finite' }));
    }
  });

  it('scaling the data by 2^k scales values and residuals by 4^k, bit for bit, on both routes', () => {
    const x = new Random(2).normals(32 * 12);
    const scale = (k: number) => gramOfRows(x.map((v) => v * 2 ** k), 32, 12);
    for (const route of [(g: Gram) => g, plain]) {
      const base = eigenvaluesOfGram(route(scale(0)));
      for (const k of [-100, -33, 7, 100]) {
        const got = eigenvaluesOfGram(route(scale(k)));
        expect(got.values).toEqual(base.values.map((v) => v * 4 ** k));
        expect(got.residuals).toEqual(base.residuals.map((v) => v * 4 ** k));
      }
    }
  });

  it('permuting features changes no eigenvalue beyond 1e-12 of itself', () => {
    const [n, d] = [60, 24];
    const x = new Random(6).normals(n * d).map((v, k) => v * 10 ** (-(k % d) / 3));
    const moved = x.map((_, k) => x[Math.floor(k / d) * d + (((k % d) * 5) % d)]!);
    expect(relative(eigenvaluesOfGram(gramOfRows(moved, n, d)).values, eigenvaluesOfGram(gramOfRows(x, n, d)).values)).toBeLessThan(1e-12);
  });

  it('above 128 the ends are checked, the middle is NaN; nothing is checked on request', () => {
    const d = 130;
    const gram: Gram = { dimension: d, rows: 1, hi: matrix(d, (i, j) => (i === j ? 1 + i : 0)), lo: null, roundoff: 2 ** -53, digest: null };
    const { values, residuals } = eigenvaluesOfGram(gram);
    expect([...values]).toEqual(Array.from({ length: d }, (_, i) => d - i));
    expect(residuals.filter((r) => !Number.isNaN(r))).toHaveLength(32);
    expect([0, 15, 114, 129].every((i) => residuals[i]! < 1e-10)).toBe(true);
    expect(eigenvaluesOfGram(gram, { residuals: false }).residuals.every(Number.isNaN)).toBe(true);
  });
});

describe('inlineSolver', () => {
  it('gives the same result, and stops when aborted', async () => {
    const gram = gramOfRows(new Random(3).normals(400 * 256), 400, 256);
    const result = await inlineSolver.eigenvalues(gram);
    expect(result).toEqual(eigenvaluesOfGram(gram));
    const controller = new AbortController();
    const aborted = inlineSolver.eigenvalues(gram, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  });
});
