import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedDevice, openDevice } from '../../src/gpu/device';
import { type TfjsOps, tfjsOps } from '../../src/gpu/tfjs-ops';
import { opsContract } from '../numerics/ops.contract';
import { openTestGpu } from './dawn';

let opened: OpenedDevice;
let ops: TfjsOps;

beforeAll(async () => {
  const result = await openDevice(await openTestGpu(), { allowSoftware: true });
  if ('refused' in result) throw new Error(result.reason);
  opened = result;
  ops = await tfjsOps(opened);
});

afterAll(() => {
  ops.disposeBackend();
  opened.dispose();
});

// WGSL lets exp be off by 3 + 2 |x| units in the last place, and log by 2^-21 near 1.
opsContract('tfjs float32', async () => ops, { functionUnits: 12 });

async function bytesOf(buffer: GPUBuffer): Promise<Float32Array> {
  const { device } = opened;
  const staging = device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}

describe('tfjs float32', () => {
  it('hands the values of constants and of results to our own kernels', async () => {
    const x = ops.constant([1, 2, 3, 4, 5, 6], [2, 3]);
    for (const [tensor, expected] of [
      [x, [1, 2, 3, 4, 5, 6]],
      [ops.affine(x, 2, 1), [3, 5, 7, 9, 11, 13]],
      [ops.reshape(ops.transpose(x, [1, 0]), [6]), [1, 4, 2, 5, 3, 6]],
    ] as const) {
      const { buffer, release } = ops.bufferOf(tensor);
      expect(buffer.size).toBe(24);
      expect(buffer.usage & GPUBufferUsage.STORAGE).toBeTruthy();
      expect([...(await bytesOf(buffer))]).toEqual(expected);
      release();
    }
  });

  it('frees all that a scope made and did not return, and all that is disposed', () => {
    const before = tf.memory().numTensors;
    const kept = ops.scope(() => {
      const x = ops.constant([1, 2, 3, 4], [2, 2]);
      const shared = ops.matmul(ops.reshape(x, [1, 2, 2]), x, { transposeA: true });
      return [ops.affine(shared, 2, 1), ops.gather(x, Int32Array.of(1, 0))];
    });
    expect(tf.memory().numTensors).toBe(before + 2);
    ops.dispose(...kept);
    ops.dispose(...kept);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('leaves nothing behind outside of scopes either, but the result', () => {
    const x = ops.constant([1, 2, 3, 4], [1, 2, 2]);
    const b = ops.constant([1, 2, 3, 4], [2, 2]);
    const before = tf.memory().numTensors;
    ops.dispose(ops.matmul(x, b, { transposeA: true }), ops.affine(b, 2, 3), ops.gather(b, Int32Array.of(0)), ops.max(b, [0]));
    ops.bufferOf(b).release();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a second backend while one is alive, tensors of others, and more than six axes', async () => {
    await expect(tfjsOps(opened)).rejects.toThrow('already runs');
    expect(() => ops.add({ shape: [2] }, { shape: [2] })).toThrow('[2] of another backend');
    expect(() => ops.constant([1], [1, 1, 1, 1, 1, 1, 1])).toThrow('more than the 6 axes');
  });
});

describe('a device that is gone', () => {
  it('gives way to a new one, and a read of a lost tensor is no cancellation', async () => {
    ops.disposeBackend();
    const first = await openDevice(await openTestGpu(), { allowSoftware: true });
    if ('refused' in first) throw new Error(first.reason);
    const doomed = await tfjsOps(first);
    const x = doomed.affine(doomed.constant([1, 2], [2]), 2, 0);
    const reading = doomed.read(x);
    first.dispose();
    expect((await first.lost).reason).toBe('destroyed');
    await expect(reading).rejects.toMatchObject({ name: 'GpuLostError', code: 'gpu-lost' });
    doomed.disposeBackend();
    ops = await tfjsOps(opened);
    expect(await ops.read(ops.affine(ops.constant([1, 2], [2]), 2, 0))).toEqual(Float64Array.of(2, 4));
  });
});
