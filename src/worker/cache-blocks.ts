/** Blocks of remote files in the browser's Cache Storage: bounded, oldest out first, and cleared by the person at any time. */
import type { BlockStore, Kept } from '../analysis/remote';
import { messageOf } from '../base/errors';
import { sha256 } from '../base/sha256';

const NAME = 'deadreckon-remote';
const BUDGET = 2 ** 31;

/** Cache Storage is there in secure contexts only, and some browsers close it in private windows. */
function open(): Promise<Cache> {
  if (!globalThis.caches) throw new Error('it has room only for pages that come over https');
  return caches.open(NAME);
}

export class CacheBlocks implements BlockStore {
  /** Hash of a key -> its address, which ends in its size, oldest first: the cache is listed once and not for every block. */
  private index: Promise<Map<string, string>> | null = null;
  private bytes = 0;
  private trouble: string | null = null;

  async read(key: string): Promise<Uint8Array | null> {
    try {
      const address = (await this.listed()).get(await sha256(new TextEncoder().encode(key)));
      const found = address && (await (await open()).match(address));
      return found ? new Uint8Array(await found.arrayBuffer()) : null;
    } catch {
      return null;
    }
  }

  /** After the first refusal of the browser nothing is written until the person clears what is there. */
  async write(key: string, bytes: Uint8Array): Promise<void> {
    if (this.trouble !== null) return;
    try {
      const index = await this.listed();
      const hash = await sha256(new TextEncoder().encode(key));
      if (index.has(hash)) await this.remove(index, hash);
      const address = new URL(`blocks/${hash}?${bytes.length}`, self.location.href).href;
      await (await open()).put(address, new Response(bytes as Uint8Array<ArrayBuffer>));
      index.set(hash, address);
      this.bytes += bytes.length;
      for (const oldest of index.keys()) {
        if (this.bytes <= BUDGET) break;
        await this.remove(index, oldest);
      }
    } catch (error) {
      this.trouble = `The browser keeps no more of remote files (${messageOf(error)}): what is fetched stays in memory for this visit.`;
    }
  }

  async state(clear: boolean): Promise<Kept> {
    if (clear) {
      await globalThis.caches?.delete(NAME).catch(() => false);
      [this.index, this.bytes, this.trouble] = [null, 0, null];
    }
    await this.listed().catch(() => null);
    return { bytes: this.bytes, trouble: this.trouble };
  }

  private listed(): Promise<Map<string, string>> {
    this.index ??= this.list();
    return this.index;
  }

  private async list(): Promise<Map<string, string>> {
    const index = new Map<string, string>();
    let bytes = 0;
    for (const { url } of await (await open()).keys()) {
      const [, hash, size] = /\/([0-9a-f]{64})\?(\d+)$/.exec(url) ?? [];
      if (!hash) continue;
      index.set(hash, url);
      bytes += Number(size);
    }
    this.bytes = bytes;
    return index;
  }

  private async remove(index: Map<string, string>, hash: string): Promise<void> {
    const address = index.get(hash)!;
    index.delete(hash);
    this.bytes -= Number(address.slice(address.lastIndexOf('?') + 1));
    await (await open()).delete(address);
  }
}
