/** WebGPU in Node: Dawn from the optional npm package `webgpu`. The page has its own `navigator.gpu` and never loads this file. */

import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';

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
  for (const driver of (process.env.VK_ICD_FILENAMES ?? '').split(delimiter).filter(Boolean)) preload(join(dirname(driver), 'libvulkan.so.1'));
  const { create, globals } = await import('webgpu');
  const gpu = create([]);
  Object.assign(globalThis, globals);
  // Node 20 has no `navigator`; later ones have one without `gpu`.
  if (typeof navigator === 'undefined') Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}

/**
 * Chromium brings its own Vulkan loader beside its driver, and a machine with no GPU has no other. Once it is in the process, Dawn's
 * dlopen('libvulkan.so.1') finds it by its soname.
 */
function preload(library: string): void {
  if (!existsSync(library)) return;
  const keepLoaded = 0x1000; // RTLD_NODELETE of Linux: Node closes what turns out to be no addon
  try {
    process.dlopen({ exports: {} }, library, constants.dlopen.RTLD_NOW | keepLoaded);
  } catch (error) {
    if (!/did not self-register/.test(String(error))) throw error;
  }
}
