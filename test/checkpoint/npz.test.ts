import { describe, expect, it } from 'vitest';
import { f32, join, latin, le, loaded, npyOf, refused, valuesOf, zip, type Member } from './writers';

const array = npyOf('<f4', '(2,)', f32(1, 2));
const a: Member = { name: 'a.npy', data: array };
const good: Member = { name: 'good.npy', data: array };
const zeros = (n: number) => npyOf('|u1', `(${n},)`, new Uint8Array(n));
const flipped = array.slice();
flipped[flipped.length - 1]! ^= 1;

/** Members that cannot be read, each with its code and words. */
const bad: [string, Member, string, ...string[]][] = [
  ['CRC flip', { ...a, crc: 0x12345678 }, 'crc', '12345678', 'damaged'],
  ['a changed byte under the right CRC', { name: 'a.npy', data: flipped, crc: 0xdeadbeef, deflate: true }, 'crc', 'deadbeef'],
  ['local name differs', { ...a, localName: 'b.npy' }, 'zip-name-mismatch', '"b.npy"'],
  ['bzip2', { ...a, method: 12 }, 'zip-method', 'bzip2'],
  ['LZMA', { ...a, method: 14 }, 'zip-method', 'LZMA'],
  ['encrypted', { ...a, flags: 1 }, 'zip-encrypted', 'password'],
  ['CRC 0 is a wrong CRC in an npz', { ...a, crc: 0 }, 'crc'],
  ['a damaged deflate stream', { ...a, data: array.map((b) => b ^ 0xff), method: 8 }, 'zip-deflate'],
  ['wrong unpacked size', { ...a, deflate: true, size: array.length + 1 }, 'trailing-bytes', '1 bytes follow'],
  ['object array', { name: 'a.npy', data: npyOf('|O', '(1,)', f32(1, 2)) }, 'npy-dtype', 'Python objects'],
  ['not an array', { name: 'a.npy', data: latin('hello world, no array') }, 'npy-magic'],
  ['cut array', { name: 'a.npy', data: array.slice(0, -3) }, 'truncated', '5 of 8'],
];

describe('one bad member', () => {
  it.each(bad)('%s: refused alone', async (_, member, code, ...mentions) => {
    const refusal = await refused('w.npz', zip([member]));
    expect(refusal).toMatchObject({ code, tensor: expect.stringContaining('a') });
    for (const words of ['w.npz', '"a', ...mentions]) expect(refusal.message).toContain(words);
  });

  it.each(bad)('%s: named, and the good ones load', async (_, member, __, ...mentions) => {
    const checkpoint = await loaded('w.npz', zip([member, good]));
    expect([...checkpoint.tensors.keys()]).toEqual(['good']);
    expect(await valuesOf(checkpoint, 'good')).toEqual([1, 2]);
    for (const words of ['"a', ...mentions]) expect(checkpoint.warnings.join(' ')).toContain(words);
  });
});

describe('archives that must be refused', () => {
  const whole = zip([a, good]);
  it.each<[string, Uint8Array, string, ...string[]]>([
    ['duplicate member', zip([a, a]), 'zip-duplicate', '"a.npy"'],
    ['multi-disk', zip([a], { disks: 1 }), 'zip-multi-disk', 'several'],
    ['a member on another disk', zip([{ ...a, disk: 3 }]), 'zip-multi-disk', 'disk 3'],
    ['no directory', whole.slice(0, 80), 'zip-directory', 'cut'],
    ['wild directory offset', zip([a], { directoryOffset: 2 ** 31 }), 'zip-directory', '2,147,483,648'],
    ['count lie', zip([a], { entries: 7 }), 'zip-count', '7'],
    ['size lie, small', zip([{ name: 'a.npy', data: array, deflate: true, size: 2 ** 26 }]), 'zip-size', '67,108,864', '1032'],
    ['size lie, huge', zip([{ name: 'a.npy', data: array, deflate: true, size: 2 ** 32 - 2 }]), 'zip-size', '4,294,967,294'],
    ['stored size past the end', zip([{ ...a, size: 5000 }]), 'zip-range', '5,000'],
    ['16 overlapping members', zip(Array.from({ length: 16 }, (_, i) => ({ name: `${i}.npy`, data: array, offset: 0 }))), 'zip-overlap', 'overlaps'],
    ['two ends', join(whole.slice(0, -2), le(22, 2), zip([])), 'zip-directory', 'end-of-archive records'],
    ['RAR', join('Rar!\x1a\x07\x01\x00', new Uint8Array(40)), 'rar', 'RAR'],
    ['7z', join('7z\xbc\xaf\x27\x1c', new Uint8Array(40)), '7z', '7z'],
    ['empty archive', zip([]), 'no-tensors', 'empty'],
    ['no arrays', zip([{ name: 'readme.txt', data: latin('hi') }]), 'no-tensors', 'readme.txt'],
    ['noise', Uint8Array.from({ length: 300 }, (_, i) => (i * 97 + 13) & 255), 'unrecognised', 'first bytes'],
    ['cut', whole.slice(0, -10), 'zip-directory', 'missing'],
  ])('%s', async (_, bytes, code, ...mentions) => {
    const refusal = await refused('w.npz', bytes);
    expect(refusal.code).toBe(code);
    for (const words of ['w.npz', ...mentions]) expect(refusal.message).toContain(words);
  });
});

describe('odd but valid archives', () => {
  it.each<[string, Uint8Array]>([
    ['plain', zip([a])],
    ['Zip64', zip([{ ...a, zip64: true }], { zip64: true })],
    ['Zip64 behind a prefix', zip([{ ...a, zip64: true }], { zip64: true, prefix: latin('#!/bin/sh\n') })],
    ['streamed', zip([{ ...a, streamed: true }, { ...good, streamed: true, deflate: true }])],
    ['prefix bytes', zip([a], { prefix: new Uint8Array(1000).fill(7) })],
    ['deflate', zip([{ ...a, deflate: true }])],
    ['a folder entry', zip([{ name: 'x/', data: new Uint8Array(0) }, a])],
  ])('%s', async (_, bytes) => {
    expect(await valuesOf(await loaded('w.npz', bytes), 'a')).toEqual([1, 2]);
  });

  it('path-like and built-in names, other members named', async () => {
    const names = ['../../etc/passwd', '__proto__', 'constructor', 'C:\\x', 'caf\u00e9'];
    const checkpoint = await loaded('w.zip', zip([...names.map((n) => ({ name: `${n}.npy`, data: array })), { name: 'notes.txt', data: latin('hi') }]));
    expect([...checkpoint.tensors.keys()].sort()).toEqual([...names].sort());
    expect(checkpoint.warnings.join(' ')).toContain('"notes.txt"');
  });

  it('an honest 1 GiB of zeros in 1 MiB is listed without being unpacked', async () => {
    const { deflateRawSync } = await import('node:zlib');
    const n = 2 ** 30;
    // 64 blocks of 16 MiB, each flushed, joined by hand: the same stream as one of 1 GiB.
    const head = npyOf('|u1', `(${n},)`, new Uint8Array(0));
    const block = deflateRawSync(new Uint8Array(2 ** 24), { finishFlush: 2 });
    const packed = join(deflateRawSync(head, { finishFlush: 2 }), ...Array.from({ length: 64 }, () => new Uint8Array(block)), [3, 0]);
    const size = head.length + n;
    const local = join('PK\x03\x04', le(20, 2), le(8, 2), le(8, 2), le(0, 4), le(0, 12), le(5, 2), le(0, 2), 'z.npy', packed, 'PK\x07\x08', le(1, 4), le(packed.length, 4), le(size, 4));
    const central = join('PK\x01\x02', le(20, 2), le(20, 2), le(8, 2), le(8, 2), le(0, 4), le(1, 4), le(packed.length, 4), le(size, 4), le(5, 2), le(0, 12), le(0, 4), 'z.npy');
    const end = join('PK\x05\x06', le(0, 4), le(1, 2), le(1, 2), le(central.length, 4), le(local.length, 4), le(0, 2));
    const begin = performance.now();
    const checkpoint = await loaded('bomb.npz', join(local, central, end));
    expect(checkpoint.tensors.get('z')!.shape).toEqual([n]);
    expect(performance.now() - begin).toBeLessThan(1000);
  });

  it('a large archive is checked when it is read', async () => {
    const big = zeros(2 ** 26);
    const checkpoint = await loaded('w.npz', zip([{ name: 'big.npy', data: big, crc: 1 }, good]));
    expect([...checkpoint.tensors.keys()]).toEqual(['big', 'good']);
    await expect(checkpoint.tensors.get('big')!.values()).rejects.toMatchObject({ code: 'crc' });
    expect(await valuesOf(checkpoint, 'good')).toEqual([1, 2]);
  });
});
