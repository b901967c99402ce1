/** The start-up probe on the test adapter. What it measures of a software adapter is of no use, but it is measured as on any other. */
import { afterAll, describe, expect, it } from 'vitest';
import { Backends } from '../../src/analysis/backends';
import { exactGramOnGpu, residueVariants } from '../../src/gpu/exact-gram';
import { GRAM_BLOCK_ROWS, gramOnGpu, gramVariants } from '../../src/gpu/gram';
import { KernelQueue } from '../../src/gpu/kernel-queue';
import { webgpuNumerics } from '../../src/gpu/numerics';
import { adapterKey, measureAdapter } from '../../src/gpu/probe';
import { tfjsOps } from '../../src/gpu/tfjs-ops';
import { tune } from '../../src/gpu/tuning';
import { chosenVariant, supportedVariants } from '../../src/gpu/variants';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { cpuOps } from '../../src/numerics/cpu/ops';
import type { AdapterMeasurement, Remember } from '../../src/numerics/rates';
import { gramOfRows } from '../../src/numerics/cpu/gram';
import { openTestGpu } from './dawn';
import { matrix, openTestDevice } from './queue';

const opened = await openTestDevice();
const queue = new KernelQueue(opened);
afterAll(() => {
  queue.dispose();
  opened.dispose();
});

describe('the family of kernels', () => {
  it('is a race that one of the supported variants wins, and exactGramOnGpu runs the winner', async () => {
    const { rate, spent } = await tune(queue, 'exactGram', 1);
    expect(rate).toBeGreaterThan(0);
    expect(spent).toBeGreaterThan(0);
    const names = supportedVariants(queue, residueVariants);
    expect(names).toContain(queue.tuning.exactGram);
    expect(chosenVariant(queue, 'exactGram', residueVariants)).toBe(residueVariants[queue.tuning.exactGram as 'shared' | 'quad']);
    expect(queue.buffers.count().live.count).toBe(0);
  });

  it('gives the same integers whichever wins', async () => {
    const x = queue.upload(matrix(40, 30, 1), 'x');
    const grams = [];
    for (const exactGram of supportedVariants(queue, residueVariants)) {
      queue.tuning = { exactGram };
      grams.push(await exactGramOnGpu(queue, x, 40, 30));
    }
    queue.buffers.release(x);
    for (const gram of grams) expect(gram).toEqual(grams[0]);
    expect(grams[0]!.limbs.some((limb) => limb !== 0)).toBe(true);
  });

  it('has the float32 Gram in it, whose variants agree to their roundoff', async () => {
    await tune(queue, 'gram', 1);
    const [rows, d] = [40, 30];
    const values = matrix(rows, d, 2);
    const x = queue.upload(values, 'x');
    const want = gramOfRows(values, rows, d).hi;
    expect(Object.keys(gramVariants)).toContain(queue.tuning.gram);
    for (const gram of supportedVariants(queue, gramVariants)) {
      queue.tuning = { gram };
      const got = await gramOnGpu(queue, x, rows, d);
      got.forEach((v, i) => expect(Math.abs(v - want[i]!)).toBeLessThan(GRAM_BLOCK_ROWS * 2 ** -24 * rows));
    }
    queue.buffers.release(x);
  });

  it('is not moved by a tuning that it does not know', () => {
    queue.tuning = {};
    const untuned = chosenVariant(queue, 'exactGram', residueVariants);
    for (const exactGram of ['a kernel of next year', 'toString']) {
      queue.tuning = { exactGram };
      expect(chosenVariant(queue, 'exactGram', residueVariants)).toBe(untuned);
    }
    queue.tuning = {};
  });
});

/** A clock that goes on by so many milliseconds whenever it is looked at: a busy machine has no say. */
const ticking = (step: number) => {
  let time = 0;
  return () => (time += step);
};

/** The test adapter, taken for hardware or software. */
const likeThat = (software: boolean) => Object.create(queue, { software: { value: software } }) as KernelQueue;

describe('measureAdapter', () => {
  it('tunes a software adapter and measures no speed of it', async () => {
    const measured = await measureAdapter(likeThat(true), cpuOps());
    expect(measured).toEqual({ tuning: { exactGram: expect.any(String) }, rates: null, milliseconds: expect.any(Number) });
  });

  it('measures hardware and the CPU beside it, within 300 ms of its clock', async () => {
    const ops = await tfjsOps(opened);
    const { tuning, rates, milliseconds } = await measureAdapter(likeThat(false), ops, ticking(4));
    ops.disposeBackend();
    expect(Object.keys(tuning)).toEqual(['exactGram']);
    expect(milliseconds).toBeGreaterThan(0);
    expect(milliseconds).toBeLessThanOrEqual(300);
    for (const { gram, matmul } of [rates!.gpu, rates!.cpu]) {
      expect(gram).toBeGreaterThan(0);
      expect(matmul).toBeGreaterThan(0);
    }
    expect(queue.buffers.count().live.count).toBe(0);
  });

  it('has a key that changes with the adapter', async () => {
    const key = await adapterKey(opened);
    expect(await adapterKey(opened)).toBe(key);
    expect(await adapterKey({ ...opened, description: 'another' })).not.toBe(key);
  });
});

describe('webgpuNumerics with a memory', () => {
  const known: AdapterMeasurement = { tuning: { exactGram: 'shared' }, rates: null, milliseconds: 1 };

  it('takes what is remembered of this adapter and measures nothing', async () => {
    const keys: string[] = [];
    const remember: Remember = async (key) => (keys.push(key), known);
    const numerics = await webgpuNumerics(await openTestGpu(), { allowSoftware: true, remember });
    if ('reason' in numerics) throw new Error(numerics.reason);
    expect(numerics).toMatchObject({ measured: known, software: opened.software });
    expect(keys).toEqual([await adapterKey(opened)]);
    numerics.dispose();
  });

  it('computes although measuring failed', async () => {
    const remember: Remember = () => Promise.reject(new Error('out of memory'));
    const numerics = await webgpuNumerics(await openTestGpu(), { allowSoftware: true, remember });
    if ('reason' in numerics) throw new Error(numerics.reason);
    expect(numerics.measured).toBeNull();
    expect((await numerics.gram(numerics.ops.constant(matrix(4, 2, 1), [4, 2]))).rows).toBe(4);
    numerics.dispose();
  });
});

describe.runIf(opened.software)('auto on a software adapter', () => {
  it('is cpu-f64 and says why, however large the work', async () => {
    const gpu = await openTestGpu();
    const reference = cpuNumerics();
    const backends = new Backends(reference, 2, (options) => webgpuNumerics(gpu, options));
    const { numerics, choice } = await backends.run('auto', (choose) => choose({ passes: 1e13, grams: 1e13, solves: 1e9 }));
    expect(numerics).toBe(reference);
    expect(choice.reason).toMatch(/SwiftShader|software/);
    backends.dispose();
  });
});
