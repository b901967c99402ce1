/** A file behind a URL as a ByteSource: aligned blocks, so that reading a header costs a request or two and not hundreds. */
import { bufferSource, checkRange } from '../sources';
import type { ByteSource } from '../types';
import { BLOCK, type Blocks } from './blocks';
import { probe, readRange, type RangedFile } from './ranges';
import type { Wire } from './request';

/** A request asks for at most this many blocks: a read takes so much memory beyond its result. A read of more is a tensor, and not remembered. */
const RUN = 16;

/** What is about to be fetched. */
export interface Fetching {
  readonly name: string;
  readonly host: string;
  /** Null where the server does not say. */
  readonly size: number | null;
  /** Whether all of it is fetched, for want of ranges. */
  readonly whole: boolean;
}

export interface Means extends Wire {
  readonly blocks: Blocks;
  tell?(what: Fetching): void;
}

/** Opens a remote file: one request for its size and version, more as it is read. Throws InputError. */
export async function remoteSource(name: string, url: string, means: Means): Promise<ByteSource> {
  const { host } = new URL(url);
  const found = await probe(name, url, means, (size) => means.tell?.({ name, host, size, whole: true }));
  if (found instanceof Uint8Array) return bufferSource(name, found);
  means.tell?.({ name, host, size: found.size, whole: false });
  return new RemoteSource(found, means);
}

class RemoteSource implements ByteSource {
  readonly name: string;
  readonly size: number;
  /** One read at a time: two that want the same block fetch it once. */
  private turn: Promise<unknown> = Promise.resolve();
  private readonly wire: Wire;

  constructor(
    private readonly file: RangedFile,
    private readonly means: Means,
  ) {
    this.name = file.name;
    this.size = file.size;
    this.wire = means;
  }

  read(begin: number, end: number): Promise<Uint8Array> {
    const result = this.turn.then(() => this.gather(begin, end));
    this.turn = result.catch(() => {});
    return result;
  }

  private async gather(begin: number, end: number): Promise<Uint8Array> {
    checkRange(this.name, this.size, begin, end);
    const bytes = new Uint8Array(end - begin);
    const last = Math.ceil(end / BLOCK);
    const take = (block: number, content: Uint8Array) => {
      const from = Math.max(begin, block * BLOCK);
      bytes.set(content.subarray(from - block * BLOCK, Math.min(end, block * BLOCK + content.length) - block * BLOCK), from - begin);
    };
    let missing = Math.floor(begin / BLOCK);
    for (let block = missing; begin < end && block < last; block++) {
      const kept = await this.kept(block);
      if (kept) take(block, kept);
      else if (block + 1 < last && block + 1 - missing < RUN) continue;
      const stop = kept ? block : block + 1;
      if (stop > missing) await this.fetch(missing, stop, end - begin <= RUN * BLOCK, take);
      missing = block + 1;
    }
    return bytes;
  }

  private async kept(block: number): Promise<Uint8Array | null> {
    const found = await this.means.blocks.get(this.key(block));
    // A block of another length than it must have was damaged where it was kept.
    return found && found.length === Math.min(BLOCK, this.size - block * BLOCK) ? found : null;
  }

  private async fetch(first: number, stop: number, again: boolean, take: (block: number, content: Uint8Array) => void): Promise<void> {
    const bytes = await readRange(this.file, first * BLOCK, Math.min(this.size, stop * BLOCK), this.wire);
    for (let block = first; block < stop; block++) {
      const content = bytes.subarray((block - first) * BLOCK, (block + 1 - first) * BLOCK);
      take(block, content);
      await this.means.blocks.put(this.key(block), content, again, this.file.version !== null);
    }
  }

  private key(block: number): string {
    const { url, version, size } = this.file;
    return JSON.stringify([url, version, size, block]);
  }
}
