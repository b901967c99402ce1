/** Products by several threads, and of weights as they are stored: the bits of one thread. */
import { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { multiply } from '../../src/numerics/cpu/matmul';
import { cpuOps } from '../../src/numerics/cpu/ops';
import { sharedMultiply, type SharedProduct } from '../../src/numerics/cpu/products';
import { transpose } from '../../src/numerics/transpose';

const [m, k, n] = [64, 2048, 2305];
const random = new Random(5);
const left = random.normals(m * k);
const right = Float32Array.from(random.normals(k * n));
const a = { values: left, offset: 0, rowStride: k, columnStride: 1 };
const rows = { values: right, offset: 0, rowStride: n, columnStride: 1 };
const turned = { values: transpose(right, k, n), offset: 0, rowStride: 1, columnStride: k };

const plain = new Float64Array(m * n);
multiply(a, { ...rows, values: Float64Array.from(right) }, plain, 0, m, k, n);

/** Compared as bytes: element by element takes seconds. */
const expectBits = (found: Float64Array) => expect(Buffer.compare(Buffer.from(found.buffer, found.byteOffset, found.byteLength), Buffer.from(plain.buffer))).toBe(0);

describe('shared with others', () => {
  const threads: Worker[] = [];
  afterAll(() => Promise.all(threads.map((thread) => thread.terminate())));

  it('who never come', () => {
    const told: SharedProduct[] = [];
    const shared = sharedMultiply(2, (product) => told.push(product));
    for (const b of [rows, turned]) {
      const out = new Float64Array(m * n + 1).fill(7);
      shared(a, b, out, 1, m, k, n);
      expect(out[0]).toBe(7);
      expectBits(out.subarray(1));
    }
    expect(told.map(({ byColumns, filled }) => [byColumns, filled[0]])).toEqual([[false, -1], [true, -1]]);
  });

  it('who help', async () => {
    let told!: SharedProduct;
    const shared = sharedMultiply(2, (product) => {
      told = product;
      for (const thread of threads) thread.postMessage(product);
    });
    for (let i = 0; i < 2; i++) threads.push(new Worker(new URL('../../src/cli/product-thread.mjs', import.meta.url)));
    const helped = () => told.out.some((x) => x !== 0);
    // Threads take their time to start.
    for (let tries = 0; tries < 60; tries++) {
      const out = new Float64Array(m * n);
      shared(a, tries % 2 === 0 ? turned : rows, out, 0, m, k, n);
      expectBits(out);
      if (helped()) return;
      await new Promise((done) => setTimeout(done, 250));
    }
    expect(helped()).toBe(true);
  }, 60_000);

  it('a small product is made here', () => {
    let told = 0;
    const out = new Float64Array(4);
    sharedMultiply(2, () => told++)({ ...a, rowStride: 3 }, { ...rows, rowStride: 2 }, out, 0, 2, 3, 2);
    expect(told).toBe(0);
    expect(out.every(Number.isFinite)).toBe(true);
  });
});

describe('a weight as it is stored', () => {
  const ops = cpuOps();
  const [d, h] = [12, 20];
  const values = Float32Array.from(random.normals(d * h));
  const copy = ops.constant(values, [d, h]);
  const kept = { plain: ops.weight({ values, shape: [d, h] }), transposed: ops.weight({ values: transpose(values, d, h), shape: [d, h], transposed: true }) };

  it.each(['plain', 'transposed'] as const)('%s: products, rows, reshapes, sums have the bits of a copy', async (form) => {
    const weight = kept[form];
    const x = ops.constant(random.normals(5 * d), [5, d]);
    const g = ops.constant(random.normals(5 * h), [5, h]);
    const same = async (of: (w: typeof weight) => typeof weight) => expect(await ops.read(of(weight))).toEqual(await ops.read(of(copy)));
    await same((w) => ops.matmul(x, w));
    await same((w) => ops.matmul(g, w, { transposeB: true }));
    await same((w) => ops.matmul(w, g, { transposeB: true }));
    await same((w) => ops.gather(w, Int32Array.of(3, 0, 3)));
    await same((w) => ops.matmul(x, ops.reshape(w, [d, h])));
    await same((w) => ops.matmul(ops.reshape(x, [10, d / 2]), ops.reshape(w, [d / 2, 2 * h])));
    await same((w) => ops.add(w, w));
    await same((w) => w);
  });

  it('outlives what was made of it, and its values are left alone', async () => {
    const weight = ops.weight({ values, shape: [d, h] });
    ops.dispose(ops.reshape(weight, [h, d]), ops.add(weight, weight));
    expect(await ops.read(weight)).toEqual(Float64Array.from(values));
    ops.dispose(weight);
    expect(() => ops.add(weight, weight)).toThrow(/used after it was disposed of/);
  });
});
