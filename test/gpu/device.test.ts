import { describe, expect, it } from 'vitest';
import { openDevice } from '../../src/gpu/device';
import { openTestGpu } from './dawn';

/** A `GPU` that has no adapter, or one that fails. */
const gpuWith = (requestAdapter: () => Promise<GPUAdapter | null>) => ({ requestAdapter }) as unknown as GPU;

describe('openDevice', () => {
  it('opens the adapter with its own limits and says what it is', async () => {
    const gpu = await openTestGpu();
    const adapter = (await gpu.requestAdapter())!;
    const opened = await openDevice(gpu, { allowSoftware: true });
    if ('refused' in opened) throw new Error(opened.reason);
    expect(opened.device.limits.maxStorageBufferBindingSize).toBe(adapter.limits.maxStorageBufferBindingSize);
    expect(opened.device.limits.maxBufferSize).toBe(adapter.limits.maxBufferSize);
    expect(opened.description.length).toBeGreaterThan(3);
    opened.dispose();
    expect((await opened.lost).reason).toBe('destroyed');
  });

  it('does not take a software adapter unless it is asked to', async () => {
    const gpu = await openTestGpu();
    const opened = await openDevice(gpu, { allowSoftware: true });
    if ('refused' in opened) throw new Error(opened.reason);
    opened.dispose();
    const again = await openDevice(gpu);
    if (opened.software) expect(again).toMatchObject({ refused: 'software', reason: expect.stringContaining('(software)') });
    else expect('device' in again).toBe(true);
    if ('device' in again) again.dispose();
  });

  it('says in a sentence why there is none', async () => {
    expect(await openDevice(undefined)).toMatchObject({ refused: 'no-adapter', reason: expect.stringContaining('no WebGPU') });
    const none = await openDevice(gpuWith(async () => null));
    expect(none).toMatchObject({ refused: 'no-adapter', reason: expect.stringContaining('no adapter') });
    const failing = gpuWith(async () => {
      throw new Error('the driver is sulking');
    });
    const reason = expect.stringContaining('the driver is sulking');
    expect(await openDevice(failing)).toMatchObject({ refused: 'failed', reason });
  });
});
