import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BLOCK, Blocks, type BlockStore } from '../../../src/checkpoint/remote/blocks';
import { remoteSource, type Means } from '../../../src/checkpoint/remote/source';
import { fileServer, type FileServer, type Served } from './file-server';

function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = i * 31 + (i >> 8);
  return bytes;
}
const small = pattern(4000);
const large = pattern(3 * BLOCK + 5000);

let near: FileServer;
let far: FileServer;
beforeAll(async () => {
  [near, far] = [await fileServer(), await fileServer()];
});
afterAll(() => Promise.all([near.close(), far.close()]));
beforeEach(() => {
  for (const server of [near, far]) {
    server.files.clear();
    server.requests.length = 0;
  }
});

const means = (more: Partial<Means> = {}): Means => ({ fetch, blocks: new Blocks(), pause: 1, ...more });
function serve(served: Omit<Served, 'bytes'> & { bytes?: Uint8Array }, more: Partial<Means> = {}) {
  const file: Served = { bytes: large, ...served };
  near.files.set('/m.bin', file);
  return { file, open: () => remoteSource('m.bin', `${near.url}/m.bin`, means(more)) };
}
const refused = async (work: Promise<unknown>) => {
  const error = await work.then(() => null, (e: unknown) => e);
  expect(error).toMatchObject({ name: 'InputError', file: 'm.bin' });
  return error as { code: string; message: string };
};

describe('a remote file', () => {
  it('is read by ranges, in few requests, and to the byte', async () => {
    const source = await serve({}).open();
    expect(source.size).toBe(large.length);
    for (const [begin, end] of [[0, 8], [8, 3000], [BLOCK - 3, BLOCK + 3], [0, 0], [large.length - 10, large.length], [5, large.length - 1], [2 * BLOCK, 3 * BLOCK]] as const) {
      expect(Buffer.from(await source.read(begin, end)).equals(large.subarray(begin, end))).toBe(true);
    }
    expect(near.requests).toEqual([
      'GET /m.bin bytes=0-0',
      `GET /m.bin bytes=0-${BLOCK - 1}`,
      `GET /m.bin bytes=${BLOCK}-${2 * BLOCK - 1}`,
      `GET /m.bin bytes=${3 * BLOCK}-${large.length - 1}`,
      `GET /m.bin bytes=${2 * BLOCK}-${3 * BLOCK - 1}`,
    ]);
    await expect(source.read(0, large.length + 1)).rejects.toMatchObject({ code: 'truncated' });
  });

  it('asks once for a block that two readers want', async () => {
    const source = await serve({}).open();
    const [a, b] = await Promise.all([source.read(0, 100), source.read(50, 200)]);
    expect([a.length, b.length, near.requests.length]).toEqual([100, 150, 2]);
  });

  it('forgets what leaves its memory and keeps what was used last', async () => {
    const blocks = new Blocks(null, 2 * BLOCK);
    const [a, b, c] = [1, 2, 3].map((x) => new Uint8Array(BLOCK).fill(x));
    await blocks.put('a', a!, true, true);
    await blocks.put('b', b!, true, true);
    await blocks.get('a');
    await blocks.put('c', c!, true, true);
    expect([(await blocks.get('a'))?.[9], await blocks.get('b'), (await blocks.get('c'))?.[9]]).toEqual([1, null, 3]);
  });

  it('is read by large pieces without being remembered', async () => {
    const huge = pattern(20 * BLOCK);
    const source = await serve({ bytes: huge }).open();
    for (let i = 0; i < 2; i++) expect(Buffer.from(await source.read(BLOCK + 7, 20 * BLOCK)).equals(huge.subarray(BLOCK + 7))).toBe(true);
    const runs = [`GET /m.bin bytes=${BLOCK}-${17 * BLOCK - 1}`, `GET /m.bin bytes=${17 * BLOCK}-${20 * BLOCK - 1}`];
    expect(near.requests.slice(1)).toEqual([...runs, ...runs]);
  });

  it('comes from what was kept the next time, unless it has changed or was kept without a version', async () => {
    const kept = new Map<string, Uint8Array>();
    const store: BlockStore = { read: async (key) => kept.get(key) ?? null, write: async (key, bytes) => void kept.set(key, bytes) };
    const { file, open } = serve({});
    const read = async () => {
      near.requests.length = 0;
      await (await remoteSource('m.bin', `${near.url}/m.bin`, means({ blocks: new Blocks(store) }))).read(0, large.length);
      return near.requests.length;
    };
    await open();
    expect(await read()).toBe(2);
    expect(await read()).toBe(1);
    const [first] = kept.keys();
    kept.set(first!, new Uint8Array(3));
    expect(await read()).toBe(2);
    file.etag = '"two"';
    expect(await read()).toBe(2);
    kept.clear();
    file.etag = null;
    await read();
    expect(kept.size).toBe(0);
    file.lastModified = 'Mon, 02 Nov 2026 10:00:00 GMT';
    await read();
    expect(kept.size).toBe(4);
  });

  it('follows redirects to another host, for every slice', async () => {
    far.files.set('/cdn?signed', { bytes: large, etag: 'W/"one"' });
    const source = await serve({ redirect: `${far.url}/cdn?signed` }).open();
    far.files.get('/cdn?signed')!.etag = '"one"';
    expect(Buffer.from(await source.read(10, 2000)).equals(large.subarray(10, 2000))).toBe(true);
    expect(far.requests).toEqual(['GET /cdn?signed bytes=0-0', `GET /cdn?signed bytes=0-${BLOCK - 1}`]);
  });

  it('is taken up again where the connection broke', async () => {
    const { open } = serve({ cutAfter: 300_000 });
    const source = await open();
    expect(Buffer.from(await source.read(0, large.length)).equals(large)).toBe(true);
    const begins = near.requests.slice(1).map((r) => Number(/bytes=(\d+)/.exec(r)![1]));
    expect(begins.length).toBeGreaterThan(8);
    expect(begins.every((b, i) => i === 0 || b > begins[i - 1]!)).toBe(true);
  });

  it('waits for a busy server, and gives up with the place when nothing helps', async () => {
    const { file, open } = serve({ statuses: [503] });
    const source = await open();
    file.statuses = [429, 500];
    expect((await source.read(0, 10)).length).toBe(10);
    file.cutAfter = 0;
    const { code, message } = await refused(source.read(BLOCK, BLOCK + 1));
    expect(code).toBe('connection-lost');
    expect(message).toContain('at byte 1,048,576');
  });

  it('counts a silent connection as lost', async () => {
    const { file } = serve({});
    const impatient = means() as { -readonly [K in keyof Means]: Means[K] };
    const source = await remoteSource('m.bin', `${near.url}/m.bin`, impatient);
    impatient.patience = 40;
    file.delay = 2000;
    expect((await refused(source.read(0, 10))).message).toMatch(/nothing came for too long/);
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    const { file, open } = serve({}, { signal: stop.signal });
    const source = await open();
    file.delay = 5000;
    const reading = source.read(0, 10);
    setTimeout(() => stop.abort(), 20);
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    await expect(open()).rejects.toMatchObject({ name: 'AbortError' });
  });

  it.each<[string, (file: Served) => void, RegExp]>([
    ['a new ETag', (file) => (file.etag = '"two"'), /version was "one" and is "two"/],
    ['another size', (file) => (file.bytes = small), /it has 4,000 bytes now and had 3,150,728/],
    ['both, and a range beyond its end', (file) => Object.assign(file, { etag: '"two"', bytes: small.subarray(0, 1) }), /it has 1 bytes now/],
  ])('changed on the server: %s', async (_, change, message) => {
    const { file, open } = serve({});
    const source = await open();
    change(file);
    const error = await refused(source.read(2 * BLOCK, 2 * BLOCK + 10));
    expect(error.code).toBe('file-changed');
    expect(error.message).toMatch(message);
  });

  it('is never taken from a server that begins to ignore ranges', async () => {
    const { file, open } = serve({});
    const source = await open();
    file.ranges = 'ignored';
    expect((await refused(source.read(0, 10))).code).toBe('range-ignored');
    file.ranges = 'hidden';
    expect((await refused(source.read(0, 10))).code).toBe('bad-range');
  });

  it.each(['ignored', 'hidden'] as const)('comes whole where ranges are %s and it is small, and says so', async (ranges) => {
    const told: unknown[] = [];
    const source = await serve({ bytes: small, ranges }, { tell: (what) => void told.push(what) }).open();
    expect(Buffer.from(await source.read(7, 4000)).equals(small.subarray(7))).toBe(true);
    expect(told).toEqual([{ name: 'm.bin', host: new URL(near.url).host, size: 4000, whole: true }]);
  });

  it('does not come whole where it is large, cut, or larger than it said', async () => {
    const { code, message } = await refused(serve({ bytes: small, ranges: 'ignored', claims: 13e9 }).open());
    expect([code, message]).toEqual(['range-ignored', expect.stringMatching(/whole file of 13,000,000,000 bytes .* at most 268,435,456/)]);
    expect((await refused(serve({ bytes: small, ranges: 'ignored', cutAfter: 100 }).open())).message).toMatch(/lost after \d+ of 4,000 bytes/);
  });

  it('may be empty', async () => {
    expect((await serve({ bytes: new Uint8Array(0) }).open()).size).toBe(0);
  });

  it.each([
    [401, 'unauthorized', /asks for a login \(401\)/],
    [403, 'unauthorized', /private or gated/],
    [404, 'not-found', /no such file/],
    [418, 'http-status', /answered 418/],
  ])('answers %i with a sentence', async (status, code, message) => {
    const error = await refused(serve({ statuses: [status] }).open());
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('tells a server that is closed to pages from one that is not there', async () => {
    const failing = async () => {
      throw new TypeError('Failed to fetch');
    };
    // As in a page: an answer without leave is a TypeError, and in no-cors mode it cannot be read.
    const closed = async (_: string, init: RequestInit) => (init.mode === 'no-cors' ? new Response(null) : failing());
    expect((await refused(serve({}, { fetch: closed }).open())).message).toMatch(/does not allow other pages to read its files \(CORS\)\. Download the file/);
    expect((await refused(serve({}, { fetch: failing }).open())).code).toBe('unreachable');
    // A connection that was lost by chance is not taken for a closed server.
    let calls = 0;
    const once = (url: string, init: RequestInit) => (calls++ === 0 ? failing() : fetch(url, init));
    expect((await serve({}, { fetch: once }).open()).size).toBe(large.length);
    const gone = await fileServer();
    await gone.close();
    expect((await refused(remoteSource('m.bin', gone.url, means()))).message).toMatch(/cannot be reached \(.*ECONNREFUSED/);
  });

  it('does not follow a server away from encryption', async () => {
    const leaving = async () => Object.defineProperty(new Response(small, { status: 200 }), 'url', { value: 'http://plain.example/m.bin' });
    expect((await refused(serve({}, { fetch: leaving }).open())).code).toBe('insecure-redirect');
  });

  it('is asked for without cookies, referrer or a second cache', async () => {
    let seen: RequestInit | undefined;
    const watching = (url: string, init: RequestInit) => fetch(url, (seen = init));
    await serve({}, { fetch: watching }).open();
    expect(seen).toMatchObject({ credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store', headers: { range: 'bytes=0-0' } });
  });
});
