/** What slices.ts claims of its slices, where fused multiply-adds rest on it: products without error, whichever engine sums them. */
import { afterEach, describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { joinGramParts, pairMatrix } from '../../src/numerics/cpu/gram-parts';
import { columnsOf } from '../../src/numerics/product-blocks';
import { addProducts, productWords } from '../../src/numerics/exact-products';
import { SLICED_DEPTH } from '../../src/numerics/slices';
import { webAssembly } from '../../src/numerics/wasm/instance';
import { runAtOnce } from '../../src/numerics/stepwise';
import { inWorkspace, typescript, useEngine } from '../../src/numerics/workspace';
import { toBigInt } from '../oracle/exact';
import { BITS, largestGramError } from '../oracle/gram-error';

const engines = [webAssembly()!, webAssembly({ relaxed: false })!, typescript];

afterEach(() => useEngine(null));

const random = new Random(23);
const sign = () => (random.integer(2) ? 1 : -1);
const NEAREST_ONE = 1 - 2 ** -53;

/** Components that stand at the ends of what slices may hold, below 1. */
const extremes = [
  NEAREST_ONE, 1 - 2 ** -26, 1 - 2 ** -25, 2 ** -26 + 2 ** -27 - 2 ** -79, 2 ** -26, 2 ** -26 - 2 ** -79, 2 ** -27, 2 ** -49, 2 ** -50 - 2 ** -103, 2 ** -240, 0,
];

/** X^T X by slices. */
function slicedGram(x: Float64Array, rows: number, d: number) {
  const columns = columnsOf(x, rows, d);
  return runAtOnce(
    inWorkspace(2 * d * d + productWords(columns, columns), function* (work) {
      const sum = pairMatrix(d, d, work);
      yield* addProducts(sum, columns, columns, 1, work);
      return joinGramParts([{ dimension: d, rows, from: 0, to: d, hi: sum.hi, lo: sum.lo, stride: d }]);
    }),
  );
}

describe('slices', () => {
  it('the first three are multiples of 2^-25 of at most 26 bits, so that their products are exact; the sum of all is the number', () => {
    const width = 4;
    const values = Float64Array.from({ length: width * 300 }, (_, at) => (at < 200 ? sign() * extremes[at % extremes.length]! : random.uniform() * sign() * NEAREST_ONE));
    const length = values.length / width;
    for (const engine of engines) {
      for (const paired of [0, 1]) {
        const work = engine.open(7 * values.length + 4);
        const x = work.array(values.length);
        x.set(values);
        const tails = work.array(values.length);
        tails.set(values.map((v) => v * 2 ** -54));
        const out = work.array(5 * values.length);
        work.loops.sliceVectors(x, tails, paired, work.array(4).fill(1), width, length, out, values.length);
        const slice = (k: number) => out.slice(k * values.length, (k + 1) * values.length);
        const [x1, x2, both, x3] = [0, 1, 2, 3].map(slice);
        const wrong = [...values.keys()].filter((at) => {
          const whole = [x1!, x2!, both!].map((s) => s[at]! * 2 ** 25);
          const exact = toBigInt(x1![at]!, BITS) + ((toBigInt(x2![at]!, BITS) + toBigInt(x3![at]!, BITS)) >> 23n);
          return (
            !whole.every((m) => Number.isInteger(m) && Math.abs(m) <= 2 ** 26) ||
            whole[0]! + whole[1]! !== whole[2] ||
            Math.abs(x2![at]!) > 2 ** -3 ||
            (paired === 0 && exact !== toBigInt(values[at]!, BITS))
          );
        });
        expect(wrong).toEqual([]);
        work.release();
      }
    }
  });

  /** Columns whose sums come to the ends of their ranges, over two blocks of components. */
  const columns: Record<string, (k: number) => number> = {
    'all equal': () => NEAREST_ONE,
    'of changing sign': (k) => (k % 2 ? -NEAREST_ONE : NEAREST_ONE),
    'one large component': (k) => (k % SLICED_DEPTH === 7 ? NEAREST_ONE : 2 ** -30 * random.normal()),
    'halves of the grid': () => sign() * (2 ** -22 + 2 ** -30 + 2 ** -52),
    'middle slices as large as they may be': () => sign() * (random.integer(8) + 0.5 - 2 ** -20),
    'over sixty orders of two': () => random.normal() * 2 ** -random.integer(60),
    'extremes': () => sign() * extremes[random.integer(extremes.length)]!,
    'ordinary': () => random.normal(),
  };

  it('Grams of columns at the ends of the ranges are exact to 2^-96, with the same bits on every engine', () => {
    const makers = Object.values(columns);
    const d = makers.length;
    const rows = 2 * SLICED_DEPTH - 3;
    const x = Float64Array.from({ length: rows * d }, (_, at) => makers[at % d]!(Math.floor(at / d)));
    const [relaxed, strict, reference] = engines.map((engine) => {
      useEngine(engine);
      return slicedGram(x, rows, d);
    });
    expect(relaxed).toEqual(reference);
    expect(strict).toEqual(reference);
    expect(largestGramError(relaxed!, rows, (i, k) => x[k * d + i]!)).toBeLessThan(2 ** -96);
  });
});
