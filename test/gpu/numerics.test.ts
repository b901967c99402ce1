import { afterEach, describe, expect, it } from 'vitest';
import { KernelQueue } from '../../src/gpu/kernel-queue';
import { kernels } from '../../src/gpu/kernel';
import { gramOnGpu } from '../../src/gpu/gram';
import { webgpuNumerics, type WebgpuOptions } from '../../src/gpu/numerics';
import { selfTest } from '../../src/gpu/self-test';
import { matvec } from '../../src/gpu/vectors';
import { integerFisherGramSteps } from '../../src/numerics/exact/exact-fisher-gram';
import { exactGramAtOnce } from '../../src/numerics/exact/integer-gram';
import { runAtOnce } from '../../src/numerics/stepwise';
import { Tiled } from '../../src/numerics/tiles';
import { gramOfRows } from '../../src/numerics/cpu/gram';
import type { Numerics } from '../../src/numerics/types';
import { openTestGpu } from './dawn';
import { families, matrix, openTestDevice } from './queue';

const gpu = await openTestGpu();

let closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing) close();
  closing = [];
});

async function open(options: WebgpuOptions = {}): Promise<Numerics> {
  const numerics = await webgpuNumerics(gpu, { allowSoftware: true, ...options });
  if ('reason' in numerics) throw new Error(numerics.reason);
  closing.push(() => numerics.dispose());
  return numerics;
}

async function openQueue(): Promise<{ queue: KernelQueue; destroy: () => void }> {
  const opened = await openTestDevice();
  const queue = new KernelQueue(opened);
  closing.push(() => opened.dispose());
  return { queue, destroy: () => opened.dispose() };
}

describe('webgpuNumerics', () => {
  it('gives the exact Gram and Fisher-Gram of its taps, with the digests of the CPU', async () => {
    const numerics = await open();
    const [samples, positions, p, q] = [9, 4, 10, 6];
    const a = matrix(samples * positions, p, 1, families.relu);
    const delta = matrix(samples * positions, q, 2);
    const [ta, td] = [numerics.ops.constant(a, [36, p]), numerics.ops.constant(delta, [36, q])];

    const gram = await numerics.gram(ta);
    const want = gramOfRows(a, 36, p);
    expect(gram).toMatchObject({ dimension: p, rows: 36, roundoff: 2 ** -104 });
    expect(gram).toEqual(want);

    const fisher = await numerics.fisherGram(ta, td, positions);
    expect(fisher).toEqual(exactGramAtOnce(runAtOnce(integerFisherGramSteps(a, delta, { samples, positions, p, q }))));
    expect(fisher).toMatchObject({ dimension: samples, rows: samples, roundoff: 2 ** -104 });
  });

  it('sums the Grams of a tap that is kept in tiles, also after the tap was given back', async () => {
    const [rows, d] = [36, 10];
    const numerics = await open({ tile: 4 * 100 });
    const values = matrix(rows, d, 1);
    const x = numerics.ops.constant(values, [rows, d]);
    expect(x).toBeInstanceOf(Tiled);
    const coming = numerics.gram(x);
    numerics.ops.dispose(x);
    const [found, whole] = [await coming, gramOfRows(values, rows, d)];
    expect(found).toMatchObject({ dimension: d, rows, roundoff: whole.roundoff });
    whole.hi.forEach((value, i) => expect(Math.abs(found.hi[i]! - value + (found.lo![i]! - whole.lo![i]!))).toBeLessThanOrEqual(2 ** -95 * whole.hi[(i % d) * (d + 1)]!));
  });

  it('refuses what is not finite, and holds what float32 does not', async () => {
    const numerics = await open();
    const matrixOf = (value: number) => numerics.ops.constant(new Float32Array([1, value, 2, 3]), [2, 2]);
    for (const bad of [NaN, Infinity]) await expect(numerics.gram(matrixOf(bad))).rejects.toMatchObject({ code: 'not-finite' });
    expect((await numerics.gram(matrixOf(1e30))).hi[3]).toBe(Math.fround(1e30) ** 2);
    const large = matrixOf(1e30);
    for (const bad of [NaN, Infinity]) {
      const refused = { code: 'not-finite', message: expect.stringContaining('Row 0') };
      await expect(numerics.fisherGram(large, matrixOf(bad), 1)).rejects.toMatchObject(refused);
    }
    expect((await numerics.fisherGram(large, large, 1)).hi[0]! / Math.fround(1e30) ** 4).toBeCloseTo(1, 12);
  });

  it('honours an abort and works on', async () => {
    const numerics = await open();
    const x = numerics.ops.constant(matrix(40, 8, 1), [40, 8]);
    await expect(numerics.gram(x, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect((await numerics.gram(x)).rows).toBe(40);
  });

  it('gives a reason where there is no adapter or only an unwanted one', async () => {
    expect(await webgpuNumerics(undefined)).toEqual({ reason: expect.stringContaining('no WebGPU') });
  });
});

describe('KernelQueue', () => {
  it('passes its self-test', { retry: 2 }, async () => {
    const { queue } = await openQueue();
    expect(await selfTest(queue)).toEqual({ ok: true, detail: expect.stringContaining('every entry exact') });
    const start = performance.now();
    await selfTest(queue);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(queue.buffers.count().live).toEqual({ count: 0, bytes: 0 });
  });

  it('fails its self-test when an answer is wrong by one bit', async () => {
    const { queue } = await openQueue();
    const read = queue.read.bind(queue);
    queue.read = async (...args) => {
      const values = await read(...args);
      new Uint32Array(values.buffer)[1]! ^= 1;
      return values;
    };
    expect(await selfTest(queue)).toEqual({ ok: false, detail: expect.stringMatching(/Gram's kernels gave .* is exact/) });
  });

  it('counts every buffer, and has none left after work, failure and abort', async () => {
    const { queue } = await openQueue();
    const x = queue.upload(matrix(30, 5, 1), 'x');
    const held = { count: 1, bytes: 600 };
    expect(queue.buffers.count().live).toEqual(held);
    for (let i = 0; i < 5; i++) await gramOnGpu(queue, x, 30, 5);
    const { kept } = queue.buffers.count();
    for (let i = 0; i < 5; i++) await gramOnGpu(queue, x, 30, 5);
    await expect(gramOnGpu(queue, x, 30, 5, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
    expect(queue.buffers.count()).toEqual({ live: held, kept });
    const uniform = queue.buffers.acquire(16, GPUBufferUsage.UNIFORM, 'no storage buffer');
    const span = { buffer: x, offset: 0 };
    const refused = queue.run([matvec({ a: uniform, rows: 1, columns: 1, x: span, y: { buffer: uniform, offset: 0 }, scale: 1 })]);
    await expect(refused).rejects.toMatchObject({ code: 'gpu-failed', message: expect.stringContaining('matvec') });
    queue.buffers.release(uniform, x);
    expect(queue.buffers.count().live).toEqual({ count: 0, bytes: 0 });
    expect(() => queue.buffers.release(x)).toThrow('released twice');
  });

  it('names what does not fit', async () => {
    const { queue } = await openQueue();
    expect(() => queue.storage(2 ** 40, 'a very large Gram')).toThrow(/a very large Gram needs \d+ bytes/);
  });

  it('says that the GPU is lost, at once and later', async () => {
    const { queue, destroy } = await openQueue();
    const x = queue.upload(matrix(3000, 64, 1), 'x');
    const running = gramOnGpu(queue, x, 3000, 64);
    setTimeout(destroy, 0);
    await expect(running).rejects.toMatchObject({ code: 'gpu-lost' });
    await expect(gramOnGpu(queue, x, 3000, 64)).rejects.toMatchObject({ code: 'gpu-lost' });
    await expect(queue.run([])).rejects.toMatchObject({ code: 'gpu-lost' });
    await expect(selfTest(queue)).rejects.toMatchObject({ code: 'gpu-lost' });
  });
});

describe('kernel descriptions', () => {
  it.each(Object.values(kernels).map((kernel) => [kernel.name, kernel] as const))('%s is what its WGSL declares', (_, kernel) => {
    const declared = [...kernel.source.matchAll(/@group\((\d+)\)\s*@binding\((\d+)\)\s*var(?:<([^>]+)>)?\s*(\w+)\s*:\s*([^;]+);/g)].map((m) => ({
      group: Number(m[1]),
      binding: Number(m[2]),
      space: (m[3] ?? m[5])!.replace(/\s/g, ''),
      name: m[4],
    }));
    const space = { 'read-only-storage': 'storage,read', storage: 'storage,read_write', texture: 'texture_2d<f32>', sampler: 'sampler' };
    expect(declared).toEqual([
      ...kernel.bindings.map(({ name, type }, binding) => ({ group: 0, binding, space: space[type], name })),
      { group: 0, binding: kernel.bindings.length, space: 'uniform', name: 'params' },
    ]);
    const fields = /struct Params \{([^}]*)\}/.exec(kernel.source)![1]!;
    expect([...fields.matchAll(/(\w+)\s*:\s*(\w+)/g)].map((m) => [m[1], m[2]])).toEqual(kernel.params);
    const enabled = [...kernel.source.matchAll(/^enable (\w+);/gm)].map((m) => m[1]);
    expect(enabled).toEqual('feature' in kernel ? [kernel.feature] : []);
    expect(kernel.source).toMatch(/^\s*fn main\(/m);
  });
});
