/** The exact Fisher-Gram on the GPU against big-integer arithmetic, entry by entry, and its digest against the CPU's. */
import { describe, expect, it } from 'vitest';
import { residueVariants } from '../../src/gpu/exact-gram';
import type { ExactGramOptions } from '../../src/gpu/exact-gram';
import { blockDispatches, exactFisherGramOnGpu } from '../../src/gpu/fisher-gram';
import { integerFisherGramSteps } from '../../src/numerics/exact/exact-fisher-gram';
import type { FisherShape } from '../../src/numerics/exact/fisher-units';
import { exactGramAtOnce, exactGramOf } from '../../src/numerics/exact/integer-gram';
import type { IntegerGram } from '../../src/numerics/exact/integer-gram';
import { runAtOnce } from '../../src/numerics/stepwise';
import { BITS, bigFisherGram, bigIntegers, families, wide } from '../oracle/integer-gram';
import { matrix, testQueue } from './queue';

const queue = await testQueue();

async function onGpu(a: Float32Array, delta: Float32Array, shape: FisherShape, options?: ExactGramOptions): Promise<IntegerGram> {
  const buffers = [queue.upload(a, 'a'), queue.upload(delta, 'delta')] as const;
  try {
    return await exactFisherGramOnGpu(queue, ...buffers, shape, options);
  } finally {
    queue.buffers.release(...buffers);
  }
}

const shape = (samples: number, positions: number, p: number, q: number): FisherShape => ({ samples, positions, p, q });
const [one, positionless, across, long] = [shape(1, 1, 1, 1), shape(23, 1, 5, 3), shape(13, 3, 6, 4), shape(2, 33, 4, 3)] as const;
const cases = [
  ['normal', 'relu', [one, positionless, across, long]],
  ['relu', 'columns from 1 down to 1e-18', [across]],
  ['entries over 40 binary orders', 'normal', [positionless, across]],
  ['near the largest float32', 'subnormal numbers', [across]],
] as const;

describe.each(Object.keys(residueVariants) as (keyof typeof residueVariants)[])('exact Fisher-Gram, %s kernel', (name) => {
  const variant = residueVariants[name];
  for (const [left, right, shapes] of name === 'quad' ? cases : cases.slice(0, 1)) {
    it.each(shapes)(`${left} and ${right}: $samples samples x $positions positions, $p x $q`, async (s) => {
      const rows = s.samples * s.positions;
      const [a, delta] = [families[left]!(rows, s.p), families[right]!(rows, s.q)];
      // Zero rows, and where there are several samples, a zero sample.
      a.fill(0, 0, s.p * Math.floor(rows / 3));
      const got = await onGpu(a, delta, s, { variant });
      expect(bigIntegers(got, 4 * BITS)).toEqual(bigFisherGram(a, delta, s.samples, s.positions, s.p, s.q));
      expect(await exactGramOf(got)).toEqual(exactGramAtOnce(runAtOnce(integerFisherGramSteps(a, delta, s))));
    });
  }

  it('does not depend on chunks of features, bands of tiles or of samples', async () => {
    const s = shape(14, 3, 20, 9);
    const [a, delta] = [matrix(42, s.p, 10), matrix(42, s.q, 11)];
    const whole = exactGramAtOnce(await onGpu(a, delta, s, { variant })).digest;
    expect(whole).toBe(exactGramAtOnce(runAtOnce(integerFisherGramSteps(a, delta, s))).digest);
    for (const options of [{ chunkRows: 16 }, { bandBytes: 2 ** 14 }, { bandBytes: 1 }]) {
      expect(exactGramAtOnce(await onGpu(a, delta, s, { variant, ...options })).digest).toBe(whole);
    }
  });
});

it('cuts bits that hi + lo cannot show as the CPU does', async () => {
  const s = shape(6, 3, 5, 4);
  const a = matrix(18, s.p, 12, (random) => wide(random, 120));
  const delta = matrix(18, s.q, 13, (random) => wide(random, 120));
  const got = await onGpu(a, delta, s);
  expect(got.fixed.cut).toBeGreaterThan(0);
  expect(exactGramAtOnce(got)).toEqual(exactGramAtOnce(runAtOnce(integerFisherGramSteps(a, delta, s))));
});

it('sums every position of a band once for every modulus, in pieces of bounded work', () => {
  const s = shape(200, 50, 1, 1);
  const none = {} as GPUBuffer;
  const band = { range: { first: 20, count: 7 }, side: 64, tiles: 157, tilesOfBand: 1000 };
  const pieces = [...blockDispatches({ a: none, d: none, modulus: none, k: none }, s, { first: 10, count: 25 }, band, 12, 5000, true)];
  expect(pieces.length).toBeGreaterThan(1);
  const covered = new Map<string, number>();
  for (const { params, grid } of pieces) {
    const { firstPosition, endPosition, firstRow, firstModulus } = params as Record<string, number>;
    expect((endPosition! - firstPosition!) * 200 * 50 * grid[2]!).toBeLessThanOrEqual(2 ** 20);
    for (let t = firstPosition!; t < endPosition!; t++) {
      const sample = Math.floor(t / 50);
      expect(sample >= firstRow! && sample < firstRow! + grid[1]).toBe(true);
      for (let k = firstModulus!; k < firstModulus! + grid[2]!; k++) covered.set(`${t}:${k}`, (covered.get(`${t}:${k}`) ?? 0) + 1);
    }
  }
  // Positions 20 * 64 .. 27 * 64 of the band that are of samples 10 .. 34.
  expect(covered.size).toBe((27 * 64 - 20 * 64) * 12);
  expect(new Set(covered.values())).toEqual(new Set([1]));
});

it('keeps nothing after work, refusal and abort', async () => {
  const s = shape(4, 2, 3, 3);
  const [a, delta] = [matrix(8, 3, 16), matrix(8, 3, 17)];
  await onGpu(a, delta, s);
  await expect(onGpu(a, delta, s, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  await expect(onGpu(a, delta.map((v, i) => (i === 13 ? NaN : v)), s)).rejects.toMatchObject({ code: 'not-finite', message: expect.stringContaining('Row 4') });
  expect(queue.buffers.count().live).toEqual({ count: 0, bytes: 0 });
});
