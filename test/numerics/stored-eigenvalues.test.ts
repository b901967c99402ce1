/** Eigenvalues of matrices that stay where they are stored: every bit as through the whole Gram, and right. */
import { afterEach, describe, expect, it } from 'vitest';
import { gramHash } from '../../src/analysis/fingerprint';
import { Random } from '../../src/base/random';
import { gramOfRows } from '../../src/numerics/cpu/gram';
import { eigenvaluesOfGram } from '../../src/numerics/solve';
import { eigenvaluesOfStored, type StoredOptions } from '../../src/numerics/stored-eigenvalues';
import { transpose } from '../../src/numerics/transpose';
import { typescript, useEngine } from '../../src/numerics/workspace';
import { hadamardSandwich } from '../oracle/matrices';

afterEach(() => useEngine(null));

type Values = Float32Array | Float64Array;

function stored(values: Values, rows: number, columns: number, options?: StoredOptions) {
  const read = async (begin: number, end: number, out: Values) => out.set(values.subarray(begin, end));
  return eigenvaluesOfStored({ rows, columns, single: values instanceof Float32Array, read }, options);
}

/** The same through the whole Gram. */
async function throughGram(values: Values, rows: number, columns: number) {
  const gram = rows >= columns ? gramOfRows(values, rows, columns) : gramOfRows(transpose(values, rows, columns), columns, rows);
  return { result: eigenvaluesOfGram({ ...gram, rows: 1 }), hash: await gramHash(gram) };
}

const kinds: Record<string, (rows: number, columns: number, random: Random) => Float64Array> = {
  normal: (rows, columns, random) => random.normals(rows * columns),
  'of low rank': (rows, columns, random) => lowRank(rows, columns, random, 0),
  // Two clusters: the small one comes from the inverse of R.
  'of low rank with noise': (rows, columns, random) => lowRank(rows, columns, random, 1e-5),
  'with columns over 20 orders': (rows, columns, random) => random.normals(rows * columns).map((x, at) => x * 2 ** -((7 * at) % columns % 66)),
  'of zeros': (rows, columns) => new Float64Array(rows * columns),
};

function lowRank(rows: number, columns: number, random: Random, noise: number): Float64Array {
  const rank = Math.ceil(Math.min(rows, columns) / 8);
  const [a, b, e] = [random.normals(rows * rank), random.normals(rank * columns), random.normals(rows * columns)];
  return e.map((x, at) => {
    let sum = noise * x;
    for (let k = 0; k < rank; k++) sum += a[Math.floor(at / columns) * rank + k]! * b[k * columns + (at % columns)]!;
    return sum;
  });
}

describe.each([[200, 131], [131, 200], [144, 144], [1, 40], [30000, 1], [97, 96]])('%i x %i', (rows, columns) => {
  for (const [kind, make] of Object.entries(kinds)) {
    it.each(['float32', 'float64'])(`${kind}, %s: the same values and hash`, async (type) => {
      const made = make(rows, columns, new Random(rows + columns));
      const values = type === 'float32' ? Float32Array.from(made) : made;
      const [{ result, hash }, whole] = [await stored(values, rows, columns), await throughGram(values, rows, columns)];
      expect(hash).toEqual(whole.hash);
      expect(result.values).toEqual(whole.result.values);
      expect(result).toMatchObject({ method: whole.result.method, roundoff: whole.result.roundoff, covers: 'all' });
      result.residuals.forEach((r, i) => {
        if (Number.isNaN(whole.result.residuals[i]!)) expect(r).toBeNaN();
        else expect(r).toBeLessThanOrEqual(2 ** -46 * result.values[0]!);
      });
    });
  }
});

it('the same bits without WebAssembly', async () => {
  const values = Float32Array.from(new Random(5).normals(130 * 110));
  const { result, hash } = await stored(values, 130, 110);
  useEngine(typescript);
  expect(await stored(values, 130, 110)).toEqual({ result, hash });
});

it.each([
  ['float32, 9 orders of eigenvalues in clusters of 16', 16, Float32Array],
  ['float64, 24 orders in clusters of 6', 41, Float64Array],
] as const)('known singular values: %s', async (_, levels, Type) => {
  const known = Float64Array.from({ length: 256 }, (_, k) => 2 ** -Math.floor((k * levels) / 256));
  const { result } = await stored(Type.from(hadamardSandwich(known)), 256, 256);
  const trace = known.reduce((sum, x) => sum + x * x, 0);
  // Twelve digits at most are stated, and one from 2^-84 of the trace on.
  result.values.forEach((value, k) => expect(Math.abs(value - known[k]! ** 2)).toBeLessThan(1e-11 * known[k]! ** 2 + 2 ** -100 * trace));
});

it('tells how far it is, and stops when it is told to', async () => {
  const values = Float32Array.from(new Random(6).normals(260 * 260));
  const parts: number[] = [];
  const phases = new Set<string>();
  await stored(values, 260, 260, { tell: (phase, part) => (phases.add(phase), parts.push(part)) });
  expect([...phases]).toEqual(['gram', 'eigen']);
  expect(parts.length).toBeGreaterThan(6);
  expect(parts).toEqual([...parts].sort((a, b) => a - b));
  expect(parts.at(-1)).toBeLessThanOrEqual(1);
  for (const at of [0.2, 0.6, 0.9]) {
    const cancel = new AbortController();
    const run = stored(values, 260, 260, { signal: cancel.signal, tell: (_, part) => part > at && cancel.abort() });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
  }
});
