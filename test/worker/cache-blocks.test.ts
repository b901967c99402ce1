import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CacheBlocks } from '../../src/worker/cache-blocks';

const MB = 2 ** 20;

/** Cache Storage as far as it is used here; `room` in bytes. */
class FakeCache {
  readonly entries = new Map<string, Response>();
  used = 0;

  constructor(public room = Infinity) {}

  async match(url: string) {
    return this.entries.get(url)?.clone();
  }
  async put(url: string, response: Response) {
    const size = Number(url.slice(url.lastIndexOf('?') + 1));
    if (this.used + size > this.room) throw new DOMException('Quota exceeded.', 'QuotaExceededError');
    this.used += size;
    this.entries.set(url, response);
  }
  async delete(url: string) {
    if (this.entries.has(url)) this.used -= Number(url.slice(url.lastIndexOf('?') + 1));
    return this.entries.delete(url);
  }
  async keys() {
    return [...this.entries.keys()].map((url) => ({ url }));
  }
}

let cache: FakeCache;
beforeEach(() => {
  cache = new FakeCache();
  vi.stubGlobal('self', { location: { href: 'https://host.example/sub/assets/engine.js' } });
  vi.stubGlobal('caches', {
    open: async () => cache,
    delete: async () => {
      cache.entries.clear();
      cache.used = 0;
      return true;
    },
  });
});
afterEach(() => vi.unstubAllGlobals());

describe('blocks in Cache Storage', () => {
  it('come back in a later visit, under addresses that say nothing of the file', async () => {
    await new CacheBlocks().write('["https://x.org/secret.pt",1]', Uint8Array.of(1, 2, 3));
    const later = new CacheBlocks();
    expect(await later.read('["https://x.org/secret.pt",1]')).toEqual(Uint8Array.of(1, 2, 3));
    expect(await later.read('another')).toBeNull();
    expect(await later.state(false)).toEqual({ bytes: 3, trouble: null });
    expect([...cache.entries.keys()]).toEqual([expect.stringMatching(/^https:\/\/host\.example\/sub\/assets\/blocks\/[0-9a-f]{64}\?3$/)]);
    expect(await later.state(true)).toEqual({ bytes: 0, trouble: null });
    expect(await later.read('["https://x.org/secret.pt",1]')).toBeNull();
  });

  it('stay within two gigabytes: the oldest leave', async () => {
    // Entries of an earlier visit, by their names alone.
    const old = (i: number) => `https://host.example/sub/assets/blocks/${i.toString(16).padStart(64, '0')}?${MB}`;
    for (let i = 0; i < 2048; i++) await cache.put(old(i), new Response('x'));
    const blocks = new CacheBlocks();
    await blocks.write('new', new Uint8Array(10));
    expect([cache.entries.has(old(0)), cache.entries.has(old(1)), (await blocks.state(false)).bytes]).toEqual([false, true, 2047 * MB + 10]);
    await blocks.write('new', new Uint8Array(20));
    expect((await blocks.state(false)).bytes).toBe(2047 * MB + 20);
  });

  it('stop, with a sentence, where the browser gives no more room, and go on once cleared', async () => {
    cache.room = 15;
    const blocks = new CacheBlocks();
    await blocks.write('a', new Uint8Array(10));
    await blocks.write('b', new Uint8Array(10));
    cache.room = Infinity;
    await blocks.write('c', new Uint8Array(10));
    expect([(await blocks.read('a'))?.length, await blocks.read('b'), await blocks.read('c')]).toEqual([10, null, null]);
    expect(await blocks.state(false)).toEqual({ bytes: 10, trouble: expect.stringMatching(/keeps no more of remote files \(Quota exceeded\.\).*in memory/) });
    await blocks.state(true);
    await blocks.write('c', new Uint8Array(10));
    expect(await blocks.state(false)).toEqual({ bytes: 10, trouble: null });
  });

  it('are nowhere, without harm, where the browser has no cache for the page', async () => {
    vi.stubGlobal('caches', undefined);
    const blocks = new CacheBlocks();
    await blocks.write('a', new Uint8Array(10));
    expect(await blocks.read('a')).toBeNull();
    expect((await blocks.state(false)).trouble).toMatch(/only for pages that come over https/);
    expect((await blocks.state(true)).bytes).toBe(0);
  });
});
