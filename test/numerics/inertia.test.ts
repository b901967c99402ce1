import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { gramOfRows } from '../../src/numerics/cpu/gram';
import { inertiaSteps } from '../../src/numerics/inertia';
import { runAtOnce } from '../../src/numerics/stepwise';
import type { Gram } from '../../src/numerics/types';
import { typescript, useEngine } from '../../src/numerics/workspace';
import { gradedCases, gradedFactor, gradedName } from '../oracle/graded';
import { hadamardSandwich, knownSpectra, matrix } from '../oracle/matrices';

const inertia = (gram: Gram, tau: number) => runAtOnce(inertiaSteps(gram, tau));
const stored = (hi: Float64Array, n: number): Gram => ({ dimension: n, rows: 1, hi, lo: null, roundoff: 2 ** -53, digest: null });
const proven = (count: number) => ({ atLeast: count, atMost: count });

describe('counts below a threshold', () => {
  for (const { name, n, a, values } of knownSpectra()) {
    it(`${name}: proven in every gap, and right at every eigenvalue`, () => {
      for (let i = 0; i + 1 < n; i += Math.ceil(n / 16)) {
        const [above, below] = [values[i]!, values[i + 1]!];
        if (above - below > 1e-6) expect(inertia(stored(a, n), 0.45 * above + 0.55 * below), `below eigenvalue ${i}`).toEqual(proven(n - 1 - i));
        const { atLeast, atMost } = inertia(stored(a, n), above);
        expect(atLeast).toBeLessThanOrEqual(values.filter((v) => v < above - 1e-12).length);
        expect(atMost).toBeGreaterThanOrEqual(values.filter((v) => v < above - 1e-12).length);
      }
      const top = Math.max(...values.map(Math.abs));
      expect([inertia(stored(a, n), -1.5 * top), inertia(stored(a, n), 1.5 * top)]).toEqual([proven(0), proven(n)]);
    });
  }

  for (const one of gradedCases.filter(({ repeat }) => repeat === 1)) {
    it(`${gradedName(one)}: at thresholds down to 1e-17 of the top`, () => {
      const d = one.columns;
      const gram = { ...gramOfRows(gradedFactor(one), one.rows, d), rows: 1 };
      for (let i = d - 2; i >= 0; i -= Math.ceil(d / 4)) {
        const tau = Math.sqrt(Number(one.eigenvalues[i]!) * Number(one.eigenvalues[i + 1]!));
        expect(inertia(gram, tau), `${i + 1} above ${tau}`).toEqual(proven(d - 1 - i));
      }
    });
  }

  it('sees what only the second word holds', () => {
    const gram: Gram = { ...stored(Float64Array.of(1, 1, 1, 1), 2), lo: Float64Array.of(0, 0, 0, 2 ** -60), roundoff: 2 ** -104 };
    expect(inertia(gram, 2 ** -62)).toEqual(proven(0));
    expect(inertia({ ...gram, lo: null }, 2 ** -62)).toEqual(proven(1));
  });

  it('exact zeros lie below any threshold, and at zero nothing is proven', () => {
    const gram = gramOfRows(new Random(5).normals(20 * 33), 20, 33);
    expect(inertia(gram, 1e-20)).toEqual(proven(13));
    const { atLeast, atMost } = inertia(gram, 0);
    expect(atLeast).toBe(0);
    expect(atMost).toBeGreaterThanOrEqual(13);
  });

  it('divides by the rows', () => {
    const gram: Gram = { ...stored(Float64Array.of(6, 0, 0, 12), 2), rows: 3 };
    expect([1.9, 2.1, 3.9, 4.1].map((tau) => inertia(gram, tau).atLeast)).toEqual([0, 1, 1, 2]);
  });

  it('a threshold within rounding of an eigenvalue is not decided', () => {
    const levels = Float64Array.from({ length: 64 }, (_, k) => 2 ** -(k >> 4));
    expect(inertia(stored(hadamardSandwich(levels), 64), 0.5)).toEqual({ atLeast: 32, atMost: 48 });
  });

  it('matrices with zero diagonals, zero matrices and none at all', () => {
    const n = 8;
    const path = matrix(n, (i, j) => (Math.abs(i - j) === 1 ? 1 : 0));
    expect(inertia(stored(path, n), 0.1)).toEqual(proven(4));
    expect([inertia(stored(new Float64Array(9), 3), 1), inertia(stored(new Float64Array(9), 3), -1)]).toEqual([proven(3), proven(0)]);
    expect(inertia(stored(new Float64Array(9), 3), 0)).toEqual({ atLeast: 0, atMost: 3 });
    expect(inertia(stored(new Float64Array(0), 0), 1)).toEqual(proven(0));
    expect(() => inertia(stored(Float64Array.of(NaN), 1), 0)).toThrow(expect.objectContaining({ code: 'not-finite' }));
  });

  it('without WebAssembly the same', () => {
    const gram = gramOfRows(new Random(6).normals(90 * 70), 90, 70);
    const counts = () => [0.01, 0.5, 1].map((tau) => inertia(gram, tau));
    const wasm = counts();
    useEngine(typescript);
    try {
      expect(counts()).toEqual(wasm);
    } finally {
      useEngine(null);
    }
  });
});
