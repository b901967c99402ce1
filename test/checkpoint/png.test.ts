/** Pictures as Pillow writes and reads them, and pictures that no program would write. */
import { readFileSync } from 'node:fs';
import { join as path } from 'node:path';
import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/checkpoint/crc32';
import { join, latin, loaded, open, refused, text } from './writers';

const FOLDER = path(import.meta.dirname, '../fixtures/pictures');
const { pixels } = JSON.parse(readFileSync(path(FOLDER, 'pictures.json'), 'utf8')) as { pixels: Record<string, { shape: number[]; values: number[]; most: number }> };

const be = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
const chunk = (type: string, data: Uint8Array | number[] = []) => join(be(data.length), type, [...data], be(crc32(join(type, [...data]))));
const header = (width: number, height: number, depth: number, colour: number, interlace = 0) => chunk('IHDR', [...be(width), ...be(height), depth, colour, 0, 0, interlace]);
const MAGIC = '\x89PNG\r\n\x1a\n';
const pngOf = (...chunks: Uint8Array[]) => join(MAGIC, ...chunks, chunk('IEND'));
const idat = (...bytes: number[]) => chunk('IDAT', new Uint8Array(deflateSync(Uint8Array.from(bytes))));

async function valuesOf(bytes: Uint8Array): Promise<{ dtype: string; shape: readonly number[]; values: number[] }> {
  const tensor = [...(await loaded('a.png', bytes)).tensors.values()][0]!;
  return { dtype: tensor.dtype, shape: tensor.shape, values: [...(await tensor.values())] };
}

describe('pictures', () => {
  it.each(Object.keys(pixels))('%s has the pixels that Pillow reads', async (name) => {
    const { shape, values, most } = pixels[name]!;
    expect(await valuesOf(new Uint8Array(readFileSync(path(FOLDER, name))))).toEqual({ dtype: most === 255 ? 'u8' : 'u16', shape, values });
  });

  it('are tensors [height, width, channels], and say that transparency was left out', async () => {
    const checkpoint = await loaded('run/cat.png', new Uint8Array(readFileSync(path(FOLDER, 'alpha.png'))));
    expect([checkpoint.format, [...checkpoint.tensors.keys()], checkpoint.warnings]).toEqual(['PNG', ['cat'], ['run/cat.png: its transparency was left out; only the colours are read.']]);
  });

  it('grey of two and four bits is spread over 0 to 255; rows are padded to whole bytes', async () => {
    expect(await valuesOf(pngOf(header(3, 1, 4, 0), idat(0, 0x0f, 0x80)))).toMatchObject({ shape: [1, 3, 1], values: [0, 255, 136] });
    expect(await valuesOf(pngOf(header(5, 2, 2, 0), idat(0, 0b00011011, 0b11000000, 0, 0b11100100, 0)))).toMatchObject({ values: [0, 85, 170, 255, 255, 255, 170, 85, 0, 0] });
  });

  it('interlaced pictures and 16-bit colours', async () => {
    // 2 × 2: pass 1 has the pixel at (0, 0), pass 6 that at (1, 0), pass 7 the row below.
    expect(await valuesOf(pngOf(header(2, 2, 8, 0, 1), idat(0, 10, 0, 20, 0, 30, 40)))).toMatchObject({ values: [10, 20, 30, 40] });
    expect(await valuesOf(pngOf(header(1, 1, 16, 2), idat(0, 1, 0, 0, 2, 255, 255)))).toMatchObject({ dtype: 'u16', values: [256, 2, 65535] });
  });

  it.each<[string, Uint8Array, string, string]>([
    ['a hostile size', pngOf(header(2 ** 31 - 1, 2 ** 31 - 1, 16, 6), idat(0)), 'png-too-large', '2,147,483,647 × 2,147,483,647'],
    ['no pixels at all', pngOf(header(0, 5, 8, 0), idat(0)), 'png-header', 'nothing in it'],
    ['a depth that does not exist', pngOf(header(1, 1, 3, 2), idat(0)), 'png-header', 'colour type 2 with 3 bits'],
    ['a header with a wrong CRC', join(MAGIC, header(1, 1, 8, 0).slice(0, -1), [0], idat(0, 1), chunk('IEND')), 'png-crc', 'CRC-32'],
    ['no header', pngOf(idat(0, 1)), 'png-header', 'IDAT'],
    ['no data', pngOf(header(1, 1, 8, 0)), 'png-empty', 'no pixels'],
    ['no palette', pngOf(header(1, 1, 8, 3), idat(0, 0)), 'png-palette', 'missing'],
    ['a cut file', pngOf(header(1, 1, 8, 0), idat(0, 1)).slice(0, -14), 'png-cut', 'cut after'],
    ['an animation', pngOf(header(1, 1, 8, 0), chunk('acTL', [0, 0, 0, 1, 0, 0, 0, 0]), idat(0, 1)), 'png-animated', 'animation'],
    ['noise between the pieces', pngOf(header(1, 1, 8, 0), join([0, 0, 0, 0], '\0\0\0\0', [0, 0, 0, 0])), 'png-chunk', 'damaged'],
    ['interlaced bits', pngOf(header(8, 8, 1, 0, 1), idat(0)), 'png-interlaced', 'interlac'],
  ])('%s: refused when it is opened', async (_, bytes, code, words) => {
    const refusal = await refused('a.png', bytes);
    expect(refusal).toMatchObject({ code, file: 'a.png' });
    expect(refusal.message).toContain(words);
  });

  it.each<[string, Uint8Array, string, string]>([
    ['more data than declared', pngOf(header(1, 1, 8, 0), chunk('IDAT', new Uint8Array(deflateSync(new Uint8Array(2 ** 22))))), 'png-damaged', 'more bytes than it declares'],
    ['less data than declared', pngOf(header(4, 4, 8, 0), idat(0, 1, 2, 3, 4)), 'png-size', '20 were expected'],
    ['data that is not compressed', pngOf(header(1, 1, 8, 0), chunk('IDAT', text('not zlib'))), 'png-damaged', 'damaged'],
    ['a wrong CRC of the pixels', join(MAGIC, header(1, 1, 8, 0), idat(0, 1).map((b, i, all) => (i === all.length - 1 ? b ^ 1 : b)), chunk('IEND')), 'png-crc', 'IDAT'],
    ['a filter that does not exist', pngOf(header(1, 1, 8, 0), idat(9, 1)), 'png-damaged', 'filter'],
    ['a colour outside the palette', pngOf(header(1, 1, 8, 3), chunk('PLTE', [1, 2, 3]), idat(0, 7)), 'png-palette', 'colour 7'],
  ])('%s: refused when it is decoded', async (_, bytes, code, words) => {
    const { checkpoints } = await open('a.png', bytes);
    await expect([...checkpoints[0]!.tensors.values()][0]!.values()).rejects.toMatchObject({ code, file: 'a.png', message: expect.stringContaining(words) });
  });

  it('a profile that would unpack to gigabytes is never unpacked', async () => {
    const profile = chunk('iCCP', join(latin('bomb\0\0'), new Uint8Array(deflateSync(new Uint8Array(2 ** 24)))));
    expect(await valuesOf(pngOf(header(1, 1, 8, 0), profile, idat(0, 7)))).toMatchObject({ values: [7] });
  });
});
