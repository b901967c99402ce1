/** Runs kernels on one device: pipelines made once, errors caught where they happen, loss of the device a named error. */
import { assert } from '../base/errors';
import { BufferPool } from './buffers';
import type { OpenedDevice } from './device';
import { paramBytes } from './kernel';
import type { BindingType, Dispatch, Kernel } from './kernel';

/** The device went away (driver reset, crash, or its owner destroyed it): what was computed on it must be done again elsewhere. */
export class GpuLostError extends Error {
  override readonly name = 'GpuLostError';
  readonly code = 'gpu-lost';
}

/** The GPU refused work: out of memory, or a fault of ours. */
export class GpuError extends Error {
  override readonly name = 'GpuError';

  constructor(
    readonly code: 'gpu-out-of-memory' | 'gpu-failed',
    message: string,
  ) {
    super(message);
  }
}

/** Dispatches in flight before the next one waits: enough to hide a round trip, few enough for a cancel to be quick. */
const IN_FLIGHT = 2;

export class KernelQueue {
  readonly device: GPUDevice;
  readonly buffers: BufferPool;
  /** The device is a CPU in disguise: its work is cut smaller. */
  readonly software: boolean;
  /** Fastest variant on this adapter by family of kernels, where that was measured (tuning.ts). */
  tuning: Readonly<Record<string, string>> = {};
  private readonly nearest: GPUSampler;
  private readonly pipelines = new Map<string, Promise<GPUComputePipeline>>();
  private readonly lost: Promise<never>;
  private gone: GpuLostError | null = null;

  constructor(opened: OpenedDevice) {
    this.device = opened.device;
    this.software = opened.software;
    this.buffers = new BufferPool(opened.device);
    this.nearest = opened.device.createSampler({ label: 'nearest' });
    this.lost = opened.lost.then((info) => {
      this.gone = new GpuLostError(`The GPU stopped working (${info.reason}: ${info.message || 'no reason given'}).`);
      throw this.gone;
    });
    // Whoever waits for the device sees the loss; nobody need be waiting.
    this.lost.catch(() => undefined);
  }

  supports(kernel: Kernel): boolean {
    return kernel.feature === undefined || this.device.features.has(kernel.feature);
  }

  /** `work`, or GpuLostError as soon as the device is gone: it never hangs. */
  async guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await Promise.race([work, this.lost]);
    } catch (error) {
      // A lost device also fails what was pending, with errors of its own, a moment before or after `lost`.
      if (!(error instanceof GpuLostError)) await Promise.race([this.lost, new Promise((resolve) => setTimeout(resolve, 0))]);
      throw error;
    }
  }

  /**
   * Runs the dispatches in order and waits for them. Each is submitted by itself, an array of short ones together. AbortError
   * between submissions.
   */
  async run(work: Iterable<Dispatch | readonly Dispatch[]>, signal?: AbortSignal): Promise<void> {
    if (this.gone) throw this.gone;
    const pending: Promise<void>[] = [];
    try {
      for (const item of work) {
        signal?.throwIfAborted();
        const together = 'kernel' in item ? [item] : item;
        const pipelines = await this.guard(Promise.all(together.map(({ kernel }) => this.pipelineOf(kernel))));
        pending.push(this.submit(together, pipelines));
        if (pending.length > IN_FLIGHT) await pending.shift();
      }
    } finally {
      // After an abort or an error too: what is in flight still uses the caller's buffers.
      await Promise.all(pending);
    }
    signal?.throwIfAborted();
  }

  /** `count` float32 values of a buffer (COPY_SRC) from element `offset`. */
  async read(buffer: GPUBuffer, count = buffer.size / 4, offset = 0): Promise<Float32Array> {
    if (this.gone) throw this.gone;
    const staging = this.buffers.acquire(4 * count, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST, 'readback');
    try {
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, 4 * offset, staging, 0, 4 * count);
      this.device.queue.submit([encoder.finish()]);
      await this.guard(staging.mapAsync(GPUMapMode.READ, 0, 4 * count));
      const values = new Float32Array(staging.getMappedRange(0, 4 * count).slice(0));
      staging.unmap();
      return values;
    } finally {
      this.buffers.release(staging);
    }
  }

  /** A storage buffer that holds a copy of the values. */
  upload(values: Float32Array, label: string): GPUBuffer {
    const buffer = this.storage(values.length, label);
    this.device.queue.writeBuffer(buffer, 0, values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
    return buffer;
  }

  /** A storage buffer for `count` float32 values, old contents. */
  storage(count: number, label: string): GPUBuffer {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.device.limits;
    const limit = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    if (4 * count > limit) {
      throw new GpuError('gpu-out-of-memory', `${label} needs ${4 * count} bytes on the GPU, which allows ${limit}. Use the CPU backend.`);
    }
    return this.buffers.acquire(4 * count, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST, label);
  }

  /** A float32 texture of height rows of width texels, a multiple of 16, filled from the start of `values`. The caller destroys it. */
  async texture(values: GPUBuffer, width: number, height: number, label: string): Promise<GPUTexture> {
    if (this.gone) throw this.gone;
    this.device.pushErrorScope('out-of-memory');
    this.device.pushErrorScope('validation');
    const usage = GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST;
    const texture = this.device.createTexture({ label, size: [width, height], format: 'rgba32float', usage });
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToTexture({ buffer: values, bytesPerRow: 16 * width }, { texture }, [width, height]);
    this.device.queue.submit([encoder.finish()]);
    await this.finish(label, [this.device.popErrorScope(), this.device.popErrorScope()]);
    return texture;
  }

  clear(buffer: GPUBuffer): void {
    const encoder = this.device.createCommandEncoder();
    encoder.clearBuffer(buffer);
    this.device.queue.submit([encoder.finish()]);
  }

  /** Submits the dispatches at once; the promise settles when they are done. */
  private submit(together: readonly Dispatch[], pipelines: readonly GPUComputePipeline[]): Promise<void> {
    const uniforms: GPUBuffer[] = [];
    this.device.pushErrorScope('out-of-memory');
    this.device.pushErrorScope('validation');
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    together.forEach(({ kernel, buffers, textures, params, grid }, i) => {
      const bytes = paramBytes(kernel, params);
      const uniform = this.buffers.acquire(bytes.byteLength, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST, `${kernel.name} params`);
      uniforms.push(uniform);
      this.device.queue.writeBuffer(uniform, 0, bytes);
      const resources = kernel.bindings.map(({ name, type }): GPUBindingResource => {
        if (type === 'sampler') return this.nearest;
        const resource = type === 'texture' ? textures?.[name] : buffers[name];
        assert(resource, `${kernel.name} needs the ${type} ${name}`);
        return 'createView' in resource ? resource.createView() : { buffer: resource };
      });
      const entries = [...resources, { buffer: uniform }].map((resource, binding) => ({ binding, resource }));
      pass.setPipeline(pipelines[i]!);
      pass.setBindGroup(0, this.device.createBindGroup({ layout: pipelines[i]!.getBindGroupLayout(0), entries }));
      pass.dispatchWorkgroups(...grid);
    });
    pass.end();
    this.device.queue.submit([encoder.finish()]);
    const scopes = [this.device.popErrorScope(), this.device.popErrorScope()];
    const names = together.map(({ kernel }) => kernel.name).join(', ');
    const done = this.finish(names, scopes, this.device.queue.onSubmittedWorkDone()).finally(() => this.buffers.release(...uniforms));
    // Awaited later: until then its failure is nobody's unhandled rejection.
    done.catch(() => undefined);
    return done;
  }

  private async finish(name: string, scopes: Promise<GPUError | null>[], work?: Promise<undefined>): Promise<void> {
    const [validation, memory] = await this.guard(Promise.all(scopes));
    if (memory) throw new GpuError('gpu-out-of-memory', `The GPU ran out of memory in ${name}: ${memory.message}`);
    if (validation) throw new GpuError('gpu-failed', `The GPU refused ${name}: ${validation.message}`);
    if (work) await this.guard(work);
  }

  private pipelineOf(kernel: Kernel): Promise<GPUComputePipeline> {
    let pipeline = this.pipelines.get(kernel.name);
    if (!pipeline) {
      const module = this.device.createShaderModule({ label: kernel.name, code: kernel.source });
      const layout = this.device.createPipelineLayout({ bindGroupLayouts: [this.device.createBindGroupLayout(layoutOf(kernel))] });
      pipeline = this.device.createComputePipelineAsync({ label: kernel.name, layout, compute: { module, entryPoint: 'main' } });
      this.pipelines.set(kernel.name, pipeline);
    }
    return pipeline;
  }

  /** Destroys the buffers; the device stays, its owner is elsewhere. */
  dispose(): void {
    this.buffers.dispose();
  }
}

const layouts: Record<BindingType, Omit<GPUBindGroupLayoutEntry, 'binding' | 'visibility'>> = {
  'read-only-storage': { buffer: { type: 'read-only-storage' } },
  storage: { buffer: { type: 'storage' } },
  texture: { texture: { sampleType: 'unfilterable-float' } },
  sampler: { sampler: { type: 'non-filtering' } },
};

function layoutOf(kernel: Kernel): GPUBindGroupLayoutDescriptor {
  const entries = [...kernel.bindings.map(({ type }) => layouts[type]), { buffer: { type: 'uniform' as const } }];
  return { label: kernel.name, entries: entries.map((entry, binding) => ({ binding, visibility: GPUShaderStage.COMPUTE, ...entry })) };
}
