/** Byte sources over files on disk, and the files under a path. */
import { open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError, messageOf } from '../base/errors';
import { refusal, truncated } from '../checkpoint/refusal';
import { checkRange } from '../checkpoint/sources';
import type { ByteSource, Refusal } from '../checkpoint/types';

/** A file, opened for each read: nothing to close, and thousands of files cost no handles. Throws InputError where it is not a file. */
export async function fileSource(path: string, name: string): Promise<ByteSource> {
  const { size } = await readable(path, name, () => stat(path));
  const readInto = async (begin: number, bytes: Uint8Array) => {
    const end = begin + bytes.length;
    checkRange(name, size, begin, end);
    const handle = await readable(path, name, () => open(path, 'r'));
    try {
      for (let filled = 0; filled < bytes.length; ) {
        const { bytesRead } = await readable(path, name, () => handle.read(bytes, filled, Math.min(bytes.length - filled, 2 ** 30), begin + filled));
        if (bytesRead === 0) throw truncated(name, begin + filled, end);
        filled += bytesRead;
      }
    } finally {
      await handle.close();
    }
  };
  return {
    name,
    size,
    readInto,
    async read(begin, end) {
      checkRange(name, size, begin, end);
      const bytes = new Uint8Array(end - begin);
      await readInto(begin, bytes);
      return bytes;
    },
  };
}

/**
 * The files that paths on a command line mean: a file itself, a folder with everything under it except names that begin with a dot.
 * Files are named by their base name, files of a folder by the folder's name and their path in it. A path that cannot be read is a
 * refusal and leaves the others. `folder`: whether one of them is a folder, whose files have no order of their own.
 */
export async function walkFiles(paths: readonly string[]): Promise<{ files: ByteSource[]; refusals: Refusal[]; folder: boolean }> {
  const files: ByteSource[] = [];
  const refusals: Refusal[] = [];
  let folder = false;
  for (const path of paths) {
    const base = basename(path);
    // Two arguments of the same base name are told apart by their whole paths.
    const name = paths.some((other) => other !== path && basename(other) === base) ? path.replaceAll('\\', '/') : base;
    try {
      if ((await readable(path, name, () => stat(path))).isDirectory()) {
        folder = true;
        await walk(path, name, files);
      } else files.push(await fileSource(path, name));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      refusals.push({ file: name, tensor: null, code: error.code, message: error.message });
    }
  }
  return { files, refusals, folder };
}

async function walk(folder: string, name: string, sources: ByteSource[]): Promise<void> {
  const waiting = [{ folder, name }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const entries = await readable(next.folder, next.name, () => readdir(next.folder, { withFileTypes: true }));
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      const path = join(next.folder, entry.name);
      const shown = next.name === '' ? entry.name : `${next.name}/${entry.name}`;
      if (entry.isDirectory()) waiting.push({ folder: path, name: shown });
      // A link to a file counts as the file (model caches are made of them); a link to a folder may be a cycle.
      else if (entry.isFile() || (entry.isSymbolicLink() && (await stat(path).catch(() => null))?.isFile())) sources.push(await fileSource(path, shown));
    }
  }
}

async function readable<T>(path: string, name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof InputError) throw error;
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw missing ? refusal('not-found', name, `there is no file or folder of this name (${path}).`) : refusal('unreadable', name, `it could not be read: ${messageOf(error)}.`);
  }
}
