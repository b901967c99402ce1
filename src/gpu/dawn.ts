/** WebGPU in Node: Dawn from the optional npm package `webgpu`. The page has its own `navigator.gpu` and never loads this file. */

let opened: Promise<GPU> | null = null;

/**
 * Dawn's `GPU`, with the WebGPU globals (GPUBufferUsage, navigator.gpu …) that tfjs looks for put in place. One per process.
 * Rejects where the optional package is not installed or has no build for this platform.
 */
export function dawnGpu(): Promise<GPU> {
  opened ??= load();
  return opened;
}

async function load(): Promise<GPU> {
  const { create, globals } = await import('webgpu');
  const gpu = create([]);
  Object.assign(globalThis, globals);
  // Node 20 has no `navigator`; later ones have one without `gpu`.
  if (typeof navigator === 'undefined') Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}
