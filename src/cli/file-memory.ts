/** Small texts as files in the person's cache directory (XDG Base Directory Specification). */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { ProbeMemory } from '../analysis/adapter-memory';

export function fileMemory(environment: NodeJS.ProcessEnv = process.env): ProbeMemory {
  const cache = environment.XDG_CACHE_HOME ?? '';
  const folder = join(isAbsolute(cache) ? cache : join(homedir(), '.cache'), 'deadreckon');
  return {
    read: (key) => readFile(join(folder, key), 'utf8'),
    async write(key, value) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, key), value);
    },
  };
}
