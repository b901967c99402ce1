/** Keras files: HDF5 as h5py lays it out (test/fixtures/make_hdf5.py), files cut, damaged and built to mislead. */
import { readFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { openFiles } from '../../src/checkpoint/open';
import { bufferSource } from '../../src/checkpoint/sources';
import { ROOT } from '../analysis/run';
import { mutate, survives } from './mutants';
import { join, latin, le, loaded, refused, text, zip } from './writers';

const bytesOf = (name: string) => new Uint8Array(readFileSync(path(ROOT, 'test/fixtures', name)));
const values = JSON.parse(readFileSync(path(ROOT, 'test/fixtures/hdf5/values.json'), 'utf8')) as Record<string, number[]>;

describe('HDF5', () => {
  it.each(['earliest.h5', 'v108.h5'])('%s: every layout and type, to the bit', async (name) => {
    const { tensors } = await loaded(name, bytesOf(`hdf5/${name}`));
    for (const [key, expected] of Object.entries(values)) expect(Array.from(await tensors.get(key)!.values()), key).toEqual(expected);
    expect(tensors.get('all')!.shape).toEqual([7, 5, 3]);
    expect(tensors.get('half')!.dtype).toBe('f16');
    expect(tensors.get('scalar')!.shape).toEqual([]);
  });

  it('says what is left out, and why', async () => {
    const { tensors, warnings } = await loaded('e.h5', bytesOf('hdf5/earliest.h5'));
    expect(tensors.size).toBe(Object.keys(values).length);
    expect(warnings.join(' ')).toMatch(/"plain\/complex": its elements are a compound.*"plain\/lzf": it is packed with LZF/);
  });

  it.each([
    ['dense.h5', 'hdf5-dense', /fractal heaps/],
    ['other.h5', 'hdf5', /not of Keras.*h5py.File/],
  ])('%s is answered', async (name, code, sentence) => {
    const refusal = await refused(name, bytesOf(`hdf5/${name}`));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toMatch(sentence);
  });

  it('weights without a model open as they are, and their model is said to be missing', async () => {
    const { tensors, warnings, program } = await loaded('w.h5', bytesOf('hdf5/v108.h5'));
    expect(program).toBeNull();
    expect(tensors.has('matrix')).toBe(true);
    expect(warnings.join()).toMatch(/weights without their model/);
  });

  it('a file that is cut anywhere is refused or names what is lost', async () => {
    const whole = bytesOf('keras/mlp.h5');
    for (let length = 0; length < whole.length; length += 997) {
      const refusal = await refused('m.h5', whole.slice(0, length));
      expect(['empty-file', 'truncated', 'hdf5-version', 'hdf5-damaged', 'unrecognised']).toContain(refusal.code);
    }
  });

  it('structures that point at themselves come to an end', async () => {
    const whole = bytesOf('hdf5/earliest.h5');
    const view = new DataView(whole.buffer);
    // Every address of a B-tree's first child is made that of the tree itself.
    let trees = 0;
    for (let at = 0; at + 40 < whole.length; at++) {
      if (String.fromCharCode(...whole.subarray(at, at + 4)) !== 'TREE') continue;
      trees++;
      const looped = whole.slice();
      looped[at + 5] = 1;
      new DataView(looped.buffer).setBigUint64(at + 24 + (view.getUint8(at + 4) === 0 ? 8 : 8 + 8 * 4), BigInt(at), true);
      await survives('loop.h5', looped, `tree at ${at}`);
    }
    expect(trees).toBeGreaterThan(3);
  });
});

describe('.keras', () => {
  const whole = bytesOf('keras/mlp.keras');

  it('a damaged member, a config that is no JSON, and weights that are none', async () => {
    const flipped = whole.slice();
    flipped[whole.length >> 1]! ^= 1;
    expect((await refused('m.keras', flipped)).code).toBe('crc');
    const weights = bytesOf('hdf5/v108.h5');
    const twice = await loaded('m.keras', zip([{ name: 'config.json', data: text('{"a":1,"a":2}') }, { name: 'model.weights.h5', data: weights }]));
    expect(twice.program).toBeNull();
    expect(twice.warnings.join()).toMatch(/read without their model: m\.keras: the model's config names "a" twice/);
    const missing = await loaded('m.keras', zip([{ name: 'model.weights.h5', data: weights, deflate: true }]));
    expect(missing.warnings.join()).toMatch(/no config\.json/);
    expect(Array.from(await missing.tensors.get('all')!.values())).toEqual(values.all);
    expect((await refused('m.keras', zip([{ name: 'model.weights.h5', data: bytesOf('hdf5/other.h5') }]))).message).toMatch(/no weights of Keras/);
  });
});

describe('mutants', () => {
  it.each(['hdf5/earliest.h5', 'hdf5/v108.h5', 'keras/mlp.h5', 'keras/sequence.keras'])('%s: 400 of them', { timeout: 60_000 }, async (file) => {
    const whole = bytesOf(file);
    const name = file.split('/')[1]!;
    const random = new Random(7).split(file);
    for (let i = 0; i < 400; i++) await survives(name, structured(whole, random), `${file} mutant ${i}`);
  });
});

/** Half of the mutants change one field near a structure: what a byte anywhere would seldom hit. */
function structured(whole: Uint8Array, random: Random): Uint8Array {
  if (random.integer(2) === 0) return mutate(whole, random);
  const out = whole.slice();
  const marks = ['TREE', 'SNOD', 'HEAP', 'GCOL', 'OHDR', 'OCHK'];
  const places: number[] = [];
  for (let at = 0; at + 4 < out.length; at++) if (marks.includes(String.fromCharCode(...out.subarray(at, at + 4)))) places.push(at);
  const at = places.length === 0 ? 8 : places[random.integer(places.length)]!;
  for (let edits = 1 + random.integer(3); edits > 0; edits--) {
    const place = Math.min(out.length - 1, at + random.integer(96));
    out[place] = [0, 1, 0x7f, 0x80, 0xff, random.integer(256)][random.integer(6)]!;
  }
  return out;
}

describe('TensorFlow.js', () => {
  const manifest = (weights: unknown, paths: unknown = ['w.bin'], more = '') => text(`{"format":"layers-model",${more}"weightsManifest":[{"paths":${JSON.stringify(paths)},"weights":${JSON.stringify(weights)}}]}`);
  const drop = (files: Record<string, Uint8Array>) => openFiles(Object.entries(files).map(([name, bytes]) => bufferSource(name, bytes)));
  const weight = (more: object = {}) => ({ name: 'd/kernel', shape: [2], dtype: 'float32', ...more });

  it.each<[string, Uint8Array, string, RegExp]>([
    ['cut JSON', manifest([weight()]).slice(0, 60), 'json-cut', /ends in the middle/],
    ['a path', manifest([weight()], ['../w.bin']), 'tfjs-path', /"\.\.\/w\.bin"; expected a plain file name/],
    ['a URL', manifest([weight()], ['https://x/w.bin']), 'tfjs-path', /plain file name/],
    ['itself', manifest([weight()], ['model.json']), 'tfjs-path', /plain file name/],
    ['a negative shape', manifest([weight({ shape: [-2] })]), 'bad-shape', /"d\/kernel": its shape/],
    ['a null shape', manifest([weight({ shape: null })]), 'bad-shape', /no list/],
    ['1e18 elements', manifest([weight({ shape: [1e9, 1e9] })]), 'shape-too-large', /more elements than any file/],
    ['a dtype', manifest([weight({ dtype: 'string' })]), 'bad-dtype', /"string"; expected one of float32/],
    ['a weight twice', manifest([weight(), weight()]), 'duplicate-name', /names it twice/],
    ['a file twice', manifest([weight()], ['w.bin', 'w.bin']), 'tfjs-manifest', /"w\.bin" twice/],
    ['no min', manifest([weight({ quantization: { dtype: 'uint8', scale: 1 } })]), 'bad-quantisation', /no number as its min/],
    ['a scale of text', manifest([weight({ quantization: { dtype: 'uint8', scale: '1', min: 0 } })]), 'bad-quantisation', /no number as its scale/],
    ['quantised otherwise', manifest([weight({ quantization: { dtype: 'int4' } })]), 'bad-quantisation', /"int4"; expected uint8/],
    ['a shard too short', manifest([weight({ shape: [3] })]), 'tfjs-shard-size', /hold 8 bytes; its manifest needs 12/],
    ['a shard too long', manifest([weight({ shape: [1] })]), 'tfjs-shard-size', /hold 8 bytes; its manifest needs 4/],
    ['no shard', manifest([weight()], ['other.bin']), 'missing-shards', /"other\.bin".*Drop model\.json and all files/],
    ['a manifest of nothing', text('{"format":"layers-model","weightsManifest":[7]}'), 'tfjs-manifest', /no list of paths/],
    ['a deep topology', manifest([weight()], ['w.bin'], `"modelTopology":${'['.repeat(20_000)}${']'.repeat(20_000)},`), 'json-too-deep', /nested more than/],
  ])('%s is refused', async (_, model, code, sentence) => {
    const { checkpoints, refusals } = await drop({ 'model.json': model, 'w.bin': latin('abcdefgh') });
    expect(checkpoints).toEqual([]);
    const refusal = refusals.find(({ file }) => file === 'model.json')!;
    expect(refusal.code).toBe(code);
    expect(refusal.message).toMatch(sentence);
  });

  it('borders inside a float, several groups, names like __proto__, and a key order of its own', async () => {
    const all = join(le(1, 4), [0, 0, 0x80], [0x3f], le(0x40000000, 4));
    const model = text(JSON.stringify({
      pad: 'x'.repeat(600),
      weightsManifest: [
        { paths: ['a', 'b.bin'], weights: [{ name: '__proto__', shape: [1], dtype: 'int32' }, { name: 'd/kernel', shape: [2], dtype: 'float32' }] },
        { paths: [], weights: [{ name: 'none', shape: [0], dtype: 'float32' }] },
      ],
    }));
    const { checkpoints, refusals } = await drop({ 'm/model.json': model, 'm/a': all.slice(0, 6), 'm/b.bin': all.slice(6), 'a': latin('another') });
    expect(refusals.map(({ file }) => file)).toEqual(['a']);
    const { tensors, files, program } = checkpoints[0]!;
    expect(files.map(({ name }) => name)).toEqual(['m/model.json', 'm/a', 'm/b.bin']);
    expect(Array.from(await tensors.get('d/kernel')!.values())).toEqual([1, 2]);
    expect(Array.from(await tensors.get('__proto__')!.values())).toEqual([1]);
    expect(tensors.get('none')!.shape).toEqual([0]);
    expect(program).toBeNull();
  });

  it('a shard that is missing takes only what it holds; two that were swapped are refused', async () => {
    const weights = ['x', 'y', 'z'].map((name) => ({ name, shape: [1], dtype: 'float32' }));
    const paths = [1, 2, 3].map((i) => `group1-shard${i}of3.bin`);
    const model = manifest(weights, paths);
    const [one, two, three] = paths as [string, string, string];
    const { checkpoints } = await drop({ 'model.json': model, [one]: latin('aaaa'), [three]: latin('cccc') });
    expect([...checkpoints[0]!.tensors.keys()]).toEqual(['x', 'z']);
    expect(checkpoints[0]!.warnings.join()).toMatch(/A weight file is missing \("group1-shard2of3\.bin"\), and with it 1 tensors \("y"\)/);
    const swapped = await drop({ 'model.json': model, [one]: latin('aa'), [two]: latin('bbbbb'), [three]: latin('ccccc') });
    expect(swapped.refusals[0]!.message).toMatch(/Two of them were swapped/);
  });

  it('mutants: 1,500 of them', { timeout: 30_000 }, async () => {
    const whole = bytesOf('tfjs/uint8/model.json');
    const random = new Random(21);
    for (let i = 0; i < 1500; i++) await survives('model.json', mutate(whole, random), `model.json mutant ${i}`, { 'group1-shard1of1.bin': bytesOf('tfjs/uint8/group1-shard1of1.bin') });
  });
});
