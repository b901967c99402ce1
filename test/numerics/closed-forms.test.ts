/** Spectra in closed form, or to many digits, by the product's route: hi + lo Gram, double-double Cholesky, singular values of R. */
import { describe, expect, it } from 'vitest';
import { dualGramOfRows, gramOfRows } from '../../src/numerics/cpu/gram';
import { eigenvaluesOfGram } from '../../src/numerics/solve';
import { symmetricEigen } from '../../src/numerics/symmetric-eigen';
import type { Gram } from '../../src/numerics/types';
import { hadamard, hilbert, knownSpectra, lehmer, matrix } from '../oracle/matrices';

const EPS = 2 ** -52;
const eigenvalues = (gram: Gram) => eigenvaluesOfGram({ ...gram, rows: 1 }, { residuals: false }).values;
const stored = (hi: Float64Array, n: number): Gram => ({ dimension: n, rows: 1, hi, lo: new Float64Array(n * n), roundoff: 2 ** -104, digest: null });
const singularValues = (x: Float64Array | Float32Array, n: number) => eigenvalues(gramOfRows(x, n, n)).map(Math.sqrt);

describe('Hadamard(64) / 8 at scales whose squares float32 does not hold', () => {
  for (const scale of [1, 2 ** 100, 2 ** -100, 2 ** -140]) {
    const x = Float32Array.from(hadamard(64), (h) => (h / 8) * scale);

    it(`${scale}: every singular value is the scale, exactly, whatever the route`, () => {
      const exactly = new Float64Array(64).fill(scale);
      const gram = gramOfRows(x, 64, 64);
      for (const one of [gram, dualGramOfRows(x, 64, 64), { ...gram, lo: null, roundoff: 2 ** -53 }]) {
        expect(eigenvalues(one).map(Math.sqrt)).toEqual(exactly);
      }
    });

    it(`${scale}: half of its own eigenvalues are + and half are - the scale`, () => {
      const { values } = symmetricEigen(Float64Array.from(x), 64, { vectors: false });
      values.forEach((v, i) => expect(Math.abs(v / scale - (i < 32 ? 1 : -1))).toBeLessThan(64 * EPS));
    });
  }
});

describe('diag(2^-k) H / 8, k = 0 ... 63', () => {
  const h = hadamard(64);
  const x = matrix(64, (i, j) => (h[i * 64 + j]! / 8) * 2 ** -i);

  it('from the side of the rows they are exact down to n 2^-104 of the top, where rank ends', () => {
    const values = eigenvalues(dualGramOfRows(x, 64, 64));
    expect(values).toEqual(Float64Array.from({ length: 64 }, (_, k) => (4 ** -k > 64 * 2 ** -104 ? 4 ** -k : 0)));
    expect(values.filter((v) => v > 0)).toHaveLength(49);
  });

  it('from the side of the columns those above 2^-80 of the top keep ten digits, and no other is above 2^-79', () => {
    eigenvalues(gramOfRows(x, 64, 64)).forEach((v, k) => {
      if (k <= 40) expect(Math.abs(v * 4 ** k - 1), `2^-${2 * k}`).toBeLessThan(1e-10 * 4 ** Math.max(0, k - 33));
      else expect(v).toBeLessThan(2 ** -79);
    });
  });
});

describe('semidefinite matrices', () => {
  for (const { name, n, a, values } of knownSpectra().filter(({ values }) => values[values.length - 1]! > 0)) {
    it(`${name}: within 10 n eps of each value`, () => {
      eigenvalues(stored(a, n)).forEach((v, i) => expect(Math.abs(v / values[i]! - 1), `eigenvalue ${i}`).toBeLessThan(10 * n * EPS));
    });
  }

  it('Hilbert 8 times 360360, an integer matrix: its ends', () => {
    const values = eigenvalues(stored(hilbert(8).map((v) => Math.round(v * 360360)), 8));
    expect(Math.abs(values[0]! / 360360 / 1.69593899692194945 - 1)).toBeLessThan(10 * EPS);
    expect(Math.abs(values[7]! / 360360 / 1.11153896637244e-10 - 1)).toBeLessThan(1e-14);
  });

  it('Lehmer 10: its ends', () => {
    const values = eigenvalues(stored(lehmer(10), 10));
    expect(Math.abs(values[0]! / 5.75848156477062 - 1)).toBeLessThan(1e-14);
    expect(Math.abs(values[9]! / 0.0666573347011762 - 1)).toBeLessThan(1e-14);
  });
});

describe('factors that are not symmetric', () => {
  it('Kahan 24 at 1.2: a rank that hides', () => {
    const [c, s] = [Math.cos(1.2), Math.sin(1.2)];
    const sigma = singularValues(matrix(24, (i, j) => (i > j ? 0 : s ** i * (i === j ? 1 : -c))), 24);
    expect(Math.abs(sigma[0]! / 3.64988303705052 - 1)).toBeLessThan(1e-14);
    expect(Math.abs(sigma[22]! / 0.248139750144394 - 1)).toBeLessThan(1e-14);
    expect(Math.abs(sigma[23]! / 3.00835610418065e-4 - 1)).toBeLessThan(1e-12);
  });

  it('Frank 12: its determinant is 1, so the singular values multiply to 1', () => {
    const sigma = singularValues(matrix(12, (i, j) => (j < i - 1 ? 0 : 12 - Math.max(i, j))), 12);
    expect(Math.abs(sigma.reduce((product, s) => product * s, 1) - 1)).toBeLessThan(1e-13);
  });
});
