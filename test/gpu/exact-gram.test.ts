/** The exact Gram against big-integer arithmetic, entry by entry, and its hash against the CPU's. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { DISPATCH_COSTS, exactGramOnGpu, residueVariants } from '../../src/gpu/exact-gram';
import type { ExactGramOptions } from '../../src/gpu/exact-gram';
import type { Dispatch } from '../../src/gpu/kernel';
import { exactGram, integerGramSteps } from '../../src/numerics/exact/exact-gram';
import { gramBits } from '../../src/numerics/exact/fixed-point';
import { exactResult } from '../../src/numerics/exact/integer-gram';
import type { IntegerGram } from '../../src/numerics/exact/integer-gram';
import { coprimeModuli } from '../../src/numerics/exact/moduli';
import { runAtOnce } from '../../src/numerics/stepwise';
import { toBigInt } from '../oracle/exact';
import { bitsOf, families, matrix, testQueue } from './queue';

const queue = await testQueue();

async function onGpu(x: Float32Array, rows: number, columns: number, options?: ExactGramOptions): Promise<IntegerGram> {
  const buffer = queue.upload(x, 'x');
  try {
    return await exactGramOnGpu(queue, buffer, rows, columns, options);
  } finally {
    queue.buffers.release(buffer);
  }
}

/** Entries are multiples of 2^-BITS, and so are their products by twice that. */
const BITS = 149;

/** X^T X * 2^(2 BITS), upper triangle row by row. */
function bigGram(x: Float32Array, rows: number, columns: number): bigint[] {
  const big = Array.from(x, (value) => toBigInt(value, BITS));
  const g: bigint[] = [];
  for (let i = 0; i < columns; i++) {
    for (let j = i; j < columns; j++) {
      let sum = 0n;
      for (let r = 0; r < rows; r++) sum += big[r * columns + i]! * big[r * columns + j]!;
      g.push(sum);
    }
  }
  return g;
}

/** The integers of an IntegerGram in the same units. */
function bigIntegers({ dimension, fixed, words, limbs }: IntegerGram): bigint[] {
  const g: bigint[] = [];
  let at = 0;
  for (let i = 0; i < dimension; i++) {
    for (let j = i; j < dimension; j++, at += words) {
      let integer = BigInt(limbs[at + words - 1]! | 0);
      for (let k = words - 2; k >= 0; k--) integer = (integer << 32n) | BigInt(limbs[at + k]!);
      g.push(integer << BigInt(fixed.units[i]! + fixed.units[j]! + 2 * BITS));
    }
  }
  return g;
}

const wide = (random: Random, orders: number) => random.normal() * 2 ** -random.integer(orders);

const data: Record<string, (rows: number, columns: number) => Float32Array> = {
  normal: (n, d) => matrix(n, d, 1),
  relu: (n, d) => matrix(n, d, 2, families.relu),
  'columns from 1 down to 1e-18': (n, d) => matrix(n, d, 3).map((v, at) => v * 10 ** ((-18 * (at % d)) / d)),
  'clustered about 1000': (n, d) => matrix(n, d, 4, (random) => 1000 + random.normal()),
  'entries over 40 binary orders': (n, d) => matrix(n, d, 5, (random) => wide(random, 40)),
  integers: (n, d) => matrix(n, d, 6, (random) => random.integer(2001) - 1000),
  'subnormal numbers': (n, d) => matrix(n, d, 7, (random) => (random.integer(2 ** 20) - 2 ** 19) * 2 ** -149),
  'near the largest float32': (n, d) => matrix(n, d, 8, (random) => 3e38 * (2 * random.uniform() - 1)),
  'zeros of both signs, a zero column and a zero row': (n, d) =>
    matrix(n, d, 9).map((v, at) => (at % d === 1 || at < d ? (at % 2 ? -0 : 0) : v)),
};

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
      const { gram, hash } = await exactResult(got);
      const cpu = await exactGram(x, rows, columns);
      expect(hash).toBe(cpu.hash);
      expect(bitsOf(gram.hi)).toEqual(bitsOf(cpu.gram.hi));
      expect(bitsOf(gram.lo!)).toEqual(bitsOf(cpu.gram.lo!));
    });
  }

  it('does not depend on chunks of rows or bands of tiles', async () => {
    const [rows, columns] = [83, 150];
    const x = matrix(rows, columns, 10);
    const whole = await exactResult(await onGpu(x, rows, columns, { variant }));
    for (const options of [{ chunkRows: 16 }, { chunkRows: 48, bandBytes: 1 }, { bandBytes: 1 }]) {
      expect((await exactResult(await onGpu(x, rows, columns, { variant, ...options }))).hash).toBe(whole.hash);
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
  const dispatches: Dispatch[] = [];
  const run = queue.run.bind(queue);
  queue.run = (work, signal) => {
    const list = [...work].flat() as Dispatch[];
    dispatches.push(...list);
    return run(list, signal);
  };
  const variant = residueVariants.quad;
  const { fixed } = await onGpu(x, rows, columns, { variant });
  queue.run = run;
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
  const { gram } = await exactResult(await onGpu(x, 40, 20));
  for (const exponent of [-90, -1, 100]) {
    const scaled = await exactResult(await onGpu(x.map((v) => v * 2 ** exponent), 40, 20));
    const back = 2 ** (-2 * exponent);
    expect(scaled.gram.hi.map((v) => v * back)).toEqual(gram.hi);
    expect(scaled.gram.lo!.map((v) => v * back)).toEqual(gram.lo);
  }
});

it('gives hi + lo within 2^-105 of every integer', async () => {
  const x = data['entries over 40 binary orders']!(50, 20);
  const { gram } = await exactResult(await onGpu(x, 50, 20));
  let at = 0;
  const want = bigGram(x, 50, 20);
  for (let i = 0; i < 20; i++) {
    for (let j = i; j < 20; j++, at++) {
      const error = toBigInt(gram.hi[i * 20 + j]!, 2 * BITS) + toBigInt(gram.lo![i * 20 + j]!, 2 * BITS) - want[at]!;
      expect(error * error * (1n << 210n) <= want[at]! * want[at]!).toBe(true);
    }
  }
});

it('cuts bits that hi + lo cannot show, says so, and stays within 2^-104 of the truth', async () => {
  const [rows, columns] = [30, 5];
  const x = matrix(rows, columns, 12, (random) => wide(random, 120));
  const got = await onGpu(x, rows, columns);
  expect(got.fixed.cut).toBeGreaterThan(0);
  const want = bigGram(x, rows, columns);
  const diagonal = (i: number) => want[i * columns - (i * (i - 1)) / 2]!;
  let at = 0;
  for (let i = 0; i < columns; i++) {
    for (let j = i; j < columns; j++, at++) {
      const error = bigIntegers(got)[at]! - want[at]!;
      expect(error * error * (1n << 208n) <= diagonal(i) * diagonal(j)).toBe(true);
    }
  }
  expect((await exactResult(got)).hash).toBe((await exactGram(x, rows, columns)).hash);
});

it('gives the CPU the same integers as big arithmetic, over several of its blocks of rows', () => {
  const [rows, columns] = [4096 + 7, 3];
  const x = matrix(rows, columns, 13);
  expect(bigIntegers(runAtOnce(integerGramSteps(x, rows, columns)))).toEqual(bigGram(x, rows, columns));
});

it('tells one changed last bit from the hash', async () => {
  const x = matrix(30, 9, 14);
  const before = await exactGram(x, 30, 9);
  const bits = new Uint32Array(x.buffer);
  bits[100]! ^= 1;
  expect((await exactGram(x, 30, 9)).hash).not.toBe(before.hash);
});

it.each([NaN, Infinity, -Infinity])('refuses %d by the name of its column', async (bad) => {
  const x = matrix(70, 5, 15);
  x[66 * 5 + 3] = bad;
  await expect(onGpu(x, 70, 5)).rejects.toMatchObject({ code: 'not-finite', message: expect.stringContaining('Column 3') });
  await expect(exactGram(x, 70, 5)).rejects.toMatchObject({ code: 'not-finite' });
});

it('keeps nothing after work or abort', async () => {
  const x = matrix(30, 9, 16);
  await onGpu(x, 30, 9);
  await expect(onGpu(x, 30, 9, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' });
  expect(queue.buffers.count().live).toEqual({ count: 0, bytes: 0 });
});
