import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { gramOfRows } from '../../src/numerics/cpu/gram';
import type { DoubleDouble } from '../../src/numerics/double-double';
import { nearNullSteps } from '../../src/numerics/near-null';
import type { NearNull } from '../../src/numerics/near-null';
import type { Pairs } from '../../src/numerics/pair-vectors';
import { runAtOnce } from '../../src/numerics/stepwise';
import type { Gram } from '../../src/numerics/types';
import { typescript, useEngine } from '../../src/numerics/workspace';
import { decimalToBigInt, fromBigInt, toBigInt } from '../oracle/exact';
import { gradedCases, gradedFactor, gradedName } from '../oracle/graded';
import { hadamard, hadamardSandwich, hilbert, lehmer, matrix } from '../oracle/matrices';

const BITS = 260;
const exact = (x: DoubleDouble) => toBigInt(x.hi, BITS) + toBigInt(x.lo, BITS);
const exactAt = (x: Pairs, i: number) => toBigInt(x.hi[i]!, BITS) + toBigInt(x.lo[i]!, BITS);
const nearNull = (gram: Gram, count: number, options = {}): NearNull => runAtOnce(nearNullSteps(gram, count, options));
const stored = (hi: Float64Array, n: number): Gram => ({ dimension: n, rows: 1, hi, lo: new Float64Array(n * n), roundoff: 2 ** -104, digest: null });
/** |value - truth| */
const off = (value: DoubleDouble, truth: bigint) => Math.abs(fromBigInt(exact(value) - truth, BITS));
/** |v - w| or |v + w|, whichever is less. */
function angle(v: Pairs, w: readonly bigint[]): number {
  const norm = (sign: bigint) => Math.hypot(...w.map((x, i) => fromBigInt(exactAt(v, i) - sign * x, BITS)));
  return Math.min(norm(1n), norm(-1n));
}

/** |G v - value v| by integer arithmetic. */
function exactResidual(gram: Gram, value: DoubleDouble, v: Pairs): number {
  const { dimension: n, hi, lo } = gram;
  const x = Array.from({ length: n }, (_, i) => exactAt(v, i));
  const rest = x.map((own, i) => {
    let sum = -exact(value) * own;
    for (let j = 0; j < n; j++) sum += (toBigInt(hi[i * n + j]!, BITS) + toBigInt(lo![i * n + j]!, BITS)) * x[j]!;
    return fromBigInt(sum, 2 * BITS);
  });
  return Math.hypot(...rest);
}

describe('against closed forms', () => {
  it('eighteen orders of H D^2 H / 64: values, vectors (columns of H / 8) and residuals are as good as they say', () => {
    const s = Float64Array.from({ length: 64 }, (_, k) => Math.round(2 ** 40 * 10 ** ((-9 * k) / 63)) / 2 ** 40);
    const gram = { ...gramOfRows(hadamardSandwich(s), 64, 64), rows: 1 };
    const { pairs, isolated } = nearNull(gram, 6);
    const h = hadamard(64);
    expect(isolated).toBe(true);
    pairs.forEach(({ value, vector, residual, radius }, i) => {
      const lambda = (k: number) => s[63 - k]! ** 2;
      expect(off(value, toBigInt(s[63 - i]!, BITS / 2) ** 2n)).toBeLessThanOrEqual(radius);
      expect(radius / value.hi).toBeLessThan(1e-10);
      expect(exactResidual(gram, value, vector)).toBeLessThanOrEqual(residual);
      expect(residual).toBeLessThan(2 ** -94);
      const gap = Math.min(lambda(i + 1) - lambda(i), i > 0 ? lambda(i) - lambda(i - 1) : Infinity);
      expect(angle(vector, Array.from({ length: 64 }, (_, j) => toBigInt(h[j * 64 + 63 - i]! / 8, BITS)))).toBeLessThan((2 * residual) / gap);
      expect(Math.max(...vector.hi)).toBe(Math.max(...vector.hi.map(Math.abs)));
    });
  });

  it('clusters: whole ones are isolated, parts of one are not, and the bounds hold', () => {
    const levels = Float64Array.from({ length: 64 }, (_, k) => 2 ** -(4 * (k >> 2)));
    const s = levels.map(Math.sqrt);
    const gram = { ...gramOfRows(hadamardSandwich(s), 64, 64), rows: 1 };
    for (const [count, whole] of [[3, false], [4, true], [8, true]] as const) {
      const { pairs, isolated } = nearNull(gram, count);
      expect(isolated, `${count} of clusters of 4`).toBe(whole);
      pairs.forEach(({ value, residual, radius, vector }, i) => {
        expect(off(value, toBigInt(levels[63 - i]!, BITS))).toBeLessThanOrEqual(radius);
        expect(radius / value.hi).toBeLessThan(1e-9);
        expect(exactResidual(gram, value, vector)).toBeLessThanOrEqual(residual);
      });
    }
  });

  it('a dense end: the second difference matrix, 4 sin^2(k pi / (2 (n + 1)))', () => {
    const n = 60;
    const { pairs, isolated } = nearNull(stored(matrix(n, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0)), n), 3);
    expect(isolated).toBe(true);
    pairs.forEach(({ value, residual, radius, vector }, k) => {
      const angleOf = ((k + 1) * Math.PI) / (2 * (n + 1));
      expect(Math.abs(value.hi / (4 * Math.sin(angleOf) ** 2) - 1)).toBeLessThan(1e-14);
      expect(residual / value.hi).toBeLessThan(2 ** -49);
      expect(radius).toBeLessThanOrEqual(residual);
      const component = (j: number) => Math.sin(2 * (j + 1) * angleOf) * Math.sqrt(2 / (n + 1));
      const sign = Math.sign(vector.hi[0]! * component(0));
      vector.hi.forEach((x, j) => expect(Math.abs(x - sign * component(j))).toBeLessThan(1e-13));
    });
  });
});

describe('against 40-digit eigenpairs of the stored matrix', () => {
  type Reference = { name: string; n: number; pairs: { value: string; vector: string[] }[] };
  const references: Reference[] = JSON.parse(readFileSync(resolve(import.meta.dirname, '../fixtures/graded/pairs.json'), 'utf8'));
  for (const { name, n, pairs: want } of references) {
    it(`${name} ${n}`, () => {
      const gram = stored({ hilbert, lehmer }[name as 'hilbert' | 'lehmer'](n), n);
      const { pairs, isolated } = nearNull(gram, want.length);
      expect(isolated).toBe(true);
      pairs.forEach(({ value, vector, residual, radius }, i) => {
        expect(off(value, decimalToBigInt(want[i]!.value, BITS))).toBeLessThanOrEqual(radius + 1e-38 * value.hi);
        expect(radius / value.hi).toBeLessThan(1e-13);
        const next = pairs[i + 1] ?? pairs[i - 1]!;
        const gap = Math.min(Math.abs(next.value.hi - value.hi), i > 0 ? value.hi - pairs[i - 1]!.value.hi : Infinity);
        expect(angle(vector, want[i]!.vector.map((x) => decimalToBigInt(x, BITS)))).toBeLessThan((4 * residual) / gap + 1e-30);
        expect(exactResidual(gram, value, vector)).toBeLessThanOrEqual(residual);
      });
    });
  }
});

describe('against 50-digit eigenvalues over eighteen orders', () => {
  for (const one of gradedCases.filter(({ columns, seed }) => columns === 96 && seed % 2 === 1)) {
    it(gradedName(one), () => {
      const gram = { ...gramOfRows(gradedFactor(one), one.rows, one.columns), rows: 1 };
      const want = [...one.eigenvalues].reverse();
      const count = one.repeat > 1 ? one.repeat : 3;
      const { pairs, isolated } = nearNull(gram, count);
      expect(isolated).toBe(true);
      pairs.forEach(({ value, radius }, i) => {
        // The Gram itself is rounded: its part is what hi + lo leaves of the trace.
        expect(off(value, decimalToBigInt(want[i]!, BITS))).toBeLessThan(radius + 2 ** -96 * Number(one.eigenvalues[0]) + 1e-24 * value.hi);
        expect(radius / value.hi).toBeLessThan(1e-10);
      });
    });
  }
});

describe('missing rank', () => {
  const random = new Random(4);
  const [n, d, rank] = [30, 16, 11];
  const [left, right] = [n * rank, rank * d].map((size) => Float64Array.from({ length: size }, () => random.integer(9) - 4)) as [Float64Array, Float64Array];
  const x = matrix(Math.max(n, d), () => 0).slice(0, n * d);
  for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) for (let m = 0; m < rank; m++) x[i * d + j]! += left[i * rank + m]! * right[m * d + j]!;
  const gram = { ...gramOfRows(x, n, d), rows: 1 };

  it('null vectors first: X v = 0, and the nullity is proven', () => {
    const { pairs, isolated } = nearNull(gram, d - rank);
    expect(isolated).toBe(true);
    for (const { value, vector, residual } of pairs) {
      expect(Math.abs(value.hi)).toBeLessThan(1e-24);
      expect(exactResidual(gram, value, vector)).toBeLessThanOrEqual(residual);
      for (let i = 0; i < n; i++) {
        let sum = 0n;
        for (let j = 0; j < d; j++) sum += BigInt(x[i * d + j]!) * exactAt(vector, j);
        expect(Math.abs(fromBigInt(sum, BITS))).toBeLessThan(1e-26);
      }
    }
  });

  it('then the positive ones, and no more than there are', () => {
    const all = nearNull(gram, 99);
    expect(all.pairs).toHaveLength(d);
    expect(all.isolated).toBe(true);
    expect(all.pairs.filter(({ value, radius }) => value.hi > radius)).toHaveLength(rank);
    const some = nearNull(gram, d - rank + 2);
    expect(some.isolated).toBe(true);
    some.pairs.forEach(({ value }, i) => expect(Math.abs(value.hi - all.pairs[i]!.value.hi)).toBeLessThan(1e-18));
    expect(nearNull(gram, 2).isolated).toBe(false);
    expect(nearNull(gram, 0)).toEqual({ pairs: [], isolated: false });
  });

  it('zero, 1 x 1, a single word, nothing', () => {
    expect(nearNull(stored(new Float64Array(9), 3), 3).pairs.map((p) => [p.value.hi, p.residual])).toEqual([[0, 0], [0, 0], [0, 0]]);
    const one = nearNull({ ...stored(Float64Array.of(9), 1), lo: null, rows: 3 }, 1);
    expect([one.isolated, one.pairs[0]!.value, one.pairs[0]!.vector.hi[0]]).toEqual([true, { hi: 3, lo: 0 }, 1]);
    expect(nearNull(stored(new Float64Array(0), 0), 2).pairs).toEqual([]);
    expect(() => nearNull(stored(Float64Array.of(NaN), 1), 1)).toThrow(expect.objectContaining({ code: 'not-finite' }));
  });
});

it('scaling the data by 2^k scales values and bounds by 4^k and changes no bit of the vectors', () => {
  const x = new Random(8).normals(24 * 10).map((v, k) => v * 2 ** -(k % 10));
  const at = (k: number) => nearNull(gramOfRows(x.map((v) => v * 2 ** k), 24, 10), 2);
  const base = at(0);
  for (const k of [-100, -33, 100]) {
    const { pairs, isolated } = at(k);
    expect(isolated).toBe(base.isolated);
    pairs.forEach((p, i) => {
      const want = base.pairs[i]!;
      expect(p.vector).toEqual(want.vector);
      expect([p.value.hi, p.value.lo, p.residual, p.radius]).toEqual([want.value.hi, want.value.lo, want.residual, want.radius].map((v) => v * 4 ** k));
    });
  }
});

it('without WebAssembly every bit is the same', () => {
  const gram = gramOfRows(new Random(9).normals(30 * 40), 30, 40);
  const got = () => nearNull({ ...gram, rows: 1 }, 11);
  const wasm = got();
  expect(wasm.isolated).toBe(true);
  useEngine(typescript);
  try {
    expect(got()).toEqual(wasm);
  } finally {
    useEngine(null);
  }
});
