import { gzipSync } from 'node:zlib';
import { mkdtempSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFiles } from '../../src/checkpoint/open';
import { sha256, sha256Portable } from '../../src/base/sha256';
import { blobSource, bufferSource } from '../../src/checkpoint/sources';
import { walkFiles } from '../../src/cli/file-source';
import { f32, join, latin, le, loaded, npyOf, open, P, pt, refused, safetensors, text, valuesOf, zip } from './writers';

const shard = (names: Record<string, number>) => {
  const entries = Object.entries(names);
  return safetensors(Object.fromEntries(entries.map(([n], i) => [n, { dtype: 'F32', shape: [1], data_offsets: [4 * i, 4 * i + 4] }])), f32(...entries.map(([, v]) => v)));
};
const S1 = 'model-00001-of-00002.safetensors';
const S2 = 'model-00002-of-00002.safetensors';
const index = (map: object) => text(JSON.stringify({ metadata: { total_size: 8 }, weight_map: map }));
const drop = (files: Record<string, Uint8Array>) => openFiles(Object.entries(files).map(([name, bytes]) => bufferSource(name, bytes)));

describe('files of other kinds', () => {
  it.each<[string, string, Uint8Array, string, ...string[]]>([
    ['Keras h5', 'm.h5', join('\x89HDF\r\n\x1a\n', new Uint8Array(90)), 'hdf5-damaged', 'addresses of 0'],
    ['a cut h5', 'm.h5', latin('\x89HDF\r\n\x1a\n'), 'hdf5-version', 'version none'],
    ['Keras v3', 'm.keras', zip([{ name: 'config.json', data: latin('{}') }, { name: 'model.weights.h5', data: latin('x') }]), 'hdf5-damaged', 'HDF5 signature'],
    ['GGUF', 'm.gguf', join('GGUF', le(3, 4), new Uint8Array(40)), 'gguf', 'GGUFReader'],
    ['a graph of TF.js', 'model.json', text('{"format":"graph-model","modelTopology":{"node":[]},"weightsManifest":[]}'), 'tfjs-graph', 'tensorflowjs_converter'],
    ['TF.js shard', 'group1-shard1of2.bin', f32(1, 2), 'tfjs', 'model.json'],
    ['Flax', 'flax_model.msgpack', join([0x81, 0xa6], 'params', [0x80]), 'flax', 'msgpack_restore'],
    ['Flax by content', 'weights', join([0x81, 0xa6], 'params', [0x80]), 'flax', 'flatten_dict'],
    ['Orbax', 'ckpt/_METADATA', text('{"tree":1}'), 'orbax', 'StandardCheckpointer'],
    ['OCDBT', 'ckpt/manifest.ocdbt', new Uint8Array(30), 'orbax', 'orbax.checkpoint'],
    ['distcp', 'dcp/__0_0.distcp', pt(P.file(P.dict())), 'distcp', 'dcp_to_torch_save'],
    ['TensorFlow', 'variables.data-00000-of-00001', f32(1, 2), 'tensorflow', 'load_checkpoint'],
    ['gzip', 'm.safetensors.gz', new Uint8Array(gzipSync(shard({ a: 1 }))), 'gzip', 'gunzip'],
    ['a cut gzip', 'm.gz', new Uint8Array(gzipSync(latin('x'.repeat(9000)))).slice(0, 15), 'bad-gzip', 'damaged'],
    ['tar', 'm.tar', join(new Uint8Array(257), 'ustar', new Uint8Array(250)), 'tar', 'tar archive'],
    ['PNG that lost its line ends', 'm.png', latin('\x89PNG\n\x1a\n........'), 'png', 'signature'],
    ['JPEG', 'm.jpg', latin('\xff\xd8\xff\xe0........'), 'jpeg', 'picture'],
    ['PDF', 'm.pdf', latin('%PDF-1.7'), 'pdf', 'PDF'],
    ['UTF-16', 'config.json', join([0xff, 0xfe], '{\0}\0'), 'utf16', 'UTF-16'],
    ['HTML', 'm.bin', text('\n<html>'), 'html', 'web page'],
    ['Python', 'train.py', text('"""Trains."""\nimport torch\n'), 'python-source', 'Python source'],
    ['empty', 'm.onnx', new Uint8Array(0), 'empty-file', '0 bytes'],
    ['cut JSON', 'config.json', text('{"a": [1, 2'), 'bad-json', 'not'],
    ['deep JSON list', 'x.json', text('['.repeat(100_000)), 'bad-json'],
    ['JSON list', 'x.json', text('[1, 2]'), 'json-not-object', 'not an object'],
    ['bad UTF-8 in JSON', 'x.json', join('{"a":"', [0xff], '"}'), 'bad-utf8', 'UTF-8'],
    ['noise', 'x.dat', Uint8Array.of(200, 1, 2, 3), 'unrecognised', 'c8 01 02 03'],
  ])('%s', async (_, name, bytes, code, ...mentions) => {
    const refusal = await refused(name, bytes);
    expect(refusal).toMatchObject({ code, file: name });
    for (const words of [name, ...mentions]) expect(refusal.message).toContain(words);
  });

  it('side files and reports are kept as text, gzipped reports too', async () => {
    const report = '{"kind":"deadreckon-report","schema":1}';
    const { sides, refusals } = await drop({ 'run/config.json': text('{"a":1}'), 'r.json': text(report), 'r.json.gz': new Uint8Array(gzipSync(report)), 'bom.json': join([0xef, 0xbb, 0xbf], '{"b":2}') });
    expect(refusals).toEqual([]);
    const lists = { 'all.json': text(` [\n ${report}, ${report}]`), 'llc.json': text('[{"kind": "deadreckon-llc"}]'), 'list.json.gz': new Uint8Array(gzipSync(`[${report}]`)) };
    expect([...(await drop(lists)).sides.keys()]).toEqual(Object.keys(lists));
    expect([...sides]).toEqual([['run/config.json', '{"a":1}'], ['r.json', report], ['r.json.gz', report], ['bom.json', '{"b":2}']]);
  });

  it('settings of config.json are kept behind the names of a thousand classes', async () => {
    const classes = Array.from({ length: 1000 }, (_, i) => [`${i}`, `class ${i}`] as const);
    const config = { hidden_size: 8, id2label: Object.fromEntries(classes), label2id: Object.fromEntries(classes.map(([i, name]) => [name, Number(i)])), layer_norm_eps: 1e-12, model_type: 'vit' };
    const { checkpoints } = await drop({ 'm/config.json': text(JSON.stringify(config)), 'm/a.npy': npyOf('<f4', '(1,)', f32(1)) });
    expect([...checkpoints[0]!.metadata]).toEqual([['config.hidden_size', '8'], ['config.layer_norm_eps', '1e-12'], ['config.model_type', 'vit']]);
  });

  it('a gzipped report that unpacks without end is refused', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.concat([Buffer.from('{"kind":"deadreckon-report","x":"'), Buffer.alloc(257 * 2 ** 20, 32)]), { level: 1 }));
    expect(await refused('r.json.gz', bomb)).toMatchObject({ code: 'bad-gzip' });
  });
});

describe('sharded safetensors', () => {
  it('shards and index are one checkpoint', async () => {
    const { checkpoints, refusals } = await drop({ [`d/${S2}`]: shard({ b: 2 }), [`d/${S1}`]: shard({ a: 1 }), 'd/model.safetensors.index.json': index({ a: S1, b: S2 }) });
    expect(refusals).toEqual([]);
    expect(checkpoints).toHaveLength(1);
    expect(checkpoints[0]).toMatchObject({ format: 'sharded safetensors', name: 'd', warnings: [] });
    expect(await valuesOf(checkpoints[0]!, 'b')).toEqual([2]);
    expect(checkpoints[0]!.tensors.get('b')!.file).toBe(`d/${S2}`);
  });

  it('a missing shard is named, and what it held', async () => {
    const [checkpoint] = (await drop({ [S1]: shard({ a: 1 }), 'model.safetensors.index.json': index({ a: S1, b: S2 }) })).checkpoints;
    expect([...checkpoint!.tensors.keys()]).toEqual(['a']);
    expect(checkpoint!.warnings[0]).toContain(S2);
    expect(checkpoint!.warnings[0]).toContain('"b"');
  });

  it('a broken shard is refused and missing; the other one loads', async () => {
    const { checkpoints, refusals } = await drop({ [S1]: shard({ a: 1 }), [S2]: shard({ b: 1 }).slice(0, -1), 'i.index.json': index({ a: S1, b: S2 }) });
    expect(refusals.map((r) => [r.file, r.tensor, r.code])).toEqual([[S2, 'b', 'truncated']]);
    expect(checkpoints[0]!.warnings.join(' ')).toContain(S2);
  });

  it('tensors in the wrong shard, in none, in two, and not in the index are named', async () => {
    const [checkpoint] = (await drop({ [S1]: shard({ a: 1, twice: 3 }), [S2]: shard({ b: 2, twice: 4, extra: 5 }), 'm.index.json': index({ a: S2, b: S2, gone: S1, twice: S2 }) })).checkpoints;
    const said = checkpoint!.warnings.join('\n');
    expect(await valuesOf(checkpoint!, 'twice')).toEqual([4]);
    expect(await valuesOf(checkpoint!, 'a')).toEqual([1]);
    for (const name of ['a', 'gone', 'twice', 'extra']) expect(said).toContain(`"${name}"`);
  });

  it.each(['../secret.safetensors', '/etc/x.safetensors', 'd\\x.safetensors', '..'])('an index that points to %s is refused; its shards still open', async (target) => {
    const { checkpoints, refusals } = await drop({ [S1]: shard({ a: 1 }), [S2]: shard({ b: 2 }), 'model.safetensors.index.json': index({ a: target }) });
    expect(refusals).toMatchObject([{ code: 'index-path', tensor: 'a' }]);
    expect([...checkpoints[0]!.tensors.keys()]).toEqual(['a', 'b']);
  });

  it('shards without an index open together, one of them alone too', async () => {
    const both = await drop({ [S1]: shard({ a: 1 }), [S2]: shard({ b: 2 }) });
    expect(both.checkpoints.map((c) => [c.format, c.name, c.tensors.size, c.warnings.length])).toEqual([['sharded safetensors', 'model', 2, 0]]);
    const [alone] = (await drop({ [S2]: shard({ b: 2 }) })).checkpoints;
    expect(alone!.warnings[0]).toContain(S1);
  });

  it('an index alone names what is missing; an index of .bin shards says what to do', async () => {
    expect((await drop({ 'm.index.json': index({ a: S1 }) })).refusals).toMatchObject([{ code: 'missing-shards', message: expect.stringContaining(S1) }]);
    expect((await drop({ 'm.index.json': index({ a: 'pytorch_model-00001-of-00001.bin' }) })).refusals).toMatchObject([{ code: 'index-format' }]);
    expect((await drop({ 'm.index.json': text('{"weight_map":{"a":"x.safetensors","a":"y.safetensors"}}') })).refusals).toMatchObject([{ code: 'duplicate-key', tensor: 'a' }]);
  });
});

describe('a drop', () => {
  it('bad files leave the good ones', async () => {
    const { checkpoints, refusals } = await drop({ 'bad.pt': latin('noise!'), 'a.npy': npyOf('<f4', '(1,)', f32(5)), 'bad.npz': latin('PK\x03\x04'), 'b.safetensors': shard({ a: 1 }) });
    expect(checkpoints.map((c) => c.name).sort()).toEqual(['a.npy', 'b.safetensors']);
    expect(refusals.map((r) => r.file)).toEqual(['bad.pt', 'bad.npz']);
  });

  it('stops when it is aborted', async () => {
    const abort = new AbortController();
    abort.abort();
    await expect(openFiles([bufferSource('a.npy', npyOf('<f4', '(1,)', f32(5)))], abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('fingerprints tell contents apart, not names', async () => {
    const one = await loaded('a.safetensors', shard({ a: 1 }));
    expect(one.fingerprint).toMatch(/^sha256-[0-9a-f]{64}$/);
    expect((await loaded('renamed.bin', shard({ a: 1 }))).fingerprint).toBe(one.fingerprint);
    expect((await loaded('a.safetensors', shard({ a: 2 }))).fingerprint).not.toBe(one.fingerprint);
    expect((await loaded('a.safetensors', shard({ b: 1 }))).fingerprint).not.toBe(one.fingerprint);
  });

  it('our SHA-256 is the platform\'s', async () => {
    for (const length of [0, 1, 55, 56, 63, 64, 65, 1000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => i * 7);
      expect(Buffer.from(sha256Portable(bytes)).toString('hex')).toBe(await sha256(bytes));
    }
  });

  it('reads a Blob by slices', async () => {
    const source = blobSource(new Blob([shard({ a: 9 }) as Uint8Array<ArrayBuffer>]), 'a.safetensors');
    const [checkpoint] = (await openFiles([source])).checkpoints;
    expect(await valuesOf(checkpoint!, 'a')).toEqual([9]);
    await expect(source.read(0, source.size + 1)).rejects.toMatchObject({ code: 'truncated' });
  });

  it('walks a folder of disk files and keeps going past a missing path', async () => {
    const folder = mkdtempSync(path(tmpdir(), 'deadreckon-'));
    try {
      mkdirSync(path(folder, 'sub/.hidden'), { recursive: true });
      writeFileSync(path(folder, 'sub/a.npy'), npyOf('<f4', '(1,)', f32(5)));
      writeFileSync(path(folder, 'sub/.hidden/b.npy'), 'x');
      symlinkSync(path(folder, 'sub/a.npy'), path(folder, 'link.npy'));
      symlinkSync(folder, path(folder, 'sub/cycle'));
      const { files, refusals } = await walkFiles([folder, path(folder, 'nothing.pt')]);
      expect(files.map((f) => f.name.split('/').slice(1).join('/')).sort()).toEqual(['link.npy', 'sub/a.npy']);
      expect(refusals).toMatchObject([{ file: 'nothing.pt', code: 'not-found' }]);
      const cut = files[0]!;
      writeFileSync(path(folder, 'sub/a.npy'), 'short');
      await expect(cut.read(0, cut.size)).rejects.toMatchObject({ code: 'truncated' });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('nothing at all is an empty answer', async () => {
    expect(await open('config.json', text('{}'))).toMatchObject({ checkpoints: [], refusals: [] });
    expect(await openFiles([])).toMatchObject({ checkpoints: [], refusals: [] });
  });
});
