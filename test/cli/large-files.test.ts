/** Files that are larger than memory should have to be. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Session } from '../../src/analysis/session';
import { Random } from '../../src/base/random';
import type { ByteSource } from '../../src/checkpoint/types';
import { fileSource } from '../../src/cli/file-source';
import { measured } from './measured';
import { writeSparse } from './sparse-file';

const folder = mkdtempSync(join(tmpdir(), 'deadreckon-large-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Counts what is read of a file. */
async function counted(path: string): Promise<{ source: ByteSource; bytes(): number }> {
  const source = await fileSource(path, 'large.safetensors');
  let bytes = 0;
  const read = (begin: number, end: number) => {
    bytes += end - begin;
    return source.read(begin, end);
  };
  return { source: { ...source, read }, bytes: () => bytes };
}

describe('5 GiB of tensors of 64 MiB', () => {
  const path = join(folder, 'five.safetensors');
  const shape = [131072, 128];
  const size = shape[0]! * shape[1]!;
  const random = Float32Array.from(new Random(0).normals(size));
  const tensors = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`part.${i}`, i === 41 ? { shape, values: random } : { shape }]));
  const file = writeSparse(path, tensors);
  // Some file systems have no holes: 5 GiB are not written for a test.
  const sparse = file.onDisk < 2 ** 28;
  if (!sparse) rmSync(path);

  it.skipIf(!sparse)('is listed from its header and its edges', async () => {
    expect(file.size).toBeGreaterThan(5 * 2 ** 30);
    const { source, bytes } = await counted(path);
    const { checkpoints } = await new Session().open([source]);
    expect(checkpoints[0]!.checkpoint.tensorCount).toBe(80);
    expect(bytes()).toBeLessThan(2 ** 18);
  });

  it.skipIf(!sparse)('is analysed in one tensor within three times that tensor and 150 MB', async () => {
    const [idle, run] = [await measured('help'), await measured('analyze', path, '--layers', 'part.41')];
    expect(run.code).toBe(0);
    expect(run.out).toMatch(/^part\.41 +weight +128 +1 +128 +0 /m);
    expect((run.peak - idle.peak) * 2 ** 20).toBeLessThan(3 * 4 * size + 150e6);
  }, 180_000);
});
