/**
 * A real WebGPU implementation for tests in Node: Dawn on SwiftShader, the software Vulkan driver that comes with Chromium.
 * To test on another Vulkan driver, set VK_ICD_FILENAMES.
 */
import { accessSync, constants, existsSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { dawnGpu } from '../../src/gpu/dawn';

const browsers = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const manifest = 'vk_swiftshader_icd.json';

/** The test machine's `GPU`. Fails with a sentence where there is no Chromium with SwiftShader beside it. */
export async function openTestGpu(): Promise<GPU> {
  // Dawn's Vulkan loader reads the C environment, which `process.env` of a worker thread does not reach.
  if (!isMainThread) throw new Error("GPU tests need the main thread of a process: run vitest with pool 'forks'.");
  process.env.VK_ICD_FILENAMES ||= swiftShaderManifest();
  process.env.XDG_RUNTIME_DIR ??= mkdtempSync(join(tmpdir(), 'deadreckon-xdg-'));
  return dawnGpu();
}

/** Path of SwiftShader's driver manifest beside the Chromium of the tests. */
export function swiftShaderManifest(): string {
  const fromEnvironment = process.env.DEADRECKON_CHROMIUM;
  const binaries = fromEnvironment ? [fromEnvironment] : onPath(browsers);
  for (const binary of binaries) {
    const real = existsSync(binary) ? realpathSync(binary) : binary;
    // Debian's /usr/bin/chromium is a shell script; the browser itself is in /usr/lib/chromium.
    for (const folder of ['.', '../lib/chromium', '../lib/chromium-browser']) {
      const path = join(dirname(real), folder, manifest);
      if (existsSync(path)) return path;
    }
  }
  const names = binaries.length > 0 ? binaries.join(', ') : `any of ${browsers.join(', ')} on PATH (none is there)`;
  throw new Error(`GPU tests need SwiftShader: looked for ${manifest} beside ${names}. Set DEADRECKON_CHROMIUM to a Chromium binary.`);
}

function onPath(names: readonly string[]): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).filter(executable);
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
