/** The hot loops in WebAssembly, with relaxed SIMD and without, are held to their TypeScript twins bit for bit. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Random } from '../../src/base/random';
import { fisherGramOfRows } from '../../src/numerics/cpu/fisher-gram';
import { dualGramOfRows, gramOfRows } from '../../src/numerics/cpu/gram';
import { cpuOps } from '../../src/numerics/cpu/ops';
import type { HotLoops } from '../../src/numerics/hot-loops';
import { eigenvaluesOfGram } from '../../src/numerics/solve';
import { inlineSolver } from '../../src/numerics/solver';
import { symmetricEigen } from '../../src/numerics/symmetric-eigen';
import { coprimeModuli, garnerInverses } from '../../src/numerics/exact/moduli';
import { constantsOf, digitCount } from '../../src/numerics/exact/residue-pairs';
import { compileKernels } from '../../src/numerics/wasm/build';
import { webAssembly } from '../../src/numerics/wasm/instance';
import { byteKernels, relaxedKernels } from '../../src/numerics/wasm/kernels';
import { engine, typescript, useEngine } from '../../src/numerics/workspace';

const wasm = webAssembly()!;
const strict = webAssembly({ relaxed: false })!;

afterEach(() => useEngine(null));

/** What `work` gives on the engines: the same of both modules, held to that of TypeScript. */
function onBoth<R>(work: () => R): [R, R] {
  const [reference, plain, ours] = [typescript, strict, wasm].map((engine) => {
    useEngine(engine);
    return work();
  });
  expect(plain).toEqual(reference);
  return [ours!, reference!];
}

type Argument = number | Float64Array;

/** Calls a loop on all engines with copies of the same arrays, and returns the bits of all of them afterwards: TypeScript's last. */
function call(name: keyof HotLoops, values: readonly Argument[]): unknown[][] {
  const words = values.reduce<number>((sum, v) => sum + (typeof v === 'number' ? 0 : v.length), 0);
  const run = (source: typeof wasm) => {
    const work = source.open(words);
    const own = values.map((value) => {
      if (typeof value === 'number') return value;
      const array = work.array(value.length);
      array.set(value);
      return array;
    });
    (work.loops[name] as (...args: Argument[]) => void)(...own);
    const after = own.map((value) => (typeof value === 'number' ? value : new BigUint64Array(value.slice().buffer)));
    work.release();
    return after;
  };
  return [wasm, strict, typescript].map(run);
}

const size = fc.integer({ min: 1, max: 21 });
const seeds = fc.integer({ min: 0, max: 2 ** 31 });

/** Numbers of 24 bits of very different size: their products are exact. */
const floats = (random: Random, count: number) => random.normals(count).map((x) => Math.fround(x * 2 ** -random.integer(60)));

/** 16-bit integers within +-limit, four to a word. */
const shorts = (random: Random, words: number, limit: number) =>
  new Float64Array(Int16Array.from({ length: 4 * words }, () => random.integer(2 * limit + 1) - limit).buffer);
const ints = (random: Random, words: number, limit: number) =>
  new Float64Array(Int32Array.from({ length: 2 * words }, () => random.integer(2 * limit + 1) - limit).buffer);
/** From number `at` on how many tiles of rows that get shorter are made, 32-bit. */
const across = (random: Random, at: number, rows: number, width: number) => {
  const words = new Float64Array(Math.ceil((at + rows) / 2));
  for (let row = 0; row < rows; row++) new Int32Array(words.buffer)[at + row] = random.integer(width - row + 1);
  return words;
};
const MODULI = coprimeModuli(8191, 150);

/** Each: sizes -> arguments. */
const cases: Record<keyof HotLoops, (random: Random, n: number, m: number, k: number) => Argument[]> = {
  sliceVectors: (random, n, length, k) => {
    const width = 4 * (1 + (n % 5));
    const [values, tails] = [random.normals(width * length), random.normals(width * length).map((x) => x * 2 ** -54)];
    const plane = width * length + (k % 3);
    return [values, tails, k % 2, random.normals(width), width, length, random.normals(5 * plane), plane];
  },
  addSlices: (random, count, unitsAt, k) => {
    const plane = k + count + (k % 2);
    const target = () => random.normals(k + count);
    const [lo, sums, units] = [target().map((x) => x * 2 ** -54), random.normals(5 * plane), random.normals(unitsAt + count)];
    return [target(), lo, k, sums, k % 2, plane, 0.25, units, unitsAt, count];
  },
  multiplyPanels: (random, n, m, depth) => {
    const [rows, columns] = [4 * (1 + (n % 5)), 4 * (1 + (m % 5))];
    return [random.normals(rows * depth), random.normals(columns * depth), random.normals(rows * columns), rows, columns, depth];
  },
  multiplyPanelsRelaxed: (random, n, m, depth) => {
    const [rows, columns] = [4 * (1 + (n % 5)), 4 * (1 + (m % 5))];
    return [floats(random, rows * depth), floats(random, columns * depth), random.normals(rows * columns), rows, columns, depth];
  },
  subtractPanelsRelaxed: (random, n, m, depth) => {
    const [rows, columns] = [4 * (1 + (n % 5)), 4 * (1 + (m % 5))];
    const stride = columns + (n % 3);
    return [floats(random, rows * depth), floats(random, columns * depth), random.normals(m + rows * stride), m, stride, rows, columns, depth];
  },
  subtractPanels: (random, n, m, depth) => {
    const [rows, columns] = [4 * (1 + (n % 5)), 4 * (1 + (m % 5))];
    const stride = columns + (n % 3);
    const out = random.normals(m + rows * stride);
    return [random.normals(rows * depth), random.normals(columns * depth), out, m, stride, rows, columns, depth];
  },
  multiplyTriangle: (random, m, k) => {
    const stride = m + (k % 3);
    return [random.normals(m * stride), stride, m, k % 2, random.normals(m), random.normals(m)];
  },
  spanVectors: (random, n, length) => {
    const width = 2 * n;
    const values = random.normals(width * length).map((x, at) => (at % 5 ? x * 2 ** (random.integer(200) - 100) : random.integer(3) * 2 ** -1074));
    return [values, width, length, random.normals(width).map(Math.abs), random.normals(width).map(Math.abs), random.normals(width)];
  },
  packIntegers: (random, n, length, k) => {
    const [width, lanes, pieces] = [8 * (1 + (k % 2)), 8 * (1 + (n % 3)), 1 + (k % 3)];
    const values = random.normals(width * length);
    const order = ints(random, lanes / 2, 0);
    new Int32Array(order.buffer).forEach((_, i, all) => (all[i] = random.integer(width)));
    const factors = Float64Array.from({ length: 2 * lanes }, () => 2 ** random.integer([22, 40, 57][pieces - 1]!));
    const first = 8 * random.integer(lanes / 8);
    return [values, width, order, factors, lanes, first, lanes - first, length, pieces, random.normals(pieces * (lanes * length + n)), lanes * length + n];
  },
  makeResidues: (random, n, m, k) => {
    const [count, pieces, modulus] = [16 * n, 1 + (k % 3), MODULI[m % MODULI.length]!];
    const stride = count + n;
    const piece = (at: number) => Math.trunc((2 * random.uniform() - 1) * 2 ** (at < m + stride ? random.integer(49) : random.integer(36)));
    const q = Float64Array.from({ length: m + pieces * stride }, (_, at) => piece(at));
    return [q, m, stride, pieces, count, modulus, 2 ** 48 % modulus, random.integer(modulus), random.normals(m + count / 4), m];
  },
  multiplyResidues: (random, width, m, k) => {
    // The largest remainders that the bounds allow, in as many pairs as they allow.
    const [pairs, modulus, limit, rows] = [3 * k + 1, MODULI[m % MODULI.length]!, k % 4 ? 4095 : 3, Math.min(width, 1 + (m % 3))];
    const panels = shorts(random, 4 * (m + width * pairs), limit);
    return [panels, 4 * m, across(random, m, rows, width), m, rows, width, pairs, modulus, ints(random, m + 32 * rows * width, 4914), m];
  },
  splitResidues: (random, n, m, k) => {
    const [at, modulus] = [k % 3, 128 - 5 * (m % 20)];
    return [shorts(random, at + 8 * n, 8191), at, 32 * n, modulus, random.normals(m + 4 * n), m, random.normals(k + 4 * n), k];
  },
  multiplyBytes: (random, width, m, fours) => {
    // The largest bytes that the bounds allow.
    const rows = Math.min(width, 1 + (m % 3));
    const own = 8 * (m + 4 * rows * fours);
    const bytes = Int8Array.from({ length: own + 32 * width * fours }, (_, at) => (at < own ? random.integer(161) - 80 : random.integer(128)));
    return [new Float64Array(bytes.buffer), m, own / 8, across(random, m, rows, width), m, rows, width, fours, ints(random, m + 32 * rows * width, 2 ** 28), m];
  },
  mixedRadix: (random, n, m, k) => {
    const list = MODULI.slice(0, 1 + (k % MODULI.length));
    const moduli = new Float64Array(list.length);
    list.forEach((modulus, i) => {
      new Int32Array(moduli.buffer)[2 * i] = modulus;
      new Float32Array(moduli.buffer)[2 * i + 1] = 1 / modulus;
    });
    const square = garnerInverses(list);
    const inverses = new Float64Array(list.length ** 2);
    list.forEach((_, i) => new Int32Array(inverses.buffer).set(square.subarray(i * list.length, i * list.length + i), (i * (i - 1)) / 2));
    const [count, words] = [4 * n, Math.ceil((13 * list.length) / 32) + (m % 2)];
    return [ints(random, m + 2 * (n + 1) * list.length, 4914), m, count + 4, count, moduli, list.length, inverses, words, random.normals(2 * n * words)];
  },
  residuePairs: (random, n, m, k) => {
    const list = MODULI.slice(0, 1 + (k % MODULI.length));
    const count = 4 * n;
    const constants = constantsOf(list);
    const sums = ints(random, m + 2 * (n + 1) * list.length, 2 ** 31 - 1);
    return [sums, m, count + 4, count, constants, list.length, digitCount(list), random.normals(count), random.normals(count)];
  },
  placeTiles: (random, tiles, row, column) => {
    const [count, vectors] = [64 * tiles, 8 * tiles + column + row + 8];
    const pairs = [random.normals(count), random.normals(count).map((x) => x * 2 ** -54)] as const;
    return [...pairs, tiles, random.normals(2 * vectors), vectors, row, column, random.normals(count), random.normals(count)];
  },
  sweepRows: (random, rows, m, k) => {
    const columns = rows + m;
    const [x, u] = [random.normals(rows), random.normals(rows)];
    const [v, y, q, z] = [random.normals(columns), random.normals(columns), random.normals(columns), random.normals(columns)];
    return [random.normals(rows * columns), rows, columns, k % rows, x, v, u, y, q, random.normal(), z];
  },
  multiplyRows: (random, rows, length, k) => {
    const stride = length + (k % 3);
    return [random.normals(k + rows * stride), k, rows, stride, length, random.normals(2 + length), 2, random.normals(1 + rows), 1];
  },
  addRows: (random, rows, length, k) => {
    const stride = length + (k % 3);
    return [random.normals(k + rows * stride), k, rows, stride, length, random.normals(2 + rows), 2, random.normals(1 + length), 1];
  },
  makeReflector: (random, length, at, k) => {
    // Sizes within the range of squares and beyond it, and nothing besides the pivot.
    const sizes = [1, 2 ** -600, 2 ** 600, 0];
    const x = random.normals(at + length).map((v) => v * sizes[k % 4]!);
    x[at + (k % length)] = random.normal();
    return [x, at, length, k % length, random.normals(2)];
  },
  packRows: (random, rows, count, k) => {
    const stride = count + (k % 3);
    return [random.normals(k + rows * stride), k, rows, stride, count, random.normals(rows * 4 * Math.ceil(count / 4))];
  },
  applyRowReflectors: (random, count, m) => {
    const columns = count + m - 1;
    return [random.normals(count * columns), random.normals(count), count, columns, random.normals(4 * columns)];
  },
  applyLowerReflectors: (random, n, k) => {
    const stride = n + (k % 3);
    return [random.normals(n * stride), random.normals(n), n, stride, random.normals(4 * n)];
  },
  residualSquares: (random, n) => [random.normals(n * n), n, random.normals(4 * n), random.normals(4), random.normals(4)],
  multiplyGram: (random, n, columns) => {
    const rows = 4 * (1 + (n % 4));
    return [random.normals(rows * columns), rows, columns, random.normals(4 * columns), random.normals(4 * columns)];
  },
  subtractRows: (random, n, m, k) => {
    const j = k % n;
    return [random.normals(n * n), random.normals(n * n).map((x) => x * 2 ** -54), n, m % (j + 1), j];
  },
  scaleRow: (random, count, at, restAt) => {
    const pairs = (length: number) => [random.normals(length), random.normals(length).map((x) => x * 2 ** -54)] as const;
    const scale = random.normal();
    return [...pairs(at + count), at, count, scale, scale * 2 ** -54, ...pairs(restAt + count), restAt];
  },
  rotateRows: (random, n, i) => [random.normals((i + 2) * n), n, i, random.normal(), random.normal()],
};

describe('the compiled module', () => {
  it('is what its sources compile to', async () => {
    const committed = await readFile(resolve(import.meta.dirname, '../../src/numerics/wasm/kernels.ts'), 'utf8');
    expect(committed === (await compileKernels()), 'kernels.ts is stale: npm run wasm').toBe(true);
  });

  it('has its relaxed part used here, and does without it where it is not understood', () => {
    const modules = [relaxedKernels, byteKernels].map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
    expect(modules.every((bytes) => WebAssembly.validate(bytes))).toBe(true);
    const newer = modules.map((bytes) => bytes.length);
    const compiled: number[] = [];
    class Older {
      constructor(module: Uint8Array<ArrayBuffer>) {
        if (newer.includes(module.length)) throw new WebAssembly.CompileError('invalid numeric opcode');
        compiled.push(module.length);
        return new Module(module);
      }
    }
    const { Module } = WebAssembly;
    const { Instance, Memory } = WebAssembly;
    vi.stubGlobal('WebAssembly', { Instance, Memory, Module: Older });
    try {
      const older = webAssembly()!;
      expect(compiled.length).toBe(1);
      expect(Object.keys(older.open(0).loops).sort()).toEqual(Object.keys(wasm.open(0).loops).sort());
    } finally {
      vi.unstubAllGlobals();
    }
  });

  it('is chosen here, and has every loop', () => {
    expect(engine().name).toBe('WebAssembly SIMD');
    const [ours, twin] = [wasm, typescript].map((e) => Object.keys(e.open(0).loops).sort());
    expect(ours).toEqual(twin);
  });

  for (const [reason, Module] of [
    ['refuses to compile it', class { constructor() { throw new WebAssembly.CompileError('blocked by the content policy'); } }],
    ['is missing', undefined],
  ] as const) {
    it(`where WebAssembly ${reason}, TypeScript runs`, () => {
      vi.stubGlobal('WebAssembly', Module && { ...WebAssembly, Module });
      try {
        useEngine(null);
        expect(engine().name).toBe('JavaScript');
        expect([...gramOfRows(Float64Array.of(1, 2, 3, 4), 2, 2).hi]).toEqual([10, 14, 14, 20]);
      } finally {
        vi.unstubAllGlobals();
      }
    });
  }
});

describe('each loop gives the bits of its twin', () => {
  for (const [name, make] of Object.entries(cases) as [keyof HotLoops, (typeof cases)[keyof HotLoops]][]) {
    it(name, () => {
      fc.assert(
        fc.property(seeds, size, size, size, (seed, n, m, k) => {
          const [relaxed, ours, twin] = call(name, make(new Random(seed), n, m, k));
          expect(ours).toEqual(twin);
          expect(relaxed).toEqual(twin);
        }),
        { numRuns: 60 },
      );
    });
  }
});

describe('whole computations give the same bits on either engine', () => {
  const random = new Random(17);

  for (const [rows, d] of [[1, 1], [130, 7], [180, 65]] as const) {
    it(`Grams of [${rows}, ${d}], eigenvalues and residuals by both routes`, () => {
      const x = random.normals(rows * d).map((v, i) => v * 2 ** -(i % d));
      for (const data of [x, Float32Array.from(x)]) {
        const [gram, reference] = onBoth(() => gramOfRows(data, rows, d));
        expect(gram).toEqual(reference);
        for (const g of [gram, { ...gram, lo: null, roundoff: 2 ** -53 }]) {
          const [ours, twin] = onBoth(() => eigenvaluesOfGram(g));
          expect(ours).toEqual(twin);
        }
      }
      const [dual, twin] = onBoth(() => dualGramOfRows(x, rows, d));
      expect(dual).toEqual(twin);
    });
  }

  it('eigenvectors, n = 51', () => {
    const x = random.normals(51 * 51);
    const [ours, twin] = onBoth(() => symmetricEigen(x, 51, { vectors: true }));
    expect(ours).toEqual(twin);
  });

  it('Fisher-Grams by both orders of summation', () => {
    for (const [n, T, p, q] of [[9, 2, 6, 5], [5, 17, 3, 2]] as const) {
      const [a, delta] = [random.normals(n * T * p), random.normals(n * T * q)];
      const [ours, twin] = onBoth(() => fisherGramOfRows(a, delta, n, T, p, q));
      expect(ours).toEqual(twin);
    }
  });

  it('matrix products wider and deeper than a block', async () => {
    for (const [m, k, n] of [[70, 300, 5], [3, 5, 1030], [1, 1, 1]] as const) {
      const [a, b] = [random.normals(m * k), random.normals(k * n)];
      const ops = cpuOps();
      const [ours, twin] = onBoth(() => ops.matmul(ops.constant(a, [m, k]), ops.constant(b, [k, n])));
      expect(await ops.read(ours)).toEqual(await ops.read(twin));
    }
  });
});

describe('workspaces', () => {
  it('computations that run at the same time do not share memory, and one that was aborted leaves nothing behind', async () => {
    useEngine(wasm);
    const grams = [40, 90, 130].map((d) => gramOfRows(new Random(d).normals(200 * d), 200, d));
    const want = grams.map((gram) => eigenvaluesOfGram(gram));
    const controller = new AbortController();
    const large = gramOfRows(new Random(1).normals(600 * 500), 600, 500);
    const aborted = inlineSolver.eigenvalues(large, { signal: controller.signal });
    setTimeout(() => controller.abort(), 5);
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
    const opened = grams.map(() => wasm.open(1000));
    const held = opened.map((work, i) => work.array(1000).fill(i));
    expect(await Promise.all(grams.map((gram) => inlineSolver.eigenvalues(gram)))).toEqual(want);
    expect(held.every((values, i) => values.length === 1000 && values.every((x) => x === i))).toBe(true);
    for (const work of opened) work.release();
  });
});
