import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import {
  addGrams, dualGramOfRows, gramOfRows, gramOfRowsAsync, gramPart, plainGramOfRows, plainGramPart, subtractGrams,
} from '../../src/numerics/cpu/gram';
import { joinGramParts } from '../../src/numerics/cpu/gram-parts';
import { fisherGramOfRows, fisherGramOfRowsAsync } from '../../src/numerics/cpu/fisher-gram';
import { fromBigInt, toBigInt } from '../oracle/exact';
import { BITS, largestGramError } from '../oracle/gram-error';

describe('gramOfRows', () => {
  const random = new Random(5);
  const shapes = [[1, 1], [1, 7], [5, 2], [300, 9], [33, 40]] as const;

  for (const [rows, d] of shapes) {
    it(`[${rows}, ${d}]: hi + lo is the exact Gram to 2^-90, symmetric, for float64 and float32 data of mixed scales`, () => {
      const x = random.normals(rows * d).map((v, k) => v * 2 ** ((((k % d) * 5) % 60) - 30) * (k % 11 ? 1 : 1e-6));
      for (const data of [x, Float32Array.from(x)]) {
        const gram = gramOfRows(data, rows, d);
        expect(largestGramError(gram, rows, (i, k) => data[k * d + i]!)).toBeLessThan(2 ** -90);
        for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) expect(gram.hi[i * d + j]).toBe(gram.hi[j * d + i]);
      }
      const dual = dualGramOfRows(x, rows, d);
      expect(dual.dimension).toBe(rows);
      expect(largestGramError(dual, d, (i, k) => x[i * d + k]!)).toBeLessThan(2 ** -90);
    });
  }

  it('integers give the exact integer Gram with nothing in lo', () => {
    const gram = gramOfRows(Float64Array.of(1, 2, 3, 4, 5, 6), 3, 2);
    expect([...gram.hi]).toEqual([35, 44, 44, 56]);
    expect([...gram.lo!]).toEqual([0, 0, 0, 0]);
  });

  it('scaling the data by 2^k scales both words by 2^2k, bit for bit', () => {
    const x = random.normals(150 * 7);
    const base = gramOfRows(x, 150, 7);
    for (const k of [-100, -1, 63, 100]) {
      const scaled = gramOfRows(x.map((v) => v * 2 ** k), 150, 7);
      expect(scaled.hi).toEqual(base.hi.map((v) => v * 2 ** (2 * k)));
      expect(scaled.lo).toEqual(base.lo!.map((v) => v * 2 ** (2 * k)));
    }
  });

  it('blocks add up to the whole, and the whole minus a block is the rest', () => {
    const d = 6;
    const x = random.normals(200 * d);
    const whole = gramOfRows(x, 200, d);
    const first = gramOfRows(x.subarray(0, 70 * d), 70, d);
    const second = gramOfRows(x.subarray(70 * d), 130, d);
    const sum = addGrams(first, second);
    const rest = subtractGrams(whole, first);
    expect([sum.rows, rest.rows]).toEqual([200, 130]);
    for (const [a, b] of [[sum, whole], [rest, second]] as const) {
      for (let i = 0; i < d * d; i++) expect(Math.abs(a.hi[i]! - b.hi[i]! + (a.lo![i]! - b.lo![i]!))).toBeLessThan(200 * 2 ** -98);
    }
  });

  it('no rows or no columns give an empty sum', () => {
    expect([...gramOfRows(new Float64Array(0), 0, 2).hi]).toEqual([0, 0, 0, 0]);
    expect(gramOfRows(new Float64Array(0), 5, 0).dimension).toBe(0);
  });

  it('counts NaN and infinity and says where the first is; refuses sums beyond float64', () => {
    expect(() => gramOfRows(Float64Array.of(1, 2, 3, NaN, 5, Infinity), 3, 2)).toThrow(
      expect.objectContaining({ code: 'not-finite', message: expect.stringContaining('2 of 6 values are NaN or infinite, the first at row 1, column 1') }),
    );
    expect(() => gramOfRows(Float64Array.of(1e200), 1, 1)).toThrow(expect.objectContaining({ code: 'gram-overflow' }));
  });

  it('lets events through all the while, and stops when aborted', { retry: 2 }, async () => {
    const x = random.normals(8192 * 192);
    const gaps: number[] = [];
    let last = performance.now();
    const timer = setInterval(() => {
      gaps.push(performance.now() - last);
      last = performance.now();
    }, 0);
    const gram = await gramOfRowsAsync(x, 8192, 192);
    clearInterval(timer);
    expect(gram.hi).toEqual(gramOfRows(x, 8192, 192).hi);
    expect(gaps.length).toBeGreaterThan(0);
    expect(Math.max(...gaps)).toBeLessThan(250);
    const controller = new AbortController();
    const aborted = gramOfRowsAsync(x, 8192, 192, controller.signal);
    setTimeout(() => controller.abort(), 5);
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('components of many bits', () => {
  const random = new Random(31);
  const kinds: Record<string, (k: number) => number> = {
    'entries from 1 to 2^-60': () => random.normal() * 2 ** -random.integer(60),
    'one large entry in a column': (k) => (k < 7 ? 1 : random.normal() * 2 ** -40),
    'all bits set, all of one sign': () => 1 - 2 ** -53,
    'ties of a rounding': () => (random.integer(2 ** 20) + 0.5) * 2 ** -25,
  };
  for (const [name, component] of Object.entries(kinds)) {
    for (const rows of [128, 129, 250]) {
      it(`${name}, ${rows} rows: within 2^-104`, () => {
        const d = 7;
        const x = Float64Array.from({ length: rows * d }, (_, k) => component(k));
        expect(largestGramError(gramOfRows(x, rows, d), rows, (i, k) => x[k * d + i]!)).toBeLessThan(2 ** -104);
      });
    }
  }
});

describe('parts for several workers', () => {
  const random = new Random(12);

  for (const [rows, d] of [[5, 1], [40, 33], [70, 150], [0, 20]] as const) {
    it(`[${rows}, ${d}] in 1, 2 or 3 parts: the bits of the whole`, () => {
      const x = random.normals(rows * d);
      // Columns of fewer bits take fewer moduli: each part has its own, and they decide nothing.
      const mixed = x.map((v, k) => (k % d > d / 2 ? Math.fround(v) : v));
      for (const parts of [1, 2, 3]) {
        const each = Array.from({ length: parts }, (_, part) => part);
        for (const data of [x, mixed, x.map(Math.fround)]) {
          expect(joinGramParts(each.map((part) => gramPart(data, rows, d, part, parts)))).toEqual(gramOfRows(data, rows, d));
        }
        expect(joinGramParts(each.map((part) => plainGramPart(x, rows, d, part, parts)))).toEqual(plainGramOfRows(x, rows, d));
      }
    });
  }

  it('two parts have about the same area', () => {
    const areas = [0, 1].map((part) => {
      const { from, to, dimension } = gramPart(new Float64Array(512), 1, 512, part, 2);
      return (to - from) * (dimension - (from + to - 1) / 2);
    });
    expect(Math.abs(areas[0]! / areas[1]! - 1)).toBeLessThan(0.05);
  });
});

describe('plainGramOfRows', () => {
  it('is the hi + lo Gram to float64 roundoff, symmetric, deeper and wider than a block', () => {
    const random = new Random(9);
    for (const [rows, d] of [[1, 1], [3, 5], [300, 21], [520, 70]] as const) {
      const x = random.normals(rows * d);
      const plain = plainGramOfRows(x, rows, d);
      const { hi } = gramOfRows(x, rows, d);
      expect([plain.lo, plain.roundoff, plain.rows]).toEqual([null, 2 ** -53, rows]);
      for (let i = 0; i < d; i++) {
        for (let j = 0; j < d; j++) {
          expect(plain.hi[i * d + j]).toBe(plain.hi[j * d + i]);
          expect(Math.abs(plain.hi[i * d + j]! - hi[i * d + j]!)).toBeLessThanOrEqual(rows * 2 ** -53 * Math.sqrt(hi[i * d + i]! * hi[j * d + j]!));
        }
      }
    }
  });

  it('refuses what is not finite and what overflows', () => {
    expect(() => plainGramOfRows(Float64Array.of(1, NaN), 2, 1)).toThrow(expect.objectContaining({ code: 'not-finite' }));
    expect(() => plainGramOfRows(Float64Array.of(1e200), 1, 1)).toThrow(expect.objectContaining({ code: 'gram-overflow' }));
  });
});

describe('fisherGramOfRows', () => {
  const random = new Random(8);
  const integers = (n: number) => Float64Array.from({ length: n }, () => random.integer(15) - 7);

  /** K from gradients made in plain sight, exact for small integers. */
  function naive(a: Float64Array, delta: Float64Array, n: number, T: number, p: number, q: number): Float64Array {
    const g = Array.from({ length: n }, (_, i) => {
      const sum = new Float64Array(p * q);
      for (let t = i * T; t < (i + 1) * T; t++) for (let k = 0; k < p * q; k++) sum[k]! += a[t * p + Math.floor(k / q)]! * delta[t * q + (k % q)]!;
      return sum;
    });
    return Float64Array.from({ length: n * n }, (_, k) => g[Math.floor(k / n)]!.reduce((s, v, e) => s + v * g[k % n]![e]!, 0));
  }

  // The first three sum products of inner products, the last two make gradients.
  for (const [n, T, p, q] of [[5, 1, 4, 3], [7, 2, 9, 8], [300, 1, 2, 3], [6, 12, 2, 3], [9, 40, 5, 4]] as const) {
    it(`${n} samples of ${T} positions, ${p} x ${q} weights: the exact integers`, () => {
      const a = integers(n * T * p);
      const delta = integers(n * T * q);
      const K = fisherGramOfRows(a, delta, n, T, p, q);
      expect(K.hi).toEqual(naive(a, delta, n, T, p, q));
      expect(K.lo!.every((v) => v === 0)).toBe(true);
      expect([K.dimension, K.rows]).toEqual([n, n]);
    });
  }

  it('keeps 90 bits of real data, by either order of summation', () => {
    for (const [n, T, p, q] of [[4, 2, 6, 5], [5, 9, 2, 3]] as const) {
      const a = random.normals(n * T * p);
      const delta = random.normals(n * T * q);
      const K = fisherGramOfRows(a, delta, n, T, p, q);
      const big = (v: Float64Array) => Array.from(v, (x) => toBigInt(x, 150));
      const [A, D] = [big(a), big(delta)];
      const inner = (v: bigint[], r: number, s: number, width: number) => {
        let sum = 0n;
        for (let k = 0; k < width; k++) sum += v[r * width + k]! * v[s * width + k]!;
        return sum;
      };
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0n;
          for (let t = i * T; t < i * T + T; t++) for (let s = j * T; s < j * T + T; s++) sum += inner(A, t, s, p) * inner(D, t, s, q);
          const error = fromBigInt(toBigInt(K.hi[i * n + j]!, BITS) + toBigInt(K.lo![i * n + j]!, BITS) - sum, BITS);
          expect(Math.abs(error)).toBeLessThan(2 ** -90 * Math.sqrt(K.hi[i * n + i]! * K.hi[j * n + j]!));
        }
      }
    }
  });

  it('is exactly scale-equivariant and can be aborted', async () => {
    const [n, T, p, q] = [6, 3, 4, 4];
    const a = random.normals(n * T * p);
    const delta = random.normals(n * T * q);
    const base = fisherGramOfRows(a, delta, n, T, p, q);
    const scaled = fisherGramOfRows(a.map((x) => x * 2 ** 90), delta.map((x) => x * 2 ** -100), n, T, p, q);
    expect(scaled.hi).toEqual(base.hi.map((x) => x * 2 ** -20));
    expect(scaled.lo).toEqual(base.lo!.map((x) => x * 2 ** -20));
    await expect(fisherGramOfRowsAsync(a, delta, n, T, p, q, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});
