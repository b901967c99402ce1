/** The integers of the exact Gram on the CPU against big-integer arithmetic, on either engine; digests. */
import { afterEach, describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { sha256 } from '../../src/base/sha256';
import { addGrams, dualGramOfRows, dualGramOfRowsAsync, gramOfRows, gramOfRowsAsync, gramPart, subtractGrams } from '../../src/numerics/cpu/gram';
import { joinGramParts } from '../../src/numerics/cpu/gram-parts';
import { integerDualGramSteps, integerGramSteps } from '../../src/numerics/exact/exact-gram';
import { exactTriangle } from '../../src/numerics/exact/exact-triangle';
import { exactGramAtOnce } from '../../src/numerics/exact/integer-gram';
import { runAtOnce } from '../../src/numerics/stepwise';
import { webAssembly } from '../../src/numerics/wasm/instance';
import { staircase, staircaseWords } from '../../src/numerics/triangle';
import { inWorkspace, typescript, useEngine, type Engine } from '../../src/numerics/workspace';
import { BITS, bigGram, bigIntegers, families, wide } from '../oracle/integer-gram';
import { toBigInt } from '../oracle/exact';
import { largestGramError } from '../oracle/gram-error';

afterEach(() => useEngine(null));

const integersOf = (x: Float32Array | Float64Array, rows: number, columns: number) => runAtOnce(integerGramSteps(x, rows, columns));
const normals = (rows: number, columns: number, seed: number) => Float32Array.from(new Random(seed).normals(rows * columns));

describe.each([webAssembly()!, typescript])('exact Gram, $name', (engine) => {
  for (const [family, make] of Object.entries(families)) {
    it.each([[1, 1], [1, 20], [37, 1], [16, 16], [131, 25]] as const)(`${family}, %i x %i: every entry is the big integer's`, (rows, columns) => {
      useEngine(engine);
      const x = make(rows, columns);
      const got = integersOf(x, rows, columns);
      expect(got.fixed.cut).toBe(0);
      expect(bigIntegers(got)).toEqual(bigGram(x, rows, columns));
    });
  }

  it('columns of 24 to 100 bits side by side, over several blocks of rows', () => {
    useEngine(engine);
    const random = new Random(1);
    const [rows, columns] = [600, 27];
    const x = Float32Array.from({ length: rows * columns }, (_, at) => random.normal() * 2 ** -random.integer(1 + 3 * (at % columns)));
    const got = integersOf(x, rows, columns);
    // Integers of one, two and three pieces.
    expect(got.fixed).toMatchObject({ cut: 0, bits: expect.toSatisfy((bits: number) => bits > 96) });
    expect(bigIntegers(got)).toEqual(bigGram(x, rows, columns));
  });

  it('holds the largest sums that its proofs allow', () => {
    useEngine(engine);
    // 8191 is the first modulus: +-4095 are its largest remainders.
    for (const value of [4095, -4095, 4096, 8191, 2 ** 24 - 1]) {
      const x = new Float32Array(1000 * 9).fill(value);
      expect(bigIntegers(integersOf(x, 1000, 9), 0)).toEqual(new Array(45).fill(1000n * BigInt(value) ** 2n));
    }
  });

  it('float64 numbers, over their whole range', () => {
    useEngine(engine);
    const random = new Random(2);
    const [rows, columns] = [20, 9];
    for (const [bits, value] of [
      [120, () => random.normal() * 2 ** -random.integer(20)],
      [1074, () => Math.round(random.normal() * 2 ** 40) * 2 ** -1074],
      [1074, (at: number) => Math.round(random.normal() * 2 ** 40) * 2 ** (90 * (at % columns) - 1000)],
      [0, (at: number) => 2 ** (900 + (at % columns)) * (2 * random.uniform() - 1)],
    ] as const) {
      const x = Float64Array.from({ length: rows * columns }, (_, at) => value(at));
      const got = integersOf(x, rows, columns);
      expect(got.fixed.cut).toBe(0);
      expect(bigIntegers(got, 2 * bits)).toEqual(bigGram(x, rows, columns, bits));
    }
  });

  it('inner products of rows, with the rows of X as their number', async () => {
    useEngine(engine);
    const x = normals(11, 30, 3);
    const transposed = Float32Array.from(x, (_, at) => x[(at % 11) * 30 + Math.floor(at / 11)]!);
    expect(bigIntegers(runAtOnce(integerDualGramSteps(x, 11, 30)))).toEqual(bigGram(transposed, 30, 11));
    const dual = dualGramOfRows(x, 11, 30);
    expect(dual).toEqual({ ...gramOfRows(transposed, 30, 11), rows: 11 });
    expect(await dualGramOfRowsAsync(x, 11, 30)).toEqual(dual);
  });
});

describe('pairs of float64 numbers', () => {
  const wasm = webAssembly()!;
  // Remainders of bytes, whether or not this machine has an instruction for them.
  const bytes: Engine = { name: wasm.name, bytes: true, open: (words) => wasm.open(words) };
  const words: Engine = { name: wasm.name, bytes: false, open: (words) => wasm.open(words) };
  const kinds: Record<string, (random: Random, at: number) => number> = {
    normal: (random) => random.normal(),
    relu: (random) => Math.max(0, random.normal()),
    'of one sign, with zeros of both': (random, at) => (at % 7 ? Math.abs(random.normal()) : at % 2 ? -0 : 0),
    'from 1 to 2^-60, which takes bytes and 16-bit integers': (random) => wide(random, 60),
    'columns of 1 to 53 bits': (random, at) => Math.round(random.normal() * 2 ** (2 * (at % 27))) * 2 ** -50,
    'large and small columns': (random, at) => random.normal() * 2 ** (16 * (at % 27) - 216),
    'as large as all bounds allow': (_, at) => (at % 2 ? 2 ** 53 - 1 : 1 - 2 ** 53),
  };
  for (const [kind, value] of Object.entries(kinds)) {
    it.each([[1, 27], [129, 9], [600, 27]])(`${kind}, %i x %i: within 2^-104 of the truth, the same by bytes, by 16-bit integers, in TypeScript and in parts`, (rows, d) => {
      const random = new Random(rows + d);
      const x = Float64Array.from({ length: rows * d }, (_, at) => value(random, at));
      const made = [bytes, words, typescript].map((engine) => {
        useEngine(engine);
        return [gramOfRows(x, rows, d), joinGramParts([0, 1, 2].map((part) => gramPart(x, rows, d, part, 3)))];
      });
      expect(largestGramError(made[0]![0]!, rows, (i, k) => x[k * d + i]!)).toBeLessThan(2 ** -104);
      for (const gram of made.flat()) expect(gram).toEqual(made[0]![0]);
    });
  }

  it('more rows than sums of bytes have room for are summed by 16-bit integers', () => {
    useEngine(bytes);
    const rows = 2 ** 14 + 1;
    const x = new Float64Array(2 * rows).fill(2 ** 53 - 1);
    const { hi, lo } = gramOfRows(x, rows, 2);
    const want = BigInt(rows) * (2n ** 53n - 1n) ** 2n;
    const error = BigInt(hi[1]!) + BigInt(lo![1]!) - want;
    expect(error * error * 2n ** 208n <= want * want).toBe(true);
  });
});

it.each([0, 2 ** 22])('makes a triangle in half the room of its square, with %i words to spare: the same pairs and digest', (free) => {
  const [rows, n] = [300, 131];
  const random = new Random(13);
  const x = Float32Array.from({ length: rows * n }, () => wide(random, 40));
  const whole = gramOfRows(x, rows, n);
  const half = staircaseWords(n);
  runAtOnce(
    inWorkspace(2 * half + free, function* (work) {
      const triangle = staircase(work.array(half), work.array(half), n);
      const vectors = { values: x, offset: 0, count: n, length: rows, vectorStride: 1, componentStride: n };
      expect(yield* exactTriangle(vectors, triangle, work, free, () => {})).toBe(whole.digest);
      for (let i = 0; i < n; i++) {
        const row = triangle.rowAt(i);
        for (const words of ['hi', 'lo'] as const) expect(triangle[words].slice(row + i, row + n)).toEqual(whole[words]!.slice(i * n + i, (i + 1) * n));
      }
    }),
  );
});

it('cuts bits that hi + lo cannot show, says so, and stays within 2^-104 of the truth, the same on either engine', () => {
  const [rows, columns] = [30, 5];
  const random = new Random(12);
  const x = Float32Array.from({ length: rows * columns }, () => wide(random, 120));
  const got = integersOf(x, rows, columns);
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
  useEngine(typescript);
  expect(integersOf(x, rows, columns)).toEqual(got);
});

it('gives hi + lo within 2^-105 of every integer', () => {
  const x = families['entries over 40 binary orders']!(50, 20);
  const { hi, lo } = gramOfRows(x, 50, 20);
  const want = bigGram(x, 50, 20);
  let at = 0;
  for (let i = 0; i < 20; i++) {
    for (let j = i; j < 20; j++, at++) {
      const error = toBigInt(hi[i * 20 + j]!, 2 * BITS) + toBigInt(lo![i * 20 + j]!, 2 * BITS) - want[at]!;
      expect(error * error * (1n << 210n) <= want[at]! * want[at]!).toBe(true);
      expect([hi[j * 20 + i], lo![j * 20 + i]]).toEqual([hi[i * 20 + j], lo![i * 20 + j]]);
    }
  }
});

describe('digests', () => {
  const [rows, columns] = [30, 9];
  const x = normals(rows, columns, 14);

  it('are of float32 data, made at once or later, and tell one changed last bit', async () => {
    const gram = gramOfRows(x, rows, columns);
    expect(gram.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await gramOfRowsAsync(x, rows, columns)).toEqual(gram);
    expect(gramOfRows(Float64Array.from(x), rows, columns).digest).toBeNull();
    expect(exactGramAtOnce(integersOf(Float64Array.from(x), rows, columns)).digest).toBe(gram.digest);
    const changed = x.slice();
    new Uint32Array(changed.buffer)[100]! ^= 1;
    expect(gramOfRows(changed, rows, columns).digest).not.toBe(gram.digest);
  });

  it('of a sum are those of its parts in their order; differences have none', async () => {
    const [a, b] = [gramOfRows(x, rows, columns), gramOfRows(x.subarray(0, 12 * columns), 12, columns)];
    expect(addGrams(a, b).digest).toBe(await sha256(new TextEncoder().encode(a.digest! + b.digest!)));
    expect(addGrams(b, a).digest).not.toBe(addGrams(a, b).digest);
    expect(addGrams(a, { ...b, digest: null }).digest).toBeNull();
    expect(subtractGrams(a, b).digest).toBeNull();
  });
});

it('no rows or no columns give an empty sum', () => {
  expect([...gramOfRows(new Float32Array(0), 0, 2).hi]).toEqual([0, 0, 0, 0]);
  expect(gramOfRows(new Float32Array(0), 5, 0).dimension).toBe(0);
  expect([...dualGramOfRows(new Float32Array(0), 2, 0).hi]).toEqual([0, 0, 0, 0]);
});

it('refuses what is not finite and stops with AbortError', async () => {
  const x = normals(70, 5, 15);
  x[66 * 5 + 3] = Infinity;
  await expect(gramOfRowsAsync(x, 70, 5)).rejects.toMatchObject({ code: 'not-finite', message: expect.stringContaining('row 66, column 3') });
  await expect(gramOfRowsAsync(normals(70, 5, 16), 70, 5, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
});
