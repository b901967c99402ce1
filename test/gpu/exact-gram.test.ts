/** The exact Gram against big-integer arithmetic, entry by entry, and its hash against the CPU's. */
import { describe, expect, it } from 'vitest';
import { DISPATCH_COSTS, exactGramOnGpu, residueVariants } from '../../src/gpu/exact-gram';
import type { ExactGramOptions } from '../../src/gpu/exact-gram';
import { gramOfRowsAsync } from '../../src/numerics/cpu/gram';
import { gramBits } from '../../src/numerics/exact/fixed-point';
import { exactGramOf } from '../../src/numerics/exact/integer-gram';
import type { IntegerGram } from '../../src/numerics/exact/integer-gram';
import { coprimeModuli } from '../../src/numerics/exact/moduli';
import { BITS, bigGram, bigIntegers, families as data, wide } from '../oracle/integer-gram';
import { bitsOf, dispatchesOf, matrix, testQueue } from './queue';

const queue = await testQueue();

async function onGpu(x: Float32Array, rows: number, columns: number, options?: ExactGramOptions): Promise<IntegerGram> {
  const buffer = queue.upload(x, 'x');
  try {
    return await exactGramOnGpu(queue, buffer, rows, columns, options);
  } finally {
    queue.buffers.release(buffer);
  }
}

const shapes = [
  [1, 1],
  [1, 20],
  [37, 1],
  [16, 16],
  [50, 33],
] as const;

describe.each(Object.keys(residueVariants) as (keyof typeof residueVariants)[])('exact Gram, %s kernel', (name) => {
  const variant = residueVariants[name];
  for (const [family, make] of Object.entries(data)) {
    it.each(shapes)(`${family}, %i x %i: every entry is the big integer's, and the CPU's hash`, async (rows, columns) => {
      const x = make(rows, columns);
      const got = await onGpu(x, rows, columns, { variant });
      expect(got.fixed.cut).toBe(0);
      expect(bigIntegers(got)).toEqual(bigGram(x, rows, columns));
      const gram = await exactGramOf(got);
      const cpu = await gramOfRowsAsync(x, rows, columns);
      expect(gram.digest).toBe(cpu.digest);
      expect(bitsOf(gram.hi)).toEqual(bitsOf(cpu.hi));
      expect(bitsOf(gram.lo!)).toEqual(bitsOf(cpu.lo!));
    });
  }

  it('does not depend on chunks of rows or bands of tiles', async () => {
    const [rows, columns] = [83, 150];
    const x = matrix(rows, columns, 10);
    const whole = await exactGramOf(await onGpu(x, rows, columns, { variant }));
    for (const options of [{ chunkRows: 16 }, { chunkRows: 48, bandBytes: 1 }, { bandBytes: 1 }]) {
      expect((await exactGramOf(await onGpu(x, rows, columns, { variant, ...options }))).digest).toBe(whole.digest);
    }
  });

  it('holds the largest sums that its proofs allow', async () => {
    // Every remainder is the same, and of the largest sizes in turn; 2048 rows are one chunk.
    for (const value of [1023, 1022, -1023, 2 ** 24 - 1]) {
      const x = new Float32Array(2048 * 2).fill(value);
      const got = await onGpu(x, 2048, 2, { variant });
      expect(bigIntegers(got)).toEqual(new Array(3).fill((2048n * BigInt(value) ** 2n) << BigInt(2 * BITS)));
    }
  });
});

it('cuts its work into dispatches within the budget that make every tile modulo every number once', async () => {
  const [rows, columns] = [2048, 160];
  const x = matrix(rows, columns, 17, (random) => random.integer(201) - 100);
  const variant = residueVariants.quad;
  const { dispatches, result } = await dispatchesOf(queue, () => onGpu(x, rows, columns, { variant }));
  const { fixed } = result;
  const tiles = columns / variant.side;
  const moduli = coprimeModuli(2047, gramBits(fixed) + 1).length;
  const made = new Set<string>();
  const { products } = queue.software ? DISPATCH_COSTS.software : DISPATCH_COSTS.gpu;
  for (const { params, grid } of dispatches.filter(({ kernel }) => kernel === variant.kernel)) {
    let work = 0;
    for (let k = 0; k < grid[2]!; k++) {
      for (let i = 0; i < grid[1]; i++) {
        const [modulus, tileRow] = [params.firstModulus! + k, params.firstTileRow! + i];
        expect(made.has(`${modulus} ${tileRow}`)).toBe(false);
        made.add(`${modulus} ${tileRow}`);
        work += (tiles - tileRow) * variant.side ** 2 * rows;
      }
    }
    expect(work).toBeLessThanOrEqual(products);
  }
  expect(made.size).toBe(moduli * tiles);
});

it('is equivariant under powers of two', async () => {
  const x = matrix(40, 20, 11);
  const gram = await exactGramOf(await onGpu(x, 40, 20));
  for (const exponent of [-90, -1, 100]) {
    const scaled = await exactGramOf(await onGpu(x.map((v) => v * 2 ** exponent), 40, 20));
    const back = 2 ** (-2 * exponent);
    expect(scaled.hi.map((v) => v * back)).toEqual(gram.hi);
    expect(scaled.lo!.map((v) => v * back)).toEqual(gram.lo);
  }
});

it('cuts bits that hi + lo cannot show as the CPU does', async () => {
  const [rows, columns] = [30, 5];
  const x = matrix(rows, columns, 12, (random) => wide(random, 120));
  const got = await onGpu(x, rows, columns);
  expect(got.fixed.cut).toBeGreaterThan(0);
  expect(await exactGramOf(got)).toEqual(await gramOfRowsAsync(x, rows, columns));
});

it.each([NaN, Infinity, -Infinity])('refuses %d by the name of its column', async (bad) => {
  const x = matrix(70, 5, 15);
  x[66 * 5 + 3] = bad;
  await expect(onGpu(x, 70, 5)).rejects.toMatchObject({ code: 'not-finite', message: expect.stringContaining('Column 3') });
});

it('keeps nothing after work or abort', async () => {
  const x = matrix(30, 9, 16);
  await onGpu(x, 30, 9);
  await expect(onGpu(x, 30, 9, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  expect(queue.buffers.count().live).toEqual({ count: 0, bytes: 0 });
});
