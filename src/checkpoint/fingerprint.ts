/** A name for a checkpoint's content that costs two small reads per file, whatever its size. */
import { joinBytes } from '../base/bytes';
import { sha256 } from '../base/sha256';
import type { StoredTensor } from './stored-tensor';
import type { ByteSource } from './types';

const EDGE = 65_536;

/**
 * 'sha256-<hex>' over the names, dtypes, shapes and places of the tensors (in the order given), and the sizes and first and last
 * 64 KiB of the files. File names do not enter: a renamed file is the same checkpoint.
 */
export async function fingerprint(tensors: readonly StoredTensor[], sources: readonly ByteSource[]): Promise<string> {
  const lines = tensors.map((t) => `${JSON.stringify(t.name)} ${t.dtype} ${t.shape.join(',')} ${t.place}\n`);
  const parts: Uint8Array[] = [new TextEncoder().encode(lines.join(''))];
  for (const source of sources) {
    parts.push(new TextEncoder().encode(`\n${source.size}\n`), await source.read(0, Math.min(EDGE, source.size)), await source.read(Math.max(0, source.size - EDGE), source.size));
  }
  return `sha256-${await sha256(joinBytes(parts))}`;
}
