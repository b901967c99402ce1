import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { ConvergenceError } from '../../src/numerics/convergence-error';
import { dqds } from '../../src/numerics/dqds';
import { applyV, bidiagonalize, bidiagonalWords } from '../../src/numerics/bidiagonal';
import { getLane, setLane } from '../../src/numerics/lanes';
import { bidiagonalSingularValues } from '../../src/numerics/singular-values';
import { runAtOnce } from '../../src/numerics/stepwise';
import { engine } from '../../src/numerics/workspace';
import type { Workspace } from '../../src/numerics/workspace';
import { matrix } from '../oracle/matrices';

function reduced(a: Float64Array, rows: number, columns: number, work: Workspace) {
  const copy = work.array(a.length);
  copy.set(a);
  return runAtOnce(bidiagonalize(copy, rows, columns, work));
}

function singularValues(a: Float64Array, rows: number, columns: number): Float64Array {
  const work = engine().open(a.length + bidiagonalWords(rows, columns));
  const b = reduced(a, rows, columns, work);
  work.release();
  return runAtOnce(bidiagonalSingularValues(b.diagonal, b.subDiagonal));
}

describe('bidiagonal singular values', () => {
  it('the bidiagonal of ones has 2 cos(k pi / (2 n + 1))', () => {
    for (const n of [1, 2, 3, 50, 200]) {
      const got = runAtOnce(bidiagonalSingularValues(new Float64Array(n).fill(1), new Float64Array(n - 1).fill(1)));
      got.forEach((s, k) => expect(s).toBeCloseTo(2 * Math.cos(((k + 1) * Math.PI) / (2 * n + 1)), 13));
    }
  });

  it('keeps relative accuracy at any scale: the values multiply to the product of the diagonal', () => {
    const random = new Random(3);
    for (const grading of [0, 1, -1]) {
      const n = 40;
      const d = Float64Array.from({ length: n }, (_, k) => (1 + random.uniform()) * 10 ** (-grading * k * 0.7));
      const e = Float64Array.from({ length: n - 1 }, (_, k) => random.normal() * Math.min(d[k]!, d[k + 1]!));
      const got = runAtOnce(bidiagonalSingularValues(d, e));
      const sumOfLogs = (x: Float64Array) => x.reduce((sum, v) => sum + Math.log(Math.abs(v)), 0);
      expect(Math.abs(sumOfLogs(got) - sumOfLogs(d))).toBeLessThan(1e-11);
      expect(got).toEqual(got.slice().sort().reverse());
    }
  });

  it('a tiny value beside large couplings is right to 1e-13: two-by-two blocks against their closed form', () => {
    const got = runAtOnce(bidiagonalSingularValues(Float64Array.of(1, 1e-150), Float64Array.of(1)));
    expect(got[0]).toBeCloseTo(Math.SQRT2, 14);
    expect(got[1]! / (1e-150 / Math.SQRT2)).toBeCloseTo(1, 13);
  });

  it('clusters, splits, both directions and eighteen orders: sums and products of squares are those of the matrix', () => {
    const random = new Random(8);
    const n = 60;
    const make = (entry: (k: number) => number) => Float64Array.from({ length: n }, (_, k) => entry(k));
    const cases: [Float64Array, Float64Array][] = [
      [make(() => random.normal()), make(() => random.normal()).subarray(1)],
      [make((k) => (k < 30 ? 1 : 1e-8)), make(() => 1e-9 * random.normal()).subarray(1)],
      [make(() => 1), make((k) => (k % 7 ? 1e-3 * random.normal() : 0)).subarray(1)],
      [make((k) => 10 ** (-0.3 * k)), make((k) => 10 ** (-0.3 * k) * random.normal()).subarray(1)],
      [make((k) => 10 ** (-0.3 * (n - k))), make((k) => 10 ** (-0.3 * (n - k + 1)) * random.normal()).subarray(1)],
      [make(() => 10 ** (-9 * random.uniform())), make(() => 10 ** (-9 * random.uniform())).subarray(1)],
    ];
    for (const [d, e] of cases) {
      const got = runAtOnce(bidiagonalSingularValues(d, e));
      const squares = (x: Float64Array) => x.reduce((sum, v) => sum + v * v, 0);
      const logs = (x: Float64Array) => x.reduce((sum, v) => sum + Math.log(Math.abs(v)), 0);
      expect(squares(got) / (squares(d) + squares(e))).toBeCloseTo(1, 13);
      expect(Math.abs(logs(got) - logs(d))).toBeLessThan(1e-11);
    }
  });

  it('NaN that never converges is a ConvergenceError with its name', () => {
    for (const [q, e] of [[NaN, 1], [1, NaN]]) {
      expect(() => runAtOnce(dqds(Float64Array.of(1, q!, 2), Float64Array.of(e!, 1)))).toThrow(ConvergenceError);
    }
  });

  it('zeros on the diagonal, zero couplings, and nothing at all', () => {
    expect([...runAtOnce(bidiagonalSingularValues(Float64Array.of(0, 0, 0), Float64Array.of(0, 0)))]).toEqual([0, 0, 0]);
    expect([...runAtOnce(bidiagonalSingularValues(Float64Array.of(3, -5, 4), Float64Array.of(0, 0)))]).toEqual([5, 4, 3]);
    expect(runAtOnce(bidiagonalSingularValues(new Float64Array(0), new Float64Array(0)))).toHaveLength(0);
    const singular = runAtOnce(bidiagonalSingularValues(Float64Array.of(1, 0, 1), Float64Array.of(1, 1)));
    expect(singular[2]).toBeLessThan(1e-16);
    expect(singular[0]! ** 2 + singular[1]! ** 2).toBeCloseTo(4, 13);
  });
});

describe('dense singular values', () => {
  it("Kahan's matrix, n = 24, theta = 1.2", () => {
    const [c, s] = [Math.cos(1.2), Math.sin(1.2)];
    const kahan = matrix(24, (i, j) => (i > j ? 0 : s ** i * (i === j ? 1 : -c)));
    const got = singularValues(kahan, 24, 24);
    expect(got[0]).toBeCloseTo(3.64988303705052, 13);
    expect(got[22]).toBeCloseTo(0.248139750144394, 13);
    expect(got[23]! / 3.00835610418065e-4).toBeCloseTo(1, 11);
  });

  it('wide matrices: R V = U B keeps every norm, and V is orthogonal', () => {
    const random = new Random(4);
    const [rows, columns] = [5, 9];
    const a = random.normals(rows * columns);
    const work = engine().open(a.length + bidiagonalWords(rows, columns) + 4 * columns);
    const b = reduced(a, rows, columns, work);
    const lanes = work.zeros(4 * columns);
    const v = new Float64Array(columns);
    for (let k = 0; k < columns; k++) {
      v.fill(0)[k] = 1;
      setLane(lanes, k % 4, v);
      applyV(b, work, lanes);
      getLane(lanes, k % 4, v);
      expect(Math.hypot(...v)).toBeCloseTo(1, 14);
      // |R v_k| is the norm of column k of B; beyond the rows it vanishes.
      const image = Array.from({ length: rows }, (_, i) => v.reduce((sum, x, j) => sum + x * a[i * columns + j]!, 0));
      const want = k < rows ? Math.hypot(b.diagonal[k]!, b.subDiagonal[k] ?? 0) : 0;
      expect(Math.hypot(...image)).toBeCloseTo(want, 13);
    }
  });
});
