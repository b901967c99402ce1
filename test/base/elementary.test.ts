/** log, exp and tanh of our own: within an ulp of the engine's, exact where they must be, and the same bits everywhere. */
import { describe, expect, it } from 'vitest';
import { exp, log, tanh } from '../../src/base/elementary';
import { Random } from '../../src/base/random';
import { sha256AtOnce } from '../../src/base/sha256';

const random = new Random(11);
const signed = Array.from({ length: 20_000 }, (_, i) => (i % 2 ? 1 : -1) * (i % 3 === 0 ? 30 * random.uniform() : 10 ** (1 - 12 * random.uniform())));
const positive = signed.map((x, i) => (i % 2 ? Math.abs(x) * 10 ** (600 * random.uniform() - 300) : 1 + 1e-3 * x));
const wide = signed.map((x, i) => (i % 5 === 0 ? 24 * x : x));

describe.each([
  ['log', log, Math.log, positive],
  ['exp', exp, Math.exp, wide],
  ['tanh', tanh, Math.tanh, signed],
] as const)('%s', (_, ours, engine, inputs) => {
  it('is within an ulp of what the engine has', () => {
    for (const x of inputs) {
      const [y, z] = [ours(x), engine(x)];
      if (y !== z) expect(Math.abs(y - z), `${x}`).toBeLessThanOrEqual(2 ** -52 * Math.abs(z));
    }
  });
});

it('is exact at the edges', () => {
  expect([log(1), log(0), log(-1), log(Infinity), log(NaN)]).toEqual([0, -Infinity, NaN, Infinity, NaN]);
  expect([exp(0), exp(-Infinity), exp(Infinity), exp(-746), exp(710), exp(NaN)]).toEqual([1, 0, Infinity, 0, Infinity, NaN]);
  expect([tanh(-0), tanh(100), tanh(-Infinity), tanh(NaN)]).toEqual([-0, 1, -1, NaN]);
  expect(log(5e-324)).toBeCloseTo(-1074 * Math.LN2, 10);
  expect(exp(-740)).toBeGreaterThan(0);
});

it('has these bits on every engine', () => {
  const values = Float64Array.from([...positive.map(log), ...wide.map(exp), ...signed.map(tanh), ...new Random(3).normals(1000)]);
  expect(sha256AtOnce(new Uint8Array(values.buffer))).toBe('2f1e40ed5fc4f265eb65d4250d3d76cd407557902d32e8dd3ab171532a08f757');
});
