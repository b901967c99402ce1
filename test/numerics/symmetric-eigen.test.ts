import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { symmetricEigen } from '../../src/numerics/symmetric-eigen';
import { hilbert, knownSpectra, lehmer, matrix, randomSimilarity, wilkinson21 } from '../oracle/matrices';

const EPS = 2 ** -52;

describe('closed forms', () => {
  for (const { name, n, a, values } of knownSpectra()) {
    it(`${name}: within 10 eps |lambda|max`, () => {
      const got = symmetricEigen(a, n, { vectors: false }).values;
      const bound = 10 * EPS * Math.max(...values.map(Math.abs));
      got.forEach((x, i) => expect(Math.abs(x - values[i]!), `eigenvalue ${i}`).toBeLessThanOrEqual(bound));
    });
  }

  it('Wilkinson W21+ keeps its near pair', () => {
    const { values } = symmetricEigen(wilkinson21(), 21, { vectors: false });
    expect(values[0]).toBeCloseTo(10.746194182903393, 13);
    expect(values[1]).toBeCloseTo(10.746194182903322, 13);
    expect(values[0]! - values[1]!).toBeCloseTo(7.16e-14, 14);
    expect(values[20]).toBeCloseTo(-1.1254415221199842, 13);
  });

  it('Hilbert 12 and Lehmer 10 to the roundoff of their largest eigenvalue', () => {
    const hilbert12 = symmetricEigen(hilbert(12), 12, { vectors: false }).values;
    expect(Math.abs(hilbert12[0]! - 1.79537205956199731)).toBeLessThan(10 * EPS);
    expect(Math.abs(hilbert12[11]! - 1.0479463978e-16)).toBeLessThan(10 * EPS);
    const lehmer10 = symmetricEigen(lehmer(10), 10, { vectors: false }).values;
    expect(Math.abs(lehmer10[0]! - 5.75848156477062)).toBeLessThan(2e-14);
    expect(Math.abs(lehmer10[9]! - 0.0666573347011762)).toBeLessThan(2e-14);
  });
});

describe('properties', () => {
  const random = new Random(7);
  const n = 40;
  const a = randomSimilarity(matrix(n, (i, j) => (i === j ? random.normal() : 0)), n, random);

  it('scaling by 2^k scales the values exactly and changes no bit of the vectors', () => {
    const base = symmetricEigen(a, n, { vectors: true });
    const alone = symmetricEigen(a, n, { vectors: false }).values;
    for (const k of [-100, -37, 1, 100]) {
      const scaled = symmetricEigen(a.map((x) => x * 2 ** k), n, { vectors: true });
      expect(scaled.values).toEqual(base.values.map((x) => x * 2 ** k));
      expect(scaled.vectors).toEqual(base.vectors);
      expect(symmetricEigen(a.map((x) => x * 2 ** k), n, { vectors: false }).values).toEqual(alone.map((x) => x * 2 ** k));
    }
  });

  it('a symmetric permutation moves values by rounding only', () => {
    const order = Array.from({ length: n }, (_, i) => (i * 7) % n);
    const moved = matrix(n, (i, j) => a[order[i]! * n + order[j]!]!);
    const base = symmetricEigen(a, n, { vectors: false }).values;
    symmetricEigen(moved, n, { vectors: false }).values.forEach((x, i) => expect(Math.abs(x - base[i]!)).toBeLessThan(20 * EPS * base[0]!));
  });

  it('an empty matrix has no eigenvalues; NaN and infinity are refused', () => {
    expect(symmetricEigen(new Float64Array(0), 0, { vectors: true }).values).toHaveLength(0);
    for (const bad of [NaN, Infinity]) {
      expect(() => symmetricEigen(Float64Array.of(1, bad, bad, 1), 2, { vectors: false })).toThrow(expect.objectContaining({ code: 'not-finite' }));
    }
  });
});
