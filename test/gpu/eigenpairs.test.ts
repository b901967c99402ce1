import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { lanczosOnGpu } from '../../src/gpu/lanczos';
import { denseOperator, factorOperator } from '../../src/gpu/operator';
import type { GpuOperator } from '../../src/gpu/operator';
import { powerIterationOnGpu } from '../../src/gpu/power-iteration';
import { addTransposed, matvec, normalize } from '../../src/gpu/vectors';
import { symmetricEigen } from '../../src/numerics/symmetric-eigen';
import { families, matrix, testQueue } from './queue';

const queue = await testQueue();

/** X^T X / rows in float64. */
function gramOf(x: Float32Array, rows: number, d: number): Float64Array {
  const g = new Float64Array(d * d);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) g[i * d + j]! += (x[r * d + i]! * x[r * d + j]!) / rows;
  }
  return g;
}

async function withFactor<R>(x: Float32Array, rows: number, d: number, use: (operator: GpuOperator) => Promise<R>): Promise<R> {
  const buffer = queue.upload(x, 'x');
  const operator = factorOperator(queue, buffer, rows, d);
  try {
    return await use(operator);
  } finally {
    operator.dispose();
    queue.buffers.release(buffer);
  }
}

/** Symmetric with the given eigenvalues: a product of random reflections around diag(values). */
function withSpectrum(values: readonly number[], seed: number): Float32Array {
  const d = values.length;
  const random = new Random(seed);
  let a = new Float64Array(d * d);
  values.forEach((value, i) => (a[i * d + i] = value));
  for (let k = 0; k < 3; k++) {
    const u = random.normals(d);
    const norm2 = u.reduce((sum, x) => sum + x * x, 0);
    const reflect = (m: Float64Array) => {
      const out = new Float64Array(d * d);
      for (let j = 0; j < d; j++) {
        let dot = 0;
        for (let i = 0; i < d; i++) dot += u[i]! * m[i * d + j]!;
        for (let i = 0; i < d; i++) out[j * d + i] = m[i * d + j]! - (2 * dot * u[i]!) / norm2;
      }
      return out;
    };
    a = reflect(reflect(a));
  }
  return Float32Array.from(a);
}

const methods = { lanczos: lanczosOnGpu, power: powerIterationOnGpu };

describe.each(Object.entries(methods))('%s', (name, find) => {
  it.each([
    ['relu', 90, 40],
    ['normal', 20, 33],
    ['tiny', 60, 12],
    ['large', 60, 12],
    ['normal', 1, 5],
    ['normal', 8, 1],
  ] as const)('finds the head of X^T X / n, %s %i x %i', async (family, rows, d) => {
    // Columns of falling size keep the leading eigenvalues apart, which power iteration needs.
    const x = matrix(rows, d, rows + d, families[family]).map((v, i) => v * 0.7 ** (i % d));
    const want = symmetricEigen(gramOf(x, rows, d), d, { vectors: false }).values;
    const count = Math.min(2, d);
    const found = await withFactor(x, rows, d, (operator) => find(queue, operator, { count, seed: 1 }));
    expect(found.converged).toBe(true);
    expect(found.pairs).toHaveLength(count);
    found.pairs.forEach(({ value, residual, vector }, i) => {
      expect(Math.abs(value - want[i]!)).toBeLessThan(1e-5 * want[0]!);
      expect(residual).toBeLessThan(1e-5 * want[0]! + Number.MIN_VALUE);
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    });
  });

  it('finds every copy of a repeated eigenvalue', async () => {
    const values = [3, 3, 3, 1, ...Array.from({ length: 16 }, (_, i) => 0.5 / (i + 1))];
    const buffer = queue.upload(withSpectrum(values, 4), 'a');
    const found = await find(queue, denseOperator(buffer, 20), { count: 4, seed: 2 });
    queue.buffers.release(buffer);
    found.pairs.forEach((pair, i) => expect(pair.value).toBeCloseTo(values[i]!, 4));
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < i; j++) {
        const dot = found.pairs[i]!.vector.reduce((sum, v, k) => sum + v * found.pairs[j]!.vector[k]!, 0);
        expect(Math.abs(dot)).toBeLessThan(1e-4);
      }
    }
  });

  it('reads a zero and a rank-one matrix', async () => {
    const zero = await withFactor(new Float32Array(30), 5, 6, (operator) => find(queue, operator, { count: 2, seed: 3 }));
    expect(zero.pairs.map((pair) => pair.value)).toEqual([0, 0]);
    expect(zero.converged).toBe(true);
    const one = await withFactor(new Float32Array(30).fill(2), 5, 6, (operator) => find(queue, operator, { count: 2, seed: 3 }));
    expect(one.pairs[0]!.value).toBeCloseTo(24, 3);
    expect(Math.abs(one.pairs[1]!.value)).toBeLessThan(1e-4);
  });

  it('says so where it did not converge', async () => {
    const values = Array.from({ length: 60 }, (_, i) => 1 - i / 1e4);
    const buffer = queue.upload(withSpectrum(values, 5), 'a');
    const few = name === 'lanczos' ? { steps: 4 } : { iterations: 8 };
    const found = await find(queue, denseOperator(buffer, 60), { count: 2, seed: 1, ...few });
    queue.buffers.release(buffer);
    expect(found.converged).toBe(false);
    expect(found.pairs[0]!.residual).toBeGreaterThan(1e-5);
  });

  it('stops when asked, and gives its buffers back', async () => {
    const x = matrix(50, 30, 9);
    const before = queue.buffers.count().live;
    const stop = new AbortController();
    const run = withFactor(x, 50, 30, (operator) => {
      setTimeout(() => stop.abort(), 5);
      return find(queue, operator, { count: 10, seed: 1, tolerance: 0 }, stop.signal);
    });
    await expect(run).rejects.toMatchObject({ name: 'AbortError' });
    expect(queue.buffers.count().live).toEqual(before);
  });
});

describe('vector kernels', () => {
  const [rows, columns] = [70, 131];
  const a = matrix(rows, columns, 1);
  const error = (got: Float32Array, want: (i: number) => number) => Math.max(...got.map((v, i) => Math.abs(v - want(i))));
  const run = async (x: Float32Array, y: Float32Array, dispatch: (a: GPUBuffer, x: GPUBuffer, y: GPUBuffer) => ReturnType<typeof matvec>) => {
    const buffers = [queue.upload(a, 'a'), queue.upload(x, 'x'), queue.upload(y, 'y')] as const;
    await queue.run([dispatch(...buffers)]);
    const result = await queue.read(buffers[2]);
    queue.buffers.release(...buffers);
    return result;
  };
  const dot = (length: number, term: (i: number) => number) => Array.from({ length }, (_, i) => term(i)).reduce((s, v) => s + v, 0);

  it('matvec: y = scale A x, from and to an offset', async () => {
    const x = matrix(1, columns + 3, 2);
    const y = await run(x, new Float32Array(rows + 2).fill(7), (a, x, y) =>
      matvec({ a, rows, columns, x: { buffer: x, offset: 3 }, y: { buffer: y, offset: 2 }, scale: 0.5 }),
    );
    expect([...y.subarray(0, 2)]).toEqual([7, 7]);
    expect(error(y.subarray(2), (r) => 0.5 * dot(columns, (c) => a[r * columns + c]! * x[3 + c]!))).toBeLessThan(2e-5);
  });

  it('matvec_transposed: y = beta y + scale A^T x over a range of rows', async () => {
    const x = matrix(1, rows + 1, 3);
    const y = matrix(1, columns, 4);
    const got = await run(x, y, (a, x, y) =>
      addTransposed({ a, columns, firstRow: 5, endRow: 60, x: { buffer: x, offset: 1 }, y, scale: -1, beta: 1 }),
    );
    expect(error(got, (c) => y[c]! - dot(55, (k) => a[(5 + k) * columns + c]! * x[6 + k]!))).toBeLessThan(2e-5);
  });

  it.each([1, 1e-30, 1e30, 0])('normalize: w / |w| and |w|, entries of size %d', async (size) => {
    const w = matrix(1, columns, 5).map((v) => size * v);
    const buffers = [queue.upload(w, 'w'), queue.upload(new Float32Array(2 * columns).fill(7), 'v'), queue.storage(2, 'norm')] as const;
    await queue.run([normalize(buffers[0], { vectors: buffers[1], row: 1 }, columns, { buffer: buffers[2], offset: 1 })]);
    const v = await queue.read(buffers[1]);
    const norm = (await queue.read(buffers[2]))[1]!;
    queue.buffers.release(...buffers);
    const length = Math.sqrt(dot(columns, (i) => w[i]! ** 2));
    expect(Math.abs(norm - length)).toBeLessThanOrEqual(1e-6 * length);
    expect(v[0]).toBe(7);
    expect(error(v.subarray(columns), (i) => (length > 0 ? w[i]! / length : 0))).toBeLessThan(1e-6);
  });
});
