/** The host's WebGPU; in Node also where libraries look for it. */
import type { Host } from '../implementation';

export async function gpuOf(host: Host): Promise<GPU> {
  const gpu = host === 'node' ? await (await import('../../../src/gpu/dawn')).dawnGpu() : navigator.gpu;
  if (!(await gpu?.requestAdapter())) throw new Error('WebGPU has no adapter here');
  return gpu;
}
