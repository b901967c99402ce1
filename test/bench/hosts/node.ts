/** This process, with WebGPU by Dawn: on the machine's own Vulkan drivers, else on the software driver that comes with Chromium. */
import '../../../src/cli/relaxed-simd';
import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openDevice } from '../../../src/gpu/device';
import { swiftShaderManifest } from '../../gpu/dawn';
import type { Row } from '../implementation';
import { gpuOf } from '../peers/gpu';
import type { Plan } from '../round-robin';
import { runHost } from './host';

const DRIVERS = ['/etc/vulkan/icd.d', '/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d'];

/** The rows, and the host in words. */
export async function runInNode(plan: Plan, say: (line: string) => void): Promise<{ device: string; rows: Row[] }> {
  const installed = DRIVERS.some((folder) => existsSync(folder) && readdirSync(folder).length > 0);
  if (process.platform === 'linux' && !process.env.VK_ICD_FILENAMES && !installed) {
    try {
      process.env.VK_ICD_FILENAMES = swiftShaderManifest();
    } catch {
      say('node: there is neither a Vulkan driver nor a Chromium with SwiftShader; set VK_ICD_FILENAMES to a driver');
    }
  }
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
  const { rows, versions } = await runHost('node', plan, say);
  return { device: [`Node ${process.versions.node} + Dawn: ${await adapterName()}`, ...versions].join(', '), rows };
}

async function adapterName(): Promise<string> {
  try {
    const opened = await openDevice(await gpuOf('node'), { allowSoftware: true });
    if ('refused' in opened) return 'no adapter';
    opened.dispose();
    return opened.description;
  } catch {
    return 'no WebGPU';
  }
}
