/** The integers of the exact Fisher-Gram on the CPU against big-integer arithmetic, on either engine. */
import { afterEach, describe, expect, it } from 'vitest';
import { fisherGramOfRows } from '../../src/numerics/cpu/fisher-gram';
import { integerFisherGramSteps } from '../../src/numerics/exact/exact-fisher-gram';
import { exactGramAtOnce, gramOfIntegers } from '../../src/numerics/exact/integer-gram';
import { runAtOnce } from '../../src/numerics/stepwise';
import { webAssembly } from '../../src/numerics/wasm/instance';
import { typescript, useEngine } from '../../src/numerics/workspace';
import { BITS, bigFisherGram, bigIntegers, families } from '../oracle/integer-gram';

afterEach(() => useEngine(null));

const shape = (samples: number, positions: number, p: number, q: number) => ({ samples, positions, p, q });
const shapes = [shape(1, 1, 1, 1), shape(13, 1, 5, 3), shape(9, 3, 4, 6), shape(5, 7, 3, 2), shape(3, 11, 2, 5)];

describe.each([webAssembly()!, typescript])('exact Fisher-Gram, $name', (engine) => {
  for (const [left, right] of [['normal', 'relu'], ['relu', 'columns from 1 down to 1e-18'], ['entries over 40 binary orders', 'normal'], ['near the largest float32', 'subnormal numbers']] as const) {
    it.each(shapes)(`${left} and ${right}: $samples samples x $positions positions, $p x $q`, (s) => {
      useEngine(engine);
      const rows = s.samples * s.positions;
      const [a, delta] = [families[left]!(rows, s.p), families[right]!(rows, s.q)];
      a.fill(0, 0, s.p * Math.floor(rows / 3));
      const got = runAtOnce(integerFisherGramSteps(a, delta, s));
      expect(got.fixed.cut).toBe(0);
      expect(bigIntegers(got, 4 * BITS)).toEqual(bigFisherGram(a, delta, s.samples, s.positions, s.p, s.q));
    });
  }
});

it('over several bands of positions is the float64 one to its roundoff', () => {
  const s = shape(150, 6, 5, 4);
  const [a, delta] = [families.normal!(900, s.p), families.relu!(900, s.q)];
  const integers = runAtOnce(integerFisherGramSteps(a, delta, s));
  const gram = gramOfIntegers(integers);
  const want = fisherGramOfRows(Float64Array.from(a), Float64Array.from(delta), s.samples, s.positions, s.p, s.q);
  expect(gram).toMatchObject({ dimension: 150, rows: 150, roundoff: 2 ** -104 });
  const size = Math.max(...want.hi);
  gram.hi.forEach((v, i) => expect(Math.abs(v - want.hi[i]! + (gram.lo![i]! - want.lo![i]!))).toBeLessThan(2 ** -90 * size));
  expect(exactGramAtOnce(integers).digest).toMatch(/^[0-9a-f]{64}$/);
});

it('scales exactly with powers of two, and refuses what is not finite', () => {
  const s = shape(6, 3, 4, 4);
  const [a, delta] = [families.normal!(18, 4), families.relu!(18, 4)];
  const gram = (x: Float32Array, y: Float32Array) => gramOfIntegers(runAtOnce(integerFisherGramSteps(x, y, s)));
  const base = gram(a, delta);
  const scaled = gram(a.map((v) => v * 2 ** 90), delta.map((v) => v * 2 ** -50));
  expect(scaled.hi).toEqual(base.hi.map((v) => v * 2 ** 80));
  expect(scaled.lo).toEqual(base.lo!.map((v) => v * 2 ** 80));
  expect(() => gram(a, delta.map((v, i) => (i === 5 ? NaN : v)))).toThrow(expect.objectContaining({ code: 'not-finite' }));
});
