import { describe, expect, it } from 'vitest';
import { pivotedCholesky } from '../../src/numerics/cholesky';
import { ConvergenceError } from '../../src/numerics/convergence-error';
import { implicitQL } from '../../src/numerics/implicit-ql';
import { rationalQL } from '../../src/numerics/rational-ql';
import { inverseIteration } from '../../src/numerics/inverse-iteration';
import { runAtOnce } from '../../src/numerics/stepwise';
import { symmetricEigen } from '../../src/numerics/symmetric-eigen';
import { inWorkspace } from '../../src/numerics/workspace';
import { wilkinson21 } from '../oracle/matrices';

/** The factorisation of hi + lo [n, n], which are not changed. */
function factored(hi: Float64Array, lo: Float64Array, n: number) {
  return runAtOnce(
    inWorkspace(2 * n * n, function* (work) {
      const S = [hi, lo].map((values) => {
        const copy = work.array(n * n);
        copy.set(values);
        return copy;
      }) as [Float64Array, Float64Array];
      const result = yield* pivotedCholesky(...S, n, 2 ** -104, work);
      return { ...result, factor: result.factor.slice() };
    }),
  );
}

describe('pivotedCholesky', () => {
  it('takes the largest pivots first and stops at the rank: R^T R is the permuted matrix', () => {
    // Columns of X^T X with X = [0 3 0 3; 1 0 2 0; 0 0 0 0].
    const g = Float64Array.of(1, 0, 2, 0, 0, 9, 0, 9, 2, 0, 4, 0, 0, 9, 0, 9);
    const { factor, rank, permutation } = factored(g, new Float64Array(16), 4);
    expect(rank).toBe(2);
    expect([...permutation.slice(0, 2)]).toEqual([1, 2]);
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        const product = factor[i]! * factor[j]! + factor[4 + i]! * factor[4 + j]!;
        expect(product).toBeCloseTo(g[permutation[i]! * 4 + permutation[j]!]!, 14);
      }
    }
  });

  it('sees what only the second word holds', () => {
    const [hi, lo] = [Float64Array.of(1, 1, 1, 1), Float64Array.of(0, 0, 0, 2 ** -80)];
    const { factor, rank } = factored(hi, lo, 2);
    expect(rank).toBe(2);
    expect(factor[3]).toBeCloseTo(2 ** -40, 25);
    expect(factored(hi, new Float64Array(4), 2).rank).toBe(1);
  });

  it('an indefinite matrix ends at its first negative pivot', () => {
    const g = Float64Array.of(1, 2, 2, 1);
    expect(factored(g, new Float64Array(4), 2).rank).toBe(1);
  });
});

describe('inverse iteration', () => {
  it('gives small residuals for all of W21+, near pairs included', () => {
    const diagonal = Float64Array.from({ length: 21 }, (_, i) => Math.abs(i - 10));
    const ones = new Float64Array(20).fill(1);
    for (const lambda of symmetricEigen(wilkinson21(), 21, { vectors: false }).values) {
      const w = inverseIteration(diagonal, ones)(lambda);
      const rest = w.map((x, i) => (diagonal[i]! - lambda) * x + (w[i - 1] ?? 0) + (w[i + 1] ?? 0));
      expect(Math.hypot(...rest)).toBeLessThan(1e-14);
      expect(Math.hypot(...w)).toBeCloseTo(1, 14);
    }
  });

  it('the zero matrix and a diagonal one', () => {
    expect(Math.hypot(...inverseIteration(new Float64Array(3), new Float64Array(2))(0))).toBeCloseTo(1, 14);
    const w = inverseIteration(Float64Array.of(1, 2, 3), new Float64Array(2))(2);
    expect(Math.abs(w[1]!)).toBeCloseTo(1, 14);
  });
});

it('QL that cannot settle is a ConvergenceError with its name', () => {
  for (const ql of [implicitQL, rationalQL]) {
    expect(() => runAtOnce(ql(Float64Array.of(NaN, 1, 2), Float64Array.of(1, 1)))).toThrow(ConvergenceError);
  }
});
