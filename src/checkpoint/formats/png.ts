/**
 * A picture: a checkpoint of one tensor [height, width, 1 or 3] of u8 or u16, named by its file (PNG, third edition). What the header
 * declares is judged before anything is allocated; what is decoded has passed its CRCs and is exactly as long as it was declared.
 */
import { joinBytes } from '../../base/bytes';
import { crc32 } from '../crc32';
import { stem, type Contents, type FileFormat, type Sniffed } from '../format';
import { inflate, InflateError } from '../inflate';
import { count, quoted, refusal } from '../refusal';
import { windowed } from '../sources';
import { StoredTensor } from '../stored-tensor';
import type { ByteSource } from '../types';

export const PNG_MAGIC = '\x89PNG\r\n\x1a\n';
/** Decoded bytes of one picture. */
const MAX_DECODED = 2 ** 27;
const MAX_CHUNKS = 100_000;
const DAMAGED = 'The file is damaged: fetch it again.';

export const png: FileFormat = {
  format: 'PNG',
  recognises: ({ head }: Sniffed) => String.fromCharCode(...head.subarray(0, 8)) === PNG_MAGIC,

  async open({ source }: Sniffed): Promise<Contents> {
    const picture = await readStructure(source);
    const { width, height, depth, grey } = picture.header;
    const dtype = depth === 16 ? 'u16' : 'u8';
    const elements = { sliceable: false, read: async (begin: number, end: number) => (await decode(source, picture)).subarray(begin, end) };
    const tensor = new StoredTensor(stem(source.name), dtype, [height, width, grey ? 1 : 3], source.name, elements, picture.chunks.map((c) => `${c.type}:${c.begin}:${c.end}`).join(','));
    const warnings = picture.header.alpha || picture.chunks.some((c) => c.type === 'tRNS') ? [`${source.name}: its transparency was left out; only the colours are read.`] : [];
    return { tensors: [tensor], metadata: new Map(), warnings, shared: [] };
  },
};

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly interlaced: boolean;
  /** Samples of a pixel as stored: an index counts as one. */
  readonly channels: number;
  readonly palette: boolean;
  readonly grey: boolean;
  readonly alpha: boolean;
}

interface Chunk {
  readonly type: string;
  /** Where its data lies. */
  readonly begin: number;
  readonly end: number;
}

interface Structure {
  readonly header: Header;
  /** Those that make the picture, in file order. */
  readonly chunks: readonly Chunk[];
}

/** Depths that each colour type may have. */
const DEPTHS = new Map([[0, [1, 2, 4, 8, 16]], [2, [8, 16]], [3, [1, 2, 4, 8]], [4, [8, 16]], [6, [8, 16]]]);
const CHANNELS = new Map([[0, 1], [2, 3], [3, 1], [4, 2], [6, 4]]);

async function readStructure(file: ByteSource): Promise<Structure> {
  const source = windowed(file);
  const { name, size } = source;
  const cut = (expected: string) => refusal('png-cut', name, `the picture is cut after ${count(size)} bytes; expected ${expected}. Fetch it again.`);
  const chunks: Chunk[] = [];
  let header: Header | null = null;
  let at = 8;
  for (let seen = 0; ; seen++) {
    if (at + 12 > size) throw cut('its end (IEND)');
    if (seen === MAX_CHUNKS) throw refusal('png-chunks', name, `it has more than ${count(MAX_CHUNKS)} pieces; no picture has. Save it again.`);
    const bytes = await source.read(at, at + 8);
    const length = view(bytes).getUint32(0);
    const type = String.fromCharCode(...bytes.subarray(4));
    const chunk = { type, begin: at + 8, end: at + 8 + length };
    if (!/^[A-Za-z]{4}$/.test(type)) throw refusal('png-chunk', name, `at byte ${count(at)} there is ${quoted(type)} where a piece of the picture should begin. ${DAMAGED}`);
    if (chunk.end + 4 > size) throw cut(`${count(length)} bytes of ${type}`);
    if (header === null) {
      if (type !== 'IHDR' || length !== 13) throw refusal('png-header', name, `it begins with ${type} of ${count(length)} bytes; expected its header (IHDR). ${DAMAGED}`);
      header = readHeader(await source.read(chunk.begin, chunk.end + 4), name);
    } else if (type === 'IHDR') throw refusal('png-header', name, `it has two headers (IHDR); expected one. ${DAMAGED}`);
    if (type === 'acTL') throw refusal('png-animated', name, 'it is an animation; expected one picture. Save its frames as single pictures.');
    if (['IHDR', 'PLTE', 'tRNS', 'IDAT', 'IEND'].includes(type)) chunks.push(chunk);
    at = chunk.end + 4;
    if (type === 'IEND') break;
  }
  if (!chunks.some((c) => c.type === 'IDAT')) throw refusal('png-empty', name, `it has a header and no pixels (IDAT). ${DAMAGED}`);
  if (header.palette && !chunks.some((c) => c.type === 'PLTE')) throw refusal('png-palette', name, `its colours are numbers of a palette (PLTE) that is missing. ${DAMAGED}`);
  return { header, chunks };
}

/** `bytes`: the 13 bytes of IHDR and their CRC. */
function readHeader(bytes: Uint8Array, file: string): Header {
  const fields = view(bytes);
  const [width, height] = [fields.getUint32(0), fields.getUint32(4)];
  const [depth, colour, compression, filter, interlace] = bytes.subarray(8, 13) as unknown as [number, number, number, number, number];
  checkCrc('IHDR', bytes.subarray(0, 13), fields.getUint32(13), file);
  if (!DEPTHS.get(colour)?.includes(depth)) throw refusal('png-header', file, `its header gives colour type ${colour} with ${depth} bits, which PNG does not have. ${DAMAGED}`);
  if (compression !== 0 || filter !== 0 || interlace > 1) throw refusal('png-header', file, `its header asks for methods that PNG does not have (${compression}, ${filter}, ${interlace}). ${DAMAGED}`);
  if (width === 0 || height === 0) throw refusal('png-header', file, `its header says ${count(width)} × ${count(height)} pixels: there is nothing in it. ${DAMAGED}`);
  const channels = CHANNELS.get(colour)!;
  const decoded = width * height * Math.max(channels, 3) * (depth === 16 ? 2 : 1);
  if (decoded > MAX_DECODED) {
    throw refusal('png-too-large', file, `it declares ${count(width)} × ${count(height)} pixels, ${count(decoded)} bytes decoded; at most ${count(MAX_DECODED)} are. Save it smaller.`);
  }
  if (interlace === 1 && depth < 8) {
    throw refusal('png-interlaced', file, `it is interlaced with ${depth} bits a pixel, which is not read here. Save it without interlacing.`);
  }
  return { width, height, depth, interlaced: interlace === 1, channels, palette: colour === 3, grey: colour === 0 || colour === 4, alpha: colour >= 4 };
}

/** [height, width, 1 or 3] row-major, little-endian. */
async function decode(source: ByteSource, { header, chunks }: Structure): Promise<Uint8Array> {
  const { name } = source;
  const pieces: { type: string; bytes: Uint8Array; crc: number }[] = [];
  for (const { type, begin, end } of chunks) {
    if (type === 'tRNS') continue;
    const bytes = await source.read(begin, end + 4);
    const crc = view(bytes).getUint32(bytes.length - 4);
    pieces.push({ type, bytes: bytes.subarray(0, -4), crc });
    checkCrc(type, bytes.subarray(0, -4), crc, name);
  }
  await checkLength(pieces.filter((p) => p.type === 'IDAT').map((p) => p.bytes), header, name);
  const { decode: decodePng } = await import('fast-png');
  let data;
  try {
    ({ data } = decodePng(assembled(pieces)));
  } catch (error) {
    throw refusal('png-damaged', name, `its pixels could not be decoded (${error instanceof Error ? error.message : error}). ${DAMAGED}`);
  }
  const samples = unpacked(data as Uint8Array | Uint16Array, header);
  return header.palette ? coloured(samples, pieces.find((p) => p.type === 'PLTE')!.bytes, name) : littleEndian(withoutAlpha(samples, header));
}

function checkCrc(type: string, data: Uint8Array, expected: number, file: string): void {
  const found = crc32(data, crc32(Uint8Array.from(type, (c) => c.charCodeAt(0))));
  const hex = (n: number) => n.toString(16).padStart(8, '0');
  if (found !== expected) throw refusal('png-crc', file, `its piece ${type} has CRC-32 ${hex(found)}; the file says ${hex(expected)}. It was damaged on its way: fetch it again.`);
}

/** Inflates the pixels once with a bound: the decoder itself has none. */
async function checkLength(pixels: readonly Uint8Array[], { width, height, depth, channels, interlaced }: Header, file: string): Promise<void> {
  const compressed = joinBytes(pixels);
  const rows = (w: number, h: number) => (w > 0 && h > 0 ? h * (1 + Math.ceil((w * channels * depth) / 8)) : 0);
  // Adam7: x and y where each pass begins, and its steps.
  const passes = [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]] as const;
  const expected = interlaced ? passes.reduce((n, [x, y, dx, dy]) => n + rows(Math.ceil((width - x) / dx), Math.ceil((height - y) / dy)), 0) : rows(width, height);
  try {
    const { length } = await inflate('deflate', async (b, e) => compressed.subarray(b, e), 0, compressed.length, expected);
    if (length !== expected) throw refusal('png-size', file, `its pixels unpack to ${count(length)} bytes; ${count(expected)} were expected of ${count(width)} × ${count(height)} pixels. ${DAMAGED}`);
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    throw refusal('png-damaged', file, `the compressed data of its pixels ${error.message} (${count(expected)} bytes expected). ${DAMAGED}`);
  }
}

/** The picture again with nothing but what was checked. */
function assembled(pieces: readonly { type: string; bytes: Uint8Array; crc: number }[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [Uint8Array.from(PNG_MAGIC, (c) => c.charCodeAt(0))];
  for (const { type, bytes, crc } of pieces) {
    const [before, after] = [new Uint8Array(8), new Uint8Array(4)];
    view(before).setUint32(0, bytes.length);
    before.set(Uint8Array.from(type, (c) => c.charCodeAt(0)), 4);
    view(after).setUint32(0, crc);
    parts.push(before, bytes, after);
  }
  return joinBytes(parts);
}

/** One element a sample: rows of fewer than 8 bits are padded to whole bytes. Grey of fewer bits is spread over 0 to 255, indices are not. */
function unpacked(data: Uint8Array | Uint16Array, { width, height, depth, palette }: Header): Uint8Array | Uint16Array {
  if (depth >= 8) return data;
  const out = new Uint8Array(width * height);
  const stride = Math.ceil((width * depth) / 8);
  const most = 2 ** depth - 1;
  const scale = palette ? 1 : 255 / most;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      out[y * width + x] = ((data[y * stride + (bit >> 3)]! >> (8 - depth - (bit & 7))) & most) * scale;
    }
  }
  return out;
}

function withoutAlpha(samples: Uint8Array | Uint16Array, { alpha, channels }: Header): Uint8Array | Uint16Array {
  if (!alpha) return samples;
  const kept = channels - 1;
  const out = new (samples instanceof Uint16Array ? Uint16Array : Uint8Array)((samples.length / channels) * kept);
  for (let i = 0, at = 0; i < samples.length; i += channels) for (let c = 0; c < kept; c++) out[at++] = samples[i + c]!;
  return out;
}

function coloured(indices: Uint8Array | Uint16Array, palette: Uint8Array, file: string): Uint8Array {
  const out = new Uint8Array(indices.length * 3);
  for (let i = 0; i < indices.length; i++) {
    const from = 3 * indices[i]!;
    if (from + 3 > palette.length) throw refusal('png-palette', file, `pixel ${count(i)} is colour ${indices[i]}, but its palette has ${Math.floor(palette.length / 3)}. ${DAMAGED}`);
    out.set(palette.subarray(from, from + 3), 3 * i);
  }
  return out;
}

function littleEndian(samples: Uint8Array | Uint16Array): Uint8Array {
  if (samples instanceof Uint8Array) return samples;
  const out = new Uint8Array(2 * samples.length);
  const words = view(out);
  samples.forEach((v, i) => words.setUint16(2 * i, v, true));
  return out;
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
