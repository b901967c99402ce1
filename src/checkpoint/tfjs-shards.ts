/** The bytes of one group of TensorFlow.js weights, which lie one after the other in several files. */
import { joinBytes } from '../base/bytes';
import { count, listed, refusal } from './refusal';
import type { ByteSource } from './types';

/** The names that tensorflowjs_converter gives; all its shards but the last have the same size. */
const CONVERTER = /^group\d+-shard\d+of\d+(\.bin)?$/;

interface Shard {
  readonly begin: number;
  readonly end: number;
  /** Null where the file is missing. */
  readonly source: ByteSource | null;
}

export class ShardedBytes {
  constructor(private readonly shards: readonly Shard[]) {}

  /** Whether all bytes of [begin, end) are there. */
  has(begin: number, end: number): boolean {
    if (begin === end) return true;
    const touched = this.shards.filter((shard) => shard.begin < end && shard.end > begin);
    return touched.length > 0 && touched[0]!.begin <= begin && touched.at(-1)!.end >= end && touched.every((shard) => shard.source !== null);
  }

  /** Name of the file that holds this byte. */
  fileAt(at: number): string {
    return this.shards.find((shard) => shard.end > at)!.source!.name;
  }

  async read(begin: number, end: number): Promise<Uint8Array> {
    const touched = this.shards.filter((shard) => shard.begin < end && shard.end > begin);
    const parts = await Promise.all(touched.map((shard) => shard.source!.read(Math.max(0, begin - shard.begin), Math.min(shard.end, end) - shard.begin)));
    return parts.length === 1 ? parts[0]! : joinBytes(parts);
  }
}

/**
 * @param paths names of the group's files, in order
 * @param found the files, null where one is missing; where it is the only one its size is the rest
 * @param size bytes of the group's weights
 * Throws InputError where the files that are there cannot be those of the manifest.
 */
export function dataOf(paths: readonly string[], found: readonly (ByteSource | null)[], size: number, file: string): ShardedBytes {
  const there = found.reduce((sum, source) => sum + (source?.size ?? 0), 0);
  const missing = found.filter((source) => source === null).length;
  if (missing === 0 ? there !== size : there > size) {
    throw refusal('tfjs-shard-size', file, `its weight files (${listed(paths)}) hold ${count(there)} bytes; its manifest needs ${count(size)}. One of them is cut or belongs to another model: fetch them again, all from one place.`);
  }
  const sizes = found.map((source) => source?.size ?? (missing === 1 ? size - there : null));
  const odd = sizes.slice(0, -1).findIndex((bytes) => bytes !== null && sizes[0] !== null && bytes !== sizes[0]);
  const last = sizes.at(-1) ?? null;
  if (paths.every((path) => CONVERTER.test(path)) && (odd >= 0 || (last !== null && sizes[0] !== null && sizes[0] !== undefined && last > sizes[0]))) {
    throw refusal('tfjs-shard-size', file, `its weight files ${listed(paths)} have sizes ${sizes.map((n) => (n === null ? '?' : count(n))).join(', ')}; all but the last have one size, and the last is no larger. Two of them were swapped, or one is of another model: fetch them again.`);
  }
  const shards: Shard[] = [];
  let begin = 0;
  for (const [i, source] of found.entries()) {
    // Behind two files that are missing nothing has a known place.
    if (sizes[i] === null) break;
    shards.push({ begin, end: begin + sizes[i]!, source });
    begin += sizes[i]!;
  }
  return new ShardedBytes(shards);
}
