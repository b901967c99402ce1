/** A kernel queue on the test adapter, and data for kernels. */
import { afterAll } from 'vitest';
import { Random } from '../../src/base/random';
import { openDevice } from '../../src/gpu/device';
import type { OpenedDevice } from '../../src/gpu/device';
import type { Dispatch } from '../../src/gpu/kernel';
import { KernelQueue } from '../../src/gpu/kernel-queue';
import { openTestGpu } from './dawn';

export async function openTestDevice(): Promise<OpenedDevice> {
  const opened = await openDevice(await openTestGpu(), { allowSoftware: true });
  if ('refused' in opened) throw new Error(opened.reason);
  return opened;
}

/** For one test file: disposed of after its last test. */
export async function testQueue(): Promise<KernelQueue> {
  const opened = await openTestDevice();
  const queue = new KernelQueue(opened);
  afterAll(() => {
    queue.dispose();
    opened.dispose();
  });
  return queue;
}

/** The dispatches that `work` gives to the queue, which runs them as ever. */
export async function dispatchesOf<R>(queue: KernelQueue, work: () => Promise<R>): Promise<{ dispatches: Dispatch[]; result: R }> {
  const dispatches: Dispatch[] = [];
  const run = queue.run.bind(queue);
  queue.run = (given, signal) => {
    const list = [...given].flat() as Dispatch[];
    dispatches.push(...list);
    return run(list, signal);
  };
  try {
    return { dispatches, result: await work() };
  } finally {
    queue.run = run;
  }
}

export const families = {
  normal: (random: Random) => random.normal(),
  relu: (random: Random) => Math.max(0, random.normal()),
  tiny: (random: Random) => 1e-12 * random.normal(),
  large: (random: Random) => 1e12 * random.normal(),
};

export function matrix(rows: number, columns: number, seed: number, value: (random: Random) => number = families.normal): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: rows * columns }, () => value(random));
}

/** Tells NaN from numbers by their bits, as a shader compiler may not. */
export const bitsOf = (values: Float64Array | Float32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
