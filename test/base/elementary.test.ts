/** log, exp, tanh, sin and cos of our own: within an ulp of the truth, exact where they must be, and the same bits everywhere. */
import { describe, expect, it } from 'vitest';
import { cos, exp, log, sin, tanh } from '../../src/base/elementary';
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

describe('sin and cos', () => {
  /** Fixed point with 400 binary places. */
  const PLACES = 400n;
  const times = (a: bigint, b: bigint) => (a * b) >> PLACES;
  const fixed = (x: number): bigint => {
    let places = 0n;
    while (!Number.isInteger(x)) [x, places] = [2 * x, places + 1n];
    return (BigInt(x) << PLACES) >> places;
  };
  /** x - x^3 / 6 + …, or 1 - x^2 / 2 + …, of an angle that is at most pi / 2. */
  const series = (x: bigint, odd: boolean): bigint => {
    let term = odd ? x : 1n << PLACES;
    let sum = 0n;
    for (let k = odd ? 1n : 0n; term !== 0n; k += 2n) {
      sum += term;
      term = -times(times(term, x), x) / ((k + 1n) * (k + 2n));
    }
    return sum;
  };
  const inverseTangent = (n: bigint): bigint => {
    let power = (1n << PLACES) / n;
    let sum = 0n;
    for (let k = 1n; power !== 0n; k += 2n, power /= -n * n) sum += power / k;
    return sum;
  };
  // Machin's formula.
  const PI = 4n * (4n * inverseTangent(5n) - inverseTangent(239n));
  const exact = (x: number) => {
    const all = fixed(x);
    const turns = (2n * all + (all < 0n ? -PI : PI)) / (2n * PI);
    const rest = all - turns * PI;
    const sign = turns % 2n === 0n ? 1n : -1n;
    return { sin: sign * series(rest, true), cos: sign * series(rest, false) };
  };
  /** Distance of y from the truth in ulps of y. */
  const ulps = (y: number, truth: bigint): number => {
    const off = Number(fixed(y) - truth) * 2 ** -Number(PLACES);
    return Math.abs(off) / 2 ** (Math.floor(Math.log2(Math.abs(y))) - 52);
  };

  const angles = [
    ...Array.from({ length: 1500 }, (_, i) => (i % 2 ? -1 : 1) * 2 ** (30 * random.uniform()) * random.uniform()),
    ...Array.from({ length: 500 }, () => 2 ** (4 - 40 * random.uniform())),
    // Close to multiples of pi / 2, and large whole numbers.
    ...[1, 2, 3, 4, 5, 100, 12345, 1048577, 683565275].map((n) => (n * Math.PI) / 2), 1048576, 2 ** 30,
  ];

  it('are within 0.8 ulp of the truth, of which 130 digits are known', () => {
    let worst = 0;
    for (const x of angles) {
      const truth = exact(x);
      worst = Math.max(worst, ulps(sin(x), truth.sin), ulps(cos(x), truth.cos));
    }
    expect(worst).toBeLessThan(0.8);
    expect(worst).toBeGreaterThan(0.49);
  });

  it('know no angle beyond their reduction, and no sine of zero but zero', () => {
    expect([sin(-0), sin(0), cos(0), sin(2 ** 31), cos(-Infinity), sin(NaN)]).toEqual([-0, 0, 1, NaN, NaN, NaN]);
  });

  it('have these bits on every engine', () => {
    const values = Float64Array.from([...angles.map(sin), ...angles.map(cos)]);
    expect(sha256AtOnce(new Uint8Array(values.buffer))).toBe('2bec75367687b84d01f913ac4697d4a85ed0fcde70231f625d99610c6f72d665');
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
