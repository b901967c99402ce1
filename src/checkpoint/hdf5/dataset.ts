/** The elements of a dataset (section IV.A.2.i and l): compact, contiguous, or in chunks behind deflate, shuffle and a checksum. */
import { inflate, InflateError } from '../inflate';
import { count, refusal } from '../refusal';
import { elementCount, type Elements } from '../stored-tensor';
import { damaged, type Blocks } from './bytes';
import { leaves } from './group';
import { MESSAGE, type Message } from './object-header';

const CHUNKED = 2;
const FILTERS: ReadonlyMap<number, string> = new Map([[4, 'szip'], [5, 'nbit'], [6, 'scale-offset'], [32000, 'LZF'], [32001, 'Blosc'], [32004, 'LZ4'], [32013, 'ZFP'], [32015, 'Zstandard']]);
const DEFLATE = 1;
const SHUFFLE = 2;
const CHECKSUM = 3;
/** A deflate stream cannot expand further than this (RFC 1951). */
const MAX_EXPANSION = 1032;
const MAX_CHUNKED = 2 ** 31;

export interface Stored {
  readonly elements: Elements;
  /** Where they lie, for the fingerprint. */
  readonly place: string;
}

/** @param width bytes of an element. Throws InputError where the file does not have all of them. */
export function readLayout(blocks: Blocks, messages: readonly Message[], shape: readonly number[], width: number, name: string): Stored {
  const { file } = blocks;
  const refuse = (code: string, sentence: string) => refusal(code, file, `${sentence} Save it again with Keras.`, name);
  if (messages.some((m) => m.type === MESSAGE.external)) throw refuse('hdf5-external', 'its data lies in another file; expected it in this one.');
  const n = elementCount(shape);
  const total = n === null ? Infinity : n * width;
  if (!Number.isSafeInteger(total)) throw damaged(file, `its shape [${shape.join(', ')}] counts more elements than any file can hold`, name);
  const data = messages.find((m) => m.type === MESSAGE.layout)?.data;
  if (!data) throw damaged(file, 'it does not say where its data lies', name);

  const version = data.u8();
  let kind: number;
  let address: number | null = null;
  let chunk: number[] = [];
  if (version === 1 || version === 2) {
    const rank = data.u8();
    kind = data.u8();
    data.skip(5);
    if (kind !== 0) address = data.address();
    chunk = Array.from({ length: rank }, () => data.u32());
    if (kind === CHUNKED) chunk.splice(shape.length, 1, width);
  } else if (version === 3 || version === 4) {
    kind = data.u8();
    if (kind === CHUNKED && version === 4) throw refuse('hdf5-layout', 'its chunks are indexed in the form of HDF5 1.10 (libver="latest"), which is not read here.');
    if (kind === CHUNKED) {
      const rank = data.u8();
      address = data.address();
      chunk = Array.from({ length: rank }, () => data.u32());
    } else if (kind === 1) address = data.address();
  } else throw damaged(file, `its layout has version ${version}; expected 1 to 4`, name);

  if (total === 0) return { elements: inMemory(new Uint8Array(0)), place: 'empty' };
  if (kind === 0) {
    const size = version < 3 ? data.u32() : data.u16();
    if (size !== total) throw damaged(file, `its shape needs ${count(total)} bytes and ${count(size)} are stored`, name);
    return { elements: inMemory(data.take(size)), place: 'compact' };
  }
  if (address === null) throw refuse('hdf5-unwritten', `its ${count(total)} bytes were never written.`);
  if (kind === 1) {
    const start = address;
    blocks.check(start, total, 'its data', name);
    return { elements: { sliceable: true, read: (begin, end) => blocks.bytes(start + begin, end - begin, 'its data') }, place: `${start}` };
  }
  if (kind !== CHUNKED) throw refuse('hdf5-layout', `its data is laid out in a way (${kind}) that is not read here.`);
  const chunks = chunk.slice(0, -1);
  if (chunk.length !== shape.length + 1 || chunk.at(-1) !== width || chunks.includes(0)) throw damaged(file, `its chunks [${chunk.join(', ')}] do not fit its shape [${shape.join(', ')}]`, name);
  const filters = readFilters(messages, refuse);
  if (total > MAX_CHUNKED || total > blocks.size * (filters.some((f) => f.id === DEFLATE) ? MAX_EXPANSION : 1)) {
    throw damaged(file, `its shape [${shape.join(', ')}] needs ${count(total)} bytes, which ${count(blocks.size)} bytes of chunks cannot hold`, name);
  }
  const root = address;
  const whole = () => joinChunks({ blocks, shape, width, chunks, filters, root, total, name });
  let kept: Promise<Uint8Array> | null = null;
  return {
    elements: {
      sliceable: false,
      // Asked for in slices, the whole is made once and let go with the last of them.
      async read(begin, end) {
        kept ??= whole();
        const bytes = (await kept).subarray(begin, end);
        if (end === total) kept = null;
        return bytes;
      },
    },
    place: `chunks ${root}`,
  };
}

function inMemory(bytes: Uint8Array): Elements {
  return { sliceable: true, read: async (begin, end) => bytes.subarray(begin, end) };
}

interface Filter {
  readonly id: number;
}

function readFilters(messages: readonly Message[], refuse: (code: string, sentence: string) => Error): Filter[] {
  const data = messages.find((m) => m.type === MESSAGE.filters)?.data;
  if (!data) return [];
  const version = data.u8();
  const n = data.u8();
  if (version === 1) data.skip(6);
  return Array.from({ length: n }, () => {
    const id = data.u16();
    const nameSize = version === 1 || id >= 256 ? data.u16() : 0;
    data.skip(2);
    const values = data.u16();
    data.skip(version === 1 ? Math.ceil(nameSize / 8) * 8 : nameSize);
    data.skip(4 * values + (version === 1 && values % 2 === 1 ? 4 : 0));
    if (![DEFLATE, SHUFFLE, CHECKSUM].includes(id)) throw refuse('hdf5-filter', `it is packed with ${FILTERS.get(id) ?? `filter ${id}`}; expected gzip (deflate) or nothing.`);
    return { id };
  });
}

interface Chunked {
  blocks: Blocks;
  shape: readonly number[];
  width: number;
  chunks: readonly number[];
  filters: readonly Filter[];
  root: number;
  total: number;
  name: string;
}

/** Every chunk unpacked and put in its place; all must be there, each once. */
async function joinChunks({ blocks, shape, width, chunks, filters, root, total, name }: Chunked): Promise<Uint8Array> {
  const { file } = blocks;
  const chunkBytes = chunks.reduce((a, b) => a * b, width);
  if (!(chunkBytes <= MAX_CHUNKED)) throw damaged(file, `its chunks are of ${count(chunkBytes)} bytes each`, name);
  const expected = shape.reduce((a, size, axis) => a * Math.ceil(size / chunks[axis]!), 1);
  const out = new Uint8Array(total);
  const seen = new Set<string>();
  for await (const { key, child } of leaves(blocks, root, 1, () => 8 + 8 * (shape.length + 1), 'a dataset')) {
    const size = key.u32();
    const mask = key.u32();
    const start = shape.map(() => key.uint(8));
    const place = start.join();
    if (seen.has(place) || start.some((at, axis) => at % chunks[axis]! !== 0 || at >= shape[axis]!)) throw damaged(file, `a chunk at [${place}] is there twice or has no place in its shape [${shape.join(', ')}]`, name);
    seen.add(place);
    let bytes = await blocks.bytes(child, size, 'a chunk');
    for (let i = filters.length - 1; i >= 0; i--) {
      if (mask & (1 << i)) continue;
      const { id } = filters[i]!;
      if (id === CHECKSUM) bytes = checked(bytes, file, name);
      else if (id === SHUFFLE) bytes = unshuffle(bytes, width);
      else bytes = await unpack(bytes, chunkBytes + 4, file, name);
    }
    if (bytes.length !== chunkBytes) throw damaged(file, `a chunk has ${count(bytes.length)} bytes; ${count(chunkBytes)} were expected`, name);
    copyInto(bytes, start, chunks, out, shape, width);
  }
  if (seen.size !== expected) throw damaged(file, `${count(expected - seen.size)} of its ${count(expected)} chunks are missing`, name);
  return out;
}

async function unpack(bytes: Uint8Array, limit: number, file: string, name: string): Promise<Uint8Array> {
  try {
    return await inflate('deflate', async (b, e) => bytes.subarray(b, e), 0, bytes.length, limit);
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    throw damaged(file, `its compressed data ${error.message}`, name);
  }
}

/** Byte k of all elements lies together: back to elements. */
function unshuffle(bytes: Uint8Array, width: number): Uint8Array {
  const n = Math.floor(bytes.length / width);
  const out = bytes.slice();
  for (let k = 0; k < width; k++) for (let i = 0; i < n; i++) out[i * width + k] = bytes[k * n + i]!;
  return out;
}

/** Without the Fletcher-32 sum at its end (of big-endian 16-bit words, as H5_checksum_fletcher32 computes it), which must agree. */
function checked(bytes: Uint8Array, file: string, name: string): Uint8Array {
  const n = bytes.length - 4;
  if (n < 0) throw damaged(file, 'a chunk is shorter than its checksum', name);
  let low = 0;
  let high = 0;
  for (let i = 0; i < n; i += 2) {
    low = (low + ((bytes[i]! << 8) | (i + 1 < n ? bytes[i + 1]! : 0))) % 65535;
    high = (high + low) % 65535;
  }
  const stored = bytes[n]! | (bytes[n + 1]! << 8) | (bytes[n + 2]! << 16) | (bytes[n + 3]! << 24);
  // 0 and 65535 are the same in ones' complement.
  const same = (a: number, b: number) => a % 65535 === b % 65535;
  if (!same(low, stored & 0xffff) || !same(high, stored >>> 16)) throw damaged(file, 'the checksum of a chunk does not agree with its bytes', name);
  return bytes.subarray(0, n);
}

/** Copies the part of a chunk that lies inside the shape, row by row. */
function copyInto(chunk: Uint8Array, start: readonly number[], chunks: readonly number[], out: Uint8Array, shape: readonly number[], width: number): void {
  const inner = shape.length - 1;
  const extent = shape.map((size, axis) => Math.min(chunks[axis]!, size - start[axis]!));
  const rows = extent.slice(0, inner).reduce((a, b) => a * b, 1);
  const run = (extent[inner] ?? 1) * width;
  for (let row = 0; row < rows; row++) {
    let rest = row;
    let from = 0;
    let to = start[inner] ?? 0;
    let fromStep = chunks[inner] ?? 1;
    let toStep = shape[inner] ?? 1;
    for (let axis = inner - 1; axis >= 0; axis--) {
      const i = rest % extent[axis]!;
      rest = Math.floor(rest / extent[axis]!);
      from += i * fromStep;
      to += (start[axis]! + i) * toStep;
      fromStep *= chunks[axis]!;
      toStep *= shape[axis]!;
    }
    out.set(chunk.subarray(from * width, from * width + run), to * width);
  }
}
