import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFiles } from '../../../src/checkpoint/open';
import { parseAddress } from '../../../src/checkpoint/remote/address';
import { Blocks } from '../../../src/checkpoint/remote/blocks';
import { remoteFiles } from '../../../src/checkpoint/remote/hub';
import type { Fetch } from '../../../src/checkpoint/remote/request';
import { bufferSource } from '../../../src/checkpoint/sources';
import { ROOT } from '../../analysis/run';
import { safetensors, text } from '../writers';
import { fileServer, type FileServer } from './file-server';

const SHARDED = join(ROOT, 'test/fixtures/checkpoint/sharded');
const TFJS = join(ROOT, 'test/fixtures/tfjs/converted');
const shards = new Map(readdirSync(SHARDED).map((name) => [name, new Uint8Array(readFileSync(join(SHARDED, name)))]));
const plain = new Uint8Array(readFileSync(join(ROOT, 'test/fixtures/checkpoint/arrays.safetensors')));

let server: FileServer;
/** The Hub, played by the local server: the same paths behind another name. */
const hub: Fetch = (url, init) => fetch(url.replace('https://huggingface.co', server.url), init);

beforeAll(async () => {
  server = await fileServer();
  const put = (path: string, bytes: Uint8Array) => server.files.set(path, { bytes });
  const list = (path: string, ...names: string[]) => put(path, text(JSON.stringify(names.map((name) => (name.endsWith('/') ? { type: 'directory', path: name.slice(0, -1) } : { type: 'file', path: name, size: 1 })))));
  for (const [name, bytes] of shards) {
    put(`/big/model/resolve/main/${name}`, bytes);
    put(`/files/${name}?key=1`, bytes);
  }
  list('/api/models/big/model/tree/main', 'README.md', ...shards.keys());
  for (const step of ['step1', 'step2']) put(`/a/pythia/resolve/${step}/model.safetensors`, plain);
  list('/api/models/a/one/tree/main', 'README.md', 'sub/', 'weights.npz');
  put('/a/one/resolve/main/weights.npz', new Uint8Array(readFileSync(join(ROOT, 'test/fixtures/checkpoint/arrays.npz'))));
  list('/api/models/a/two/tree/main', 'x.pt', 'y.pt');
  list('/api/models/a/none/tree/main', 'README.md');
  put('/api/models/a/odd/tree/main', text('<html>'));
  list('/api/models/a/one/tree/refs%2Fpr%2F1/deep/er', 'deep/er/x.npy', 'deep/er/model.safetensors');
  put('/a/one/resolve/refs%2Fpr%2F1/deep/er/model.safetensors', plain);
  for (const name of ['model.onnx', 'model.onnx.data']) put(`/a/onnx/resolve/main/${name}`, new Uint8Array(readFileSync(join(ROOT, 'test/fixtures/onnx/external', name))));
  list('/api/models/a/onnx/tree/main', 'README.md', 'model.onnx', 'model.onnx.data');
  for (const name of readdirSync(TFJS)) put(`/web/${name}`, new Uint8Array(readFileSync(join(TFJS, name))));
  put('/a/lfs/resolve/main/model.safetensors', text('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'));
});
afterAll(() => server.close());

const files = async (address: string) => {
  server.requests.length = 0;
  return remoteFiles(parseAddress(address), { fetch: hub, blocks: new Blocks(), pause: 1 });
};

describe('the files of an address', () => {
  it('a repository: its index, shards and config, which open as from disk', async () => {
    const remote = await files('hf:big/model');
    expect(remote.map((s) => s.name)).toEqual(['model.safetensors.index.json', 'model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors', 'config.json'].map((n) => `model@main/${n}`));
    const [there] = (await openFiles(remote)).checkpoints;
    const [here] = (await openFiles([...shards].map(([name, bytes]) => bufferSource(`model@main/${name}`, bytes)))).checkpoints;
    expect(there).toMatchObject({ name: 'model@main', fingerprint: here!.fingerprint, metadata: here!.metadata, warnings: here!.warnings });
    for (const [name, tensor] of here!.tensors) expect(await there!.tensors.get(name)!.bytes()).toEqual(await tensor.bytes());
  });

  it('a model.json of TensorFlow.js brings its weight files', async () => {
    const remote = await files(`${server.url}/web/model.json`);
    expect(remote.map((s) => s.name)).toEqual(['model.json', 'group1-shard1of2.bin', 'group1-shard2of2.bin']);
    const { checkpoints, refusals } = await openFiles(remote);
    expect(refusals).toEqual([]);
    expect(checkpoints[0]!.tensors.size).toBe(9);
  });

  it('a file of 5 GiB lists after three requests for 2 MiB, and gives a tensor of 64 MB in four more', async () => {
    const [MB, GB] = [2 ** 20, 2 ** 30];
    const tensor = (begin: number, end: number) => ({ dtype: 'F32', shape: [(end - begin) / 4], data_offsets: [begin, end] });
    const head = safetensors({ a: tensor(0, GB), b: tensor(GB, GB + 64e6), c: tensor(GB + 64e6, 5 * GB) });
    const size = head.length + 5 * GB;
    const asked: number[] = [];
    const sparse: Fetch = async (_, init) => {
      const [, begin, end] = /bytes=(\d+)-(\d+)/.exec(new Headers(init.headers).get('range')!)!.map(Number) as [number, number, number];
      const body = new Uint8Array(end + 1 - begin);
      if (begin < head.length) body.set(head.subarray(begin, end + 1));
      asked.push(body.length);
      return new Response(body, { status: 206, headers: { 'content-range': `bytes ${begin}-${end}/${size}`, etag: '"x"' } });
    };
    const sources = await remoteFiles(parseAddress('https://x.org/huge.safetensors'), { fetch: sparse, blocks: new Blocks() });
    const [checkpoint] = (await openFiles(sources)).checkpoints;
    expect([...checkpoint!.tensors.keys()]).toEqual(['a', 'b', 'c']);
    expect([asked.length, asked.reduce((x, y) => x + y) < 2.1 * MB]).toEqual([3, true]);
    expect((await checkpoint!.tensors.get('b')!.bytes()).length).toBe(64e6);
    expect([asked.length, Math.max(...asked)]).toEqual([7, 16 * MB]);
  });

  it('a revision names the checkpoint; a file without config is as good', async () => {
    const [a, ...more] = await files('hf:a/pythia@step1/model.safetensors');
    expect([a!.name, more]).toEqual(['pythia@step1/model.safetensors', []]);
    expect((await openFiles([a!, ...(await files('hf:a/pythia@step2/model.safetensors'))])).checkpoints.map((c) => c.name)).toEqual(['pythia@step1/model.safetensors', 'pythia@step2/model.safetensors']);
  });

  it('the only file with tensors of a folder, and folders of branches', async () => {
    expect((await files('hf:a/one')).map((s) => s.name)).toEqual(['one@main/weights.npz']);
    expect((await files('https://huggingface.co/a/one/tree/refs%2Fpr%2F1/deep/er')).map((s) => s.name)).toEqual(['one@refs-pr-1/deep/er/model.safetensors']);
  });

  it('a list of several pages', async () => {
    const page = (names: string[], next?: string) => new Response(JSON.stringify(names.map((path) => ({ type: 'file', path }))), next ? { headers: { link: `<${next}>; rel="next"` } } : {});
    const asked: string[] = [];
    const paged: Fetch = async (url, init) => {
      asked.push(url);
      if (url.endsWith('/tree/main')) return page(['README.md'], 'https://huggingface.co/api/models/a/pages/tree/main?cursor=2');
      if (url.includes('cursor=2')) return page(['model.safetensors'], 'https://elsewhere.example/?cursor=3');
      return hub(url.replace('/a/pages/resolve/main', '/a/pythia/resolve/step1'), init);
    };
    const found = await remoteFiles(parseAddress('hf:a/pages'), { fetch: paged, blocks: new Blocks() });
    expect(found.map((s) => s.name)).toEqual(['pages@main/model.safetensors']);
    expect(asked.filter((url) => !url.startsWith('https://huggingface.co/'))).toEqual([]);
  });

  it('a plain URL is that file alone; an index brings what it names, with the same query', async () => {
    const alone = await files(`${server.url}/files/model-00001-of-00002.safetensors?key=1`);
    expect(alone.map((s) => s.name)).toEqual(['model-00001-of-00002.safetensors']);
    expect(new Set(server.requests.map((r) => r.split(' ')[1]))).toEqual(new Set(['/files/model-00001-of-00002.safetensors?key=1']));
    const all = await files(`${server.url}/files/model.safetensors.index.json?key=1`);
    expect((await openFiles(all)).checkpoints.map((c) => [c.format, c.warnings])).toEqual([['sharded safetensors', []]]);
  });

  it('an ONNX model brings the file that holds its weights', async () => {
    const remote = await files('hf:a/onnx');
    expect(remote.map((s) => s.name)).toEqual(['onnx@main/model.onnx', 'onnx@main/model.onnx.data']);
    const { checkpoints, refusals } = await openFiles(remote);
    expect(refusals).toEqual([]);
    expect(checkpoints[0]!.tensors.get('conv2.weight')!.shape).toEqual([4, 2, 2, 2]);
    expect((await checkpoints[0]!.tensors.get('fc.weight')!.values()).length).toBe(12);
  });

  it('what else lies beside a model is asked for when it is wanted, and once; beside a plain file there is nothing', async () => {
    const [checkpoint] = (await openFiles(await files('hf:big/model'))).checkpoints;
    server.requests.length = 0;
    const [path, body] = ['/big/model/resolve/main/tokenizer.json', '{"model":{}}'];
    expect(await checkpoint!.beside!('tokenizer.json')).toBeNull();
    server.files.set(path, { bytes: text(body) });
    // What was not there is not asked for again.
    expect(await checkpoint!.beside!('tokenizer.json')).toBeNull();
    expect(server.requests).toEqual([`GET ${path} bytes=0-0`]);

    const [again] = (await openFiles(await files('hf:big/model'))).checkpoints;
    server.requests.length = 0;
    const both = await Promise.all([again!.beside!('tokenizer.json'), again!.beside!('tokenizer.json')]);
    for (const side of both) expect(side).toEqual({ name: 'model@main/tokenizer.json', text: body });
    expect(server.requests).toEqual([`GET ${path} bytes=0-0`, `GET ${path} bytes=0-${body.length - 1}`]);
    server.files.set(path, { bytes: text(body), statuses: [403] });
    const [gated] = (await openFiles(await files('hf:big/model'))).checkpoints;
    await expect(gated!.beside!('tokenizer.json')).rejects.toMatchObject({ code: 'unauthorized' });
    expect((await gated!.beside!('tokenizer.json'))!.text).toBe(body);
    server.files.delete(path);
    const [plainFile] = (await openFiles(await files(`${server.url}/files/model-00001-of-00002.safetensors?key=1`))).checkpoints;
    expect(plainFile!.beside).toBeUndefined();
  });

  it('a missing shard is the index’s to tell', async () => {
    const gone = '/big/model/resolve/main/model-00002-of-00002.safetensors';
    const kept = server.files.get(gone)!;
    server.files.delete(gone);
    expect((await openFiles(await files('hf:big/model'))).checkpoints[0]!.warnings[0]).toMatch(/A shard is missing \("model-00002/);
    server.files.set(gone, kept);
  });

  it('a git-lfs pointer is named as such', async () => {
    expect((await openFiles(await files('hf:a/lfs/model.safetensors'))).refusals.map((r) => r.code)).toEqual(['git-lfs']);
  });

  it.each([
    ['hf:a/two', 'which-weights', /"x\.pt", "y\.pt".* Say which: hf:a\/two@main\/x\.pt/],
    ['hf:a/none', 'no-weights', /no weights/],
    ['hf:a/odd', 'bad-listing', /something other than a list/],
    ['hf:a/nowhere', 'not-found', /no such file/],
  ])('%s is refused with %s', async (address, code, message) => {
    const error = await files(address).then(() => null, (e: unknown) => e);
    expect(error).toMatchObject({ name: 'InputError', code, message: expect.stringMatching(message) });
  });
});
