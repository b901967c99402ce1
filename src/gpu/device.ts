/** The one GPUDevice, shared by tfjs and our kernels. */
import { messageOf } from '../base/errors';

export interface OpenedDevice {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  /** What runs the work, for reports: 'NVIDIA ampere (vulkan)', 'SwiftShader (software)'. */
  readonly description: string;
  /** The adapter is a CPU in disguise (SwiftShader, llvmpipe, WARP): correct, slower than our float64 code. */
  readonly software: boolean;
  /** Resolves when the device is gone: 'destroyed' by `dispose`, anything else by a crash or driver reset. Never rejects. */
  readonly lost: Promise<GPUDeviceLostInfo>;
  dispose(): void;
}

/** Why there is no device, as a sentence for the person. */
export interface DeviceRefusal {
  readonly refused: 'no-adapter' | 'software' | 'failed';
  readonly reason: string;
}

export interface DeviceOptions {
  /** Accept a software adapter (tests). */
  allowSoftware?: boolean;
}

/** Used where the adapter has them: timestamps are for tfjs' profiler and our tile-size tuning. */
const features: readonly GPUFeatureName[] = ['timestamp-query', 'subgroups'];

/** Asked for at the adapter's own maximum; everything else stays at the specification's defaults. */
const limits = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupsPerDimension',
] as const satisfies readonly (keyof GPUSupportedLimits)[];

/** Opens a device on the fastest adapter. Never throws: where there is none, or it will not do, says why. */
export async function openDevice(gpu: GPU | undefined, options: DeviceOptions = {}): Promise<OpenedDevice | DeviceRefusal> {
  if (!gpu) return { refused: 'no-adapter', reason: 'This browser has no WebGPU, so the float64 CPU code is used.' };
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) {
      return { refused: 'no-adapter', reason: 'WebGPU found no adapter on this machine, so the float64 CPU code is used.' };
    }
    const info = adapter.info;
    const software = isSoftware(info);
    const description = describe(info, software);
    if (software && !options.allowSoftware) {
      const reason = `The only WebGPU adapter is ${description}, which emulates a GPU; the float64 CPU code is used instead.`;
      return { refused: 'software', reason };
    }
    const device = await adapter.requestDevice({
      label: 'deadreckon',
      requiredFeatures: features.filter((name) => adapter.features.has(name)),
      requiredLimits: Object.fromEntries(limits.map((name) => [name, adapter.limits[name]])),
    });
    return { device, info, description, software, lost: device.lost, dispose: () => device.destroy() };
  } catch (error) {
    return { refused: 'failed', reason: `WebGPU did not start (${messageOf(error)}), so the float64 CPU code is used.` };
  }
}

/** Browsers hide most of the fields, so every one that may tell is looked at. */
function isSoftware(info: GPUAdapterInfo): boolean {
  const fallback = (info as { isFallbackAdapter?: boolean }).isFallbackAdapter === true;
  const text = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return fallback || /swiftshader|llvmpipe|lavapipe|softpipe|basic render|\bwarp\b/i.test(text);
}

function describe(info: GPUAdapterInfo, software: boolean): string {
  const name = info.description || [info.vendor, info.architecture, info.device].filter(Boolean).join(' ') || 'unnamed adapter';
  return software ? `${name} (software)` : name;
}
