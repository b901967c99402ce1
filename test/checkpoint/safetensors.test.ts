import { describe, expect, it } from 'vitest';
import { openFiles } from '../../src/checkpoint/open';
import type { ByteSource } from '../../src/checkpoint/types';
import { f32, join, latin, le, loaded, refused, safetensors, text, valuesOf, zip } from './writers';

const a = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };
const two = f32(1, 2);
const one = (entry: object, data = two) => safetensors({ a: entry }, data);
const good = safetensors({ a }, two);
const ONE = { dtype: 'F32', shape: [2], data_offsets: [0, 8] };

describe('safetensors that must be refused', () => {
  it.each<[string, Uint8Array, string, ...string[]]>([
    ['empty', new Uint8Array(0), 'empty-file', '0 bytes'],
    ['fewer than 8 bytes', latin('abc'), 'truncated', '3 bytes'],
    ['header length 0', safetensors('', two, 0), 'header-length', 'length is 0'],
    ['header past the end', safetensors({ a }, two, 4000), 'truncated', 'of 4,008'],
    ['header over 100 MB', safetensors({ a }, two, 100_000_001), 'header-length', '100,000,001'],
    ['header length 2^64-1', safetensors({ a }, two, 2n ** 64n - 1n), 'header-length', '18,446,744,073,709,551,615'],
    ['upper word of the length set', safetensors({ a }, two, 2n ** 32n + 50n), 'header-length', '4,294,967,346'],
    ['big-endian length', join([...le(JSON.stringify({ a }).length, 8)].reverse(), JSON.stringify({ a }), two), 'header-length', 'big-endian'],
    ['bad UTF-8', join(le(4, 8), [0x7b, 0xff, 0xfe, 0x7d]), 'bad-utf8', 'UTF-8'],
    ['cut JSON', safetensors('{"a":{"dtype":"F32","shape":[2]', two), 'json-cut', 'ends in the middle'],
    ['bytes after the JSON', safetensors(`${JSON.stringify({ a })}x`, two), 'json-trailing', 'after its end'],
    ['NaN literal', safetensors('{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,8]}}', two), 'bad-json', 'NaN'],
    ['200,000-deep JSON', safetensors(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`), 'json-too-deep', '10,000 deep'],
    ['duplicate name', safetensors(`{"a":${JSON.stringify(ONE)},"a":${JSON.stringify(ONE)}}`, two), 'duplicate-key', '"a" twice'],
    ['duplicate name behind an escape', safetensors(`{"a.b":${JSON.stringify(ONE)},"a\\u002eb":${JSON.stringify(ONE)}}`, two), 'duplicate-key', '"a.b" twice'],
    ['duplicate field', safetensors('{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', two), 'duplicate-key', '"dtype" twice'],
    ['overlap', safetensors({ a, b: { ...ONE, data_offsets: [4, 12] } }, f32(1, 2, 3)), 'overlap', '"b"', '"a"'],
    ['alias', safetensors({ a, b: ONE }, two), 'overlap'],
    ['20,000 aliases', safetensors(Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`t${i}`, ONE])), two), 'overlap'],
    ['hole', safetensors({ a, b: { ...ONE, data_offsets: [12, 20] } }, f32(1, 2, 3, 4, 5)), 'hole', '4 bytes', '"b"'],
    ['appended zip', join(good, zip([{ name: 'x.npy', data: two }])), 'trailing-bytes', 'follow the last tensor'],
    ['cut by 2', good.slice(0, -2), 'truncated', `${good.length - 2} of ${good.length} bytes`, '"a"'],
    ['cut by 100', safetensors({ a: { dtype: 'F32', shape: [40], data_offsets: [0, 160] } }, new Uint8Array(60)), 'truncated', 'Fetch it again'],
    ['begin after end', one({ ...ONE, data_offsets: [8, 0] }), 'bad-offsets', 'ends before'],
    ['negative offset', one({ ...ONE, data_offsets: [-8, 0] }), 'bad-offsets', '-8'],
    ['fractional offset', safetensors('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8.5]}}', two), 'bad-offsets', '8.5'],
    ['offset written 8.0', safetensors('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8.0]}}', two), 'bad-offsets'],
    ['text offset', one({ ...ONE, data_offsets: ['0', '8'] }), 'bad-offsets', 'a text'],
    ['three offsets', one({ ...ONE, data_offsets: [0, 8, 8] }), 'bad-offsets', '[0, 8, 8]'],
    ['null offsets', one({ ...ONE, data_offsets: null }), 'bad-offsets', 'null'],
    ['offset 2^53+1', safetensors('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,9007199254740993]}}', two), 'bad-offsets', '9007199254740993'],
    ['element count wrapping to 0', one({ ...ONE, shape: [2 ** 32, 2 ** 32] }), 'shape-too-large', '4294967296'],
    ['element count wrapping to 4', safetensors('{"a":{"dtype":"U8","shape":[4611686018427387905,4],"data_offsets":[0,4]}}', f32(1)), 'bad-shape', '4611686018427387905'],
    ['shape and bytes differ', one({ ...ONE, shape: [3] }), 'shape-size-mismatch', '12 bytes', 'give 8'],
    ['two negative dimensions', one({ ...ONE, shape: [-1, -2] }), 'bad-shape', '-1, -2'],
    ['text dimension', one({ ...ONE, shape: ['2'] }), 'bad-shape'],
    ['unknown dtype', one({ ...ONE, dtype: 'F33' }), 'bad-dtype', '"F33"'],
    ['lower-case dtype', one({ ...ONE, dtype: 'f32' }), 'bad-dtype', '"f32"'],
    ['missing dtype', one({ shape: [2], data_offsets: [0, 8] }), 'bad-dtype', 'missing'],
    ['dtype "constructor"', one({ ...ONE, dtype: 'constructor' }), 'bad-dtype', '"constructor"'],
    ['odd count of F4', safetensors({ a: { dtype: 'F4', shape: [3], data_offsets: [0, 1] } }, new Uint8Array(1)), 'bad-shape', 'whole bytes'],
    ['__metadata__ a number', safetensors({ __metadata__: 3, a }, two), 'bad-metadata', '__metadata__'],
    ['__metadata__ of numbers', safetensors({ __metadata__: { n: 3 }, a }, two), 'bad-metadata', '"n"'],
    ['__metadata__ twice', safetensors(`{"__metadata__":{},"__metadata__":{},"a":${JSON.stringify(ONE)}}`, two), 'duplicate-key', '__metadata__'],
    ['__metadata__ a tensor', safetensors({ __metadata__: ONE }, two), 'bad-metadata'],
    ['null entry', safetensors({ a: null }), 'bad-entry', '"a"', 'null'],
    ['list header', safetensors('[]'), 'bad-header', 'not an object'],
    ['lone surrogate', safetensors(`{"\\ud800":${JSON.stringify(ONE)}}`, two), 'json-surrogate', 'd800'],
    ['git-lfs pointer', text('version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n'), 'git-lfs', 'git lfs pull'],
    ['HTML page', text('<!DOCTYPE html><html><title>401</title></html>'), 'html', 'web page'],
  ])('%s', async (_, bytes, code, ...mentions) => {
    const refusal = await refused('model.safetensors', bytes);
    expect(refusal.code).toBe(code);
    for (const words of ['model.safetensors', ...mentions]) expect(refusal.message).toContain(words);
  });
});

describe('odd but valid safetensors', () => {
  it.each<[string, Uint8Array, number[]]>([
    ['padding before and after the header', safetensors(`  ${JSON.stringify({ a })}   \n`, two), [1, 2]],
    ['odd header length, unaligned data', safetensors(`${JSON.stringify({ a })} `.padEnd(77), two), [1, 2]],
    ['extra fields', one({ ...ONE, note: { deep: [1, [2]] } }), [1, 2]],
    ['null metadata', safetensors({ __metadata__: null, a }, two), [1, 2]],
    ['f64 1e300', one({ dtype: 'F64', shape: [], data_offsets: [0, 8] }, new Uint8Array(Float64Array.of(1e300).buffer)), [1e300]],
    ['[2, 0]', one({ dtype: 'F32', shape: [2, 0], data_offsets: [0, 0] }, new Uint8Array(0)), []],
    ['rank 40', one({ ...ONE, shape: [...Array.from({ length: 39 }, () => 1), 2] }), [1, 2]],
    ['i8', one({ dtype: 'I8', shape: [2], data_offsets: [0, 2] }, Uint8Array.of(255, 3)), [-1, 3]],
  ])('%s', async (_, bytes, values) => {
    expect(await valuesOf(await loaded('weights.bin', bytes), 'a')).toEqual(values);
  });

  it('names are data: built-ins, twins of Unicode, 100,006 characters', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'caf\u00e9', 'cafe\u0301', 'n'.repeat(100_006), '', '../x', 'a b'];
    const header = `{${names.map((n, i) => `${JSON.stringify(n)}:{"dtype":"U8","shape":[1],"data_offsets":[${i},${i + 1}]}`).join(',')}}`;
    const checkpoint = await loaded('m.safetensors', safetensors(header, Uint8Array.from(names, (_, i) => i)));
    expect([...checkpoint.tensors.keys()].sort()).toEqual([...names].sort());
    for (const [i, n] of names.entries()) expect(await valuesOf(checkpoint, n)).toEqual([i]);
  });

  it('unordered header, several dtypes, natural order of names', async () => {
    const header = { b10: { dtype: 'I64', shape: [1], data_offsets: [8, 16] }, b2: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } };
    const checkpoint = await loaded('m.safetensors', safetensors(header, join(two, le(-5, 8))));
    expect([...checkpoint.tensors.keys()]).toEqual(['b2', 'b10']);
    expect(await valuesOf(checkpoint, 'b10')).toEqual([-5]);
  });

  it('integers beyond 2^53 keep their bytes and refuse to become numbers', async () => {
    for (const [dtype, value] of [['I64', 2n ** 53n + 1n], ['I64', -(2n ** 62n)], ['U64', 2n ** 64n - 1n]] as const) {
      const tensor = (await loaded('m.safetensors', one({ dtype, shape: [1], data_offsets: [0, 8] }, le(value, 8)))).tensors.get('a')!;
      expect(await tensor.bytes()).toEqual(le(value, 8));
      await expect(tensor.values()).rejects.toMatchObject({ code: 'inexact-integer', tensor: 'a' });
    }
    expect(await valuesOf(await loaded('m.safetensors', one({ dtype: 'U64', shape: [1], data_offsets: [0, 8] }, le(2n ** 53n, 8))), 'a')).toEqual([2 ** 53]);
  });

  it('complex and sub-byte tensors stand beside real ones', async () => {
    const header = { a, c: { dtype: 'C64', shape: [1], data_offsets: [8, 16] }, f: { dtype: 'F4', shape: [4], data_offsets: [16, 18] }, g: { dtype: 'F6_E2M3', shape: [4], data_offsets: [18, 21] } };
    const checkpoint = await loaded('m.safetensors', safetensors(header, join(two, two, new Uint8Array(5))));
    expect(await valuesOf(checkpoint, 'a')).toEqual([1, 2]);
    for (const name of ['c', 'f', 'g']) await expect(checkpoint.tensors.get(name)!.values()).rejects.toMatchObject({ code: 'dtype-without-values', tensor: name });
    expect(await checkpoint.tensors.get('c')!.bytes()).toEqual(two);
  });

  it('no tensors is empty, not refused', async () => {
    const checkpoint = await loaded('m.safetensors', safetensors('{}'));
    expect(checkpoint.tensors.size).toBe(0);
    expect(checkpoint.warnings[0]).toContain('holds no tensors');
  });

  it('keeps string metadata', async () => {
    const checkpoint = await loaded('m.safetensors', safetensors({ __metadata__: { act: 'gelu', n: '3' }, a }, two));
    expect([...checkpoint.metadata]).toEqual([['act', 'gelu'], ['n', '3']]);
  });
});

describe('large files', () => {
  it('6 GB opens by its header, edges and nothing else', async () => {
    const length = 6e9;
    const header = safetensors({ big: { dtype: 'U8', shape: [length], data_offsets: [0, length] } });
    let readBytes = 0;
    const source: ByteSource = {
      name: 'big.safetensors',
      size: header.length + length,
      async read(begin, end) {
        readBytes += end - begin;
        const out = new Uint8Array(end - begin);
        out.set(header.subarray(begin, Math.min(end, header.length)));
        return out;
      },
    };
    const { checkpoints, refusals } = await openFiles([source]);
    expect(refusals).toEqual([]);
    expect(checkpoints[0]!.tensors.get('big')!.shape).toEqual([length]);
    expect(readBytes).toBeLessThan(200_000);
  });

  // Measured 4 times as long as JSON.parse of the same text; anything quadratic would take thousands.
  it('100,000 tensors open in at most twelve times what JSON.parse takes for their header', async () => {
    const entries = Array.from({ length: 100_000 }, (_, i) => `"blocks.${i}.mlp.weight":{"dtype":"F16","shape":[2,1],"data_offsets":[${4 * i},${4 * i + 4}]}`);
    const bytes = safetensors(`{${entries.join(',')}}`, new Uint8Array(400_000));
    const ratios: number[] = [];
    for (let run = 0; run < 3; run++) {
      const begin = performance.now();
      JSON.parse(`{${entries.join(',')}}`);
      const parsed = performance.now();
      const checkpoint = await loaded('m.safetensors', bytes);
      ratios.push((performance.now() - parsed) / (parsed - begin));
      expect(checkpoint.tensors.size).toBe(100_000);
      expect([...checkpoint.tensors.keys()].slice(9, 12)).toEqual(['blocks.9.mlp.weight', 'blocks.10.mlp.weight', 'blocks.11.mlp.weight']);
    }
    expect(Math.min(...ratios)).toBeLessThan(12);
  });
});
