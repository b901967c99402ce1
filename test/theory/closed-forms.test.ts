/** Learning coefficients against the tables of science.md 2 and against each other. */
import { describe, expect, it } from 'vitest';
import { compare, format, rational, sum, toNumber } from '../../src/base/rational';
import { deepLinear } from '../../src/theory/deep-linear';
import { crossing, independent, locus, normalCrossing, union } from '../../src/theory/normal-crossing';
import { reducedRankRegression } from '../../src/theory/reduced-rank';
import { deadUnit, tanhUnits } from '../../src/theory/small-networks';
import type { Singularity } from '../../src/theory/triple';

const say = ({ lambda, multiplicity }: Singularity) => `${format(lambda)}, ${multiplicity}`;
const range = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

describe('fractions', () => {
  it('are in lowest terms', () => {
    expect(rational(-6, -8)).toEqual({ numerator: 3, denominator: 4 });
    expect(format(rational(4, -2))).toBe('-2');
    expect(sum(rational(1, 2), rational(1, 3), rational(1, 6))).toEqual(rational(1));
    expect(compare(rational(1, 3), rational(1, 2))).toBeLessThan(0);
    expect(toNumber(rational(5, 4))).toBe(1.25);
    expect(() => rational(1, 0)).toThrow(RangeError);
    expect(() => rational(0.5)).toThrow(RangeError);
  });
});

describe('reduced-rank regression', () => {
  it.each([
    [[1, 1, 1, 0], '1/2, 2', 1], [[1, 1, 2, 0], '1/2, 1', 1], [[2, 1, 2, 0], '1, 2', 1], [[2, 2, 2, 0], '3/2, 1', 1], [[2, 2, 2, 1], '2, 2', 1],
    [[3, 2, 3, 1], '7/2, 2', 1], [[4, 3, 4, 2], '7, 2', 1], [[6, 3, 6, 1], '10, 1', 1], [[5, 3, 5, 0], '13/2, 2', 1], [[5, 4, 5, 0], '8, 1', 1],
    [[4, 3, 8, 0], '6, 1', 2], [[8, 3, 4, 0], '6, 1', 3], [[3, 8, 4, 0], '6, 1', 4], [[5, 3, 5, 3], '21/2, 1', 1], [[5, 4, 5, 4], '12, 1', 1],
    [[10, 10, 10, 5], '47, 2', 1], [[20, 5, 20, 2], '64, 2', 1],
  ] as const)('%j', ([M, H, N, r], expected, theorem) => {
    const found = reducedRankRegression(M, H, N, r);
    expect(say(found)).toBe(expected);
    // (1,1,2,0) is on the border of cases 1 and 2, which agree there.
    expect(found.case).toBe(theorem);
  });

  it('the 14 cells of the anchor experiment', () => {
    const cells = [2, 3, 4, 5].map((H) => range(H).map((r) => reducedRankRegression(10, H, 5, r)));
    expect(cells.map((row) => row.map(({ lambda }) => format(lambda)))).toEqual([
      ['9', '13'], ['11', '29/2', '18'], ['13', '16', '19', '22'], ['15', '35/2', '20', '45/2', '25'],
    ]);
    expect(cells.flat().every((cell) => cell.multiplicity === 1 && cell.case === 3)).toBe(true);
  });

  it('refuses impossible ranks and widths', () => {
    expect(() => reducedRankRegression(3, 2, 3, 3)).toThrow(RangeError);
    expect(() => reducedRankRegression(3, 0, 3, 0)).toThrow(RangeError);
  });
});

describe('deep linear networks', () => {
  it.each([
    [[1, 1, 1, 1], 0, '1/2, 3'], [[2, 2, 2, 2], 0, '3/2, 3'], [[2, 2, 2, 2], 1, '2, 3'], [[2, 2, 2, 2], 2, '2, 1'], [[3, 3, 3, 3], 0, '3, 1'],
    [[3, 3, 3, 3], 1, '4, 3'], [[3, 3, 3, 3], 2, '9/2, 3'], [[2, 3, 4, 2], 1, '2, 1'], [[4, 2, 3, 4], 1, '9/2, 1'], [[2, 2, 2, 2, 2], 0, '3/2, 5'],
    [[4, 4, 4, 4, 4], 2, '15/2, 5'], [[10, 8, 6, 8, 10], 3, '32, 2'], [[5, 3, 3, 5], 1, '13/2, 1'], [Array<number>(5).fill(20), 16, '197, 1'],
    [Array<number>(7).fill(20), 16, '197, 9'], [Array<number>(9).fill(20), 16, '197, 17'],
  ] as const)('%j, rank %i', (widths, rank, expected) => expect(say(deepLinear(widths, rank))).toBe(expected));

  it('with two layers are reduced-rank regression: all 1808 cases up to width 8', () => {
    let cases = 0;
    for (const M of range(8)) for (const H of range(8)) for (const N of range(8)) {
      for (let r = 0; r <= Math.min(M, H, N); r++, cases++) {
        expect(say(deepLinear([M, H, N], r)), `${M} ${H} ${N} ${r}`).toBe(say(reducedRankRegression(M, H, N, r)));
      }
    }
    expect(cases).toBe(1808);
  });

  it('twice lambda is the codimension of the fibre', () => {
    const chains = [[2, 3, 2, 2, 2], [3, 3, 3, 3], [4, 2, 3, 4], [2, 2, 2, 2, 2], [3, 2, 4, 2, 3], [1, 1, 1, 1, 1, 1], [1, 3, 2], [4, 2, 4]];
    for (const widths of chains) {
      for (let r = 0; r <= Math.min(...widths); r++) expect(2 * toNumber(deepLinear(widths, r).lambda), `${widths}, ${r}`).toBe(codimension(widths, r));
    }
  });

  it('scalar chains cross in as many loci as there are factors', () => {
    for (const L of range(8)) {
      const chain = deepLinear(Array<number>(L + 1).fill(1), 0);
      expect(say(chain)).toBe(`1/2, ${L}`);
      expect(say(normalCrossing(Array<number>(L).fill(1)))).toBe(say(chain));
    }
  });
});

describe('normal crossings and assembly', () => {
  it.each([
    [[0, 1], '1/2, 1'], [[1, 1], '1/2, 2'], [[0, 2], '1/4, 1'], [[1, 2], '1/4, 1'], [[2, 2], '1/4, 2'], [[1, 3], '1/6, 1'], [[2, 3], '1/6, 1'],
    [[3, 3], '1/6, 2'], [[1, 1, 1], '1/2, 3'], [[2, 2, 1], '1/4, 2'], [[0, 0], '0, 1'],
  ] as const)('%j', (orders, expected) => expect(say(normalCrossing(orders))).toBe(expected));

  it('a prior that vanishes raises lambda', () => expect(say(normalCrossing([2, 1], [3, 0]))).toBe('1/2, 1'));

  it('crossing, independent and union loci', () => {
    const half = locus(1, 1);
    expect(say(crossing([half, half]))).toBe('1/2, 2');
    expect(say(crossing([half, locus(1, 2)]))).toBe('1/4, 1');
    expect(say(independent([half, crossing([half, half])]))).toBe('1, 2');
    expect(say(independent([crossing([half, half]), crossing([half, half])]))).toBe('1, 3');
    expect(say(independent([locus(1, 2), locus(1, 3)]))).toBe('5/12, 1');
    expect(say(union([locus(1, 2), crossing([locus(1, 2), locus(1, 2)]), half]))).toBe('1/4, 2');
    expect(() => crossing([])).toThrow(RangeError);
    expect(() => normalCrossing([0.5])).toThrow(RangeError);
  });
});

describe('small networks', () => {
  it('tanh units with zero truth', () => {
    expect(range(10).map((H) => say(tanhUnits(H)))).toEqual(
      ['1/2, 2', '2/3, 1', '5/6, 1', '1, 2', '11/10, 1', '6/5, 1', '13/10, 1', '7/5, 1', '3/2, 2', '11/7, 1'],
    );
  });

  it('a dead unit', () => {
    const cases = [[1, 1, 1], [2, 1, 1], [3, 2, 1], [2, 2, 1], [1, 1, 2], [2, 1, 2], [4, 2, 2]] as const;
    expect(cases.map(([inputs, outputs, order]) => say(deadUnit(inputs, outputs, order)))).toEqual(['1/2, 2', '1/2, 1', '1, 1', '1, 2', '1/4, 1', '1/2, 2', '1, 2']);
  });
});

/**
 * dim Ext^1(M, M) of the representation of the quiver A_{L+1} with the given dimensions and the fewest self-extensions among those whose
 * product has rank r, plus r (d_0 + d_L - r) for the choice of the product: an independent count of the codimension of the fibre.
 */
function codimension(widths: readonly number[], r: number): number {
  const n = widths.length;
  const intervals = range(n).flatMap((i) => range(n - i + 1).map((length) => [i - 1, i + length - 2] as const));
  const extensions = intervals.flatMap(([i, j], p) => intervals.flatMap(([k, l], q) => (i < k && k <= j + 1 && j < l ? [[p, q] as const] : [])));
  const counts = intervals.map(() => 0);
  let best = Infinity;
  const visit = (p: number, left: readonly number[]): void => {
    if (p === intervals.length) {
      if (left.every((d) => d === 0)) best = Math.min(best, extensions.reduce((total, [x, y]) => total + counts[x]! * counts[y]!, 0));
      return;
    }
    const [i, j] = intervals[p]!;
    // Intervals are ordered by their left end.
    if (i > 0 && left[i - 1]! > 0) return;
    const most = Math.min(...left.slice(i, j + 1));
    const choices = i === 0 && j === n - 1 ? [r] : range(most + 1).map((v) => v - 1);
    for (const v of choices.filter((c) => c <= most)) {
      counts[p] = v;
      visit(p + 1, left.map((d, t) => (t >= i && t <= j ? d - v : d)));
    }
    counts[p] = 0;
  };
  visit(0, widths);
  return best + r * (widths[0]! + widths[n - 1]! - r);
}
