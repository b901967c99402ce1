/** The WebGPU backend on one device: layers by tfjs in float32, exact Grams and Fisher-Grams of their taps. */
import { messageOf } from '../base/errors';
import { exactGramOf } from '../numerics/exact/integer-gram';
import type { Tensor } from '../numerics/ops';
import type { AdapterMeasurement, MeasuredNumerics, Remember } from '../numerics/rates';
import { gramOfTiles } from '../numerics/tiled-gram';
import { tiledOps } from '../numerics/tiled-ops';
import { Tiled, TooLargeError } from '../numerics/tiles';
import type { Numerics } from '../numerics/types';
import { openDevice } from './device';
import type { DeviceOptions, OpenedDevice } from './device';
import { exactGramOnGpu } from './exact-gram';
import { exactFisherGramOnGpu } from './fisher-gram';
import { GpuLostError, KernelQueue } from './kernel-queue';
import { adapterKey, measureAdapter } from './probe';
import { selfTest } from './self-test';
import { tfjsOps } from './tfjs-ops';
import type { TfjsOps } from './tfjs-ops';

export interface WebgpuOptions extends DeviceOptions {
  /** Where it is given, the adapter is measured, or what was measured before is used. */
  remember?: Remember;
  /** Bytes of a tile, where it should be less than the adapter hands its shaders (tests). */
  tile?: number;
}

/** Opens the device, tests it, and gives the backend; or says in a sentence why not. At most one is alive at a time. */
export async function webgpuNumerics(gpu: GPU | undefined, options: WebgpuOptions = {}): Promise<MeasuredNumerics | { reason: string }> {
  const opened = await openDevice(gpu, options);
  if ('refused' in opened) return { reason: opened.reason };
  const queue = new KernelQueue(opened);
  let close = () => {
    queue.dispose();
    opened.dispose();
  };
  try {
    const tested = await selfTest(queue);
    if (!tested.ok) {
      close();
      return { reason: `${opened.description} failed the start-up test, so the float64 CPU code is used. ${tested.detail}` };
    }
    const ops = await tfjsOps(opened);
    const { maxStorageBufferBindingSize, maxBufferSize } = opened.device.limits;
    const binding = Math.min(maxStorageBufferBindingSize, maxBufferSize, options.tile ?? Infinity);
    const numerics = numericsOn(opened, queue, ops, Math.floor(binding / 4), close);
    close = () => numerics.dispose();
    const measured = options.remember ? await measure(opened, queue, ops, options.remember) : null;
    return { ...numerics, software: opened.software, measured, binding };
  } catch (error) {
    close();
    return { reason: `WebGPU did not start on ${opened.description} (${messageOf(error)}), so the float64 CPU code is used.` };
  }
}

/** A backend that cannot be measured still computes. Throws only GpuLostError. */
async function measure(opened: OpenedDevice, queue: KernelQueue, ops: TfjsOps, remember: Remember): Promise<AdapterMeasurement | null> {
  try {
    const measured = await remember(await adapterKey(opened), () => measureAdapter(queue, ops));
    queue.tuning = measured.tuning;
    return measured;
  } catch (error) {
    if (error instanceof GpuLostError) throw error;
    return null;
  }
}

/** @param most Values of one tile. */
function numericsOn(opened: OpenedDevice, queue: KernelQueue, ops: TfjsOps, most: number, close: () => void): Numerics {
  const tiled = tiledOps(ops, most);

  /** Runs `work` on copies of the tensors' buffers. Our kernels read a tensor in one piece. */
  async function withBuffers<R>(tensors: readonly Tensor[], work: (...buffers: GPUBuffer[]) => Promise<R>): Promise<R> {
    for (const x of tensors) if (x instanceof Tiled) throw new TooLargeError(x.shape, most);
    const copies = tensors.map((x) => ops.bufferOf(x));
    try {
      return await work(...copies.map((copy) => copy.buffer));
    } finally {
      for (const copy of copies) copy.release();
    }
  }

  const gram = (x: Tensor, signal?: AbortSignal) =>
    withBuffers([x], async (buffer) => {
      const [rows, d] = matrixShape(x, 'gram');
      return exactGramOf(await exactGramOnGpu(queue, buffer!, rows, d, { signal }));
    });

  return {
    name: 'webgpu',
    device: opened.description,
    ops: tiled,
    gram: (x, signal) => (x instanceof Tiled ? gramOfTiles(tiled, x, most, (rows) => gram(rows, signal)) : gram(x, signal)),
    fisherGram: (a, delta, positions, signal) =>
      withBuffers([a, delta], async (aBuffer, deltaBuffer) => {
        const [rows, p] = matrixShape(a, 'fisherGram');
        const [deltaRows, q] = matrixShape(delta, 'fisherGram');
        if (rows !== deltaRows || rows % positions !== 0) {
          throw new Error(`fisherGram: a of ${rows} rows and delta of ${deltaRows} do not hold ${positions} positions a sample.`);
        }
        const samples = rows / positions;
        return exactGramOf(await exactFisherGramOnGpu(queue, aBuffer!, deltaBuffer!, { samples, positions, p, q }, { signal }));
      }),
    dispose: () => {
      ops.disposeBackend();
      close();
    },
  };
}

function matrixShape(x: Tensor, caller: string): [number, number] {
  if (x.shape.length !== 2) throw new Error(`${caller} needs a matrix, got shape [${x.shape.join(', ')}].`);
  return [x.shape[0]!, x.shape[1]!];
}
