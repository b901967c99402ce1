/**
 * safetensors: u64 header length, a JSON header, raw little-endian elements. The rules are those of huggingface/safetensors
 * (safetensors/src/tensor.rs), kept strictly: no name twice, no hole, no overlap, nothing after the last byte.
 */
import { BITS } from '../dtype';
import type { Contents, FileFormat, Sniffed } from '../format';
import { count, quoted, refusal, truncated } from '../refusal';
import { elementCount, StoredTensor, type Elements } from '../stored-tensor';
import { parseStrictJson, Real, type Json } from '../strict-json';
import type { ByteSource, DType } from '../types';

const MAX_HEADER = 100_000_000;
const MAX_TENSORS = 1_000_000;

const DTYPES = new Map<string, DType>([
  ['BOOL', 'bool'], ['U8', 'u8'], ['I8', 'i8'], ['U16', 'u16'], ['I16', 'i16'], ['U32', 'u32'], ['I32', 'i32'], ['U64', 'u64'], ['I64', 'i64'],
  ['F16', 'f16'], ['BF16', 'bf16'], ['F32', 'f32'], ['F64', 'f64'], ['C64', 'c64'], ['F8_E4M3', 'f8_e4m3'], ['F8_E5M2', 'f8_e5m2'],
  ['F8_E8M0', 'f8_e8m0'], ['F8_E4M3FNUZ', 'f8_e4m3fnuz'], ['F8_E5M2FNUZ', 'f8_e5m2fnuz'], ['F4', 'f4'], ['F6_E2M3', 'f6_e2m3'], ['F6_E3M2', 'f6_e3m2'],
]);

export const safetensors: FileFormat = {
  format: 'safetensors',

  recognises({ source, head, extension }: Sniffed): boolean {
    if (extension === 'safetensors') return true;
    if (head.length < 9) return false;
    // Any extension: a plausible length in front of a brace, spaces allowed.
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const length = view.getUint32(0, true);
    return view.getUint32(4, true) === 0 && length >= 2 && length <= Math.min(MAX_HEADER, source.size) && /^ *\{/.test(String.fromCharCode(...head.subarray(8, 64)));
  },

  async open({ source }: Sniffed): Promise<Contents> {
    const { file, header, dataBegin } = await readHeader(source);
    const entries: Entry[] = [];
    let metadata = new Map<string, string>();
    for (const [name, value] of header) {
      if (name === '__metadata__') metadata = readMetadata(value, file);
      else entries.push(readEntry(name, value, file));
    }
    if (entries.length > MAX_TENSORS) throw refusal('too-many-tensors', file, `it names ${count(entries.length)} tensors; at most ${count(MAX_TENSORS)} are read.`);
    checkCover(entries, source.size - dataBegin, dataBegin, source);
    const tensors = entries.map(({ name, dtype, shape, begin, end }) => new StoredTensor(name, dtype, shape, file, new FileRange(source, dataBegin + begin), `${begin}:${end}`));
    return { tensors, metadata, warnings: tensors.length === 0 ? ['The file is sound but holds no tensors.'] : [], shared: [] };
  },
};

/** A tensor's bytes as they lie in the file. */
class FileRange implements Elements {
  readonly sliceable = true;

  readonly readInto;

  constructor(
    private readonly source: ByteSource,
    private readonly base: number,
  ) {
    this.readInto = source.readInto && ((begin: number, bytes: Uint8Array) => source.readInto!(base + begin, bytes));
  }

  read(begin: number, end: number): Promise<Uint8Array> {
    return this.source.read(this.base + begin, this.base + end);
  }
}

interface Entry {
  name: string;
  dtype: DType;
  shape: number[];
  begin: number;
  end: number;
}

async function readHeader(source: ByteSource): Promise<{ file: string; header: Map<string, Json>; dataBegin: number }> {
  const file = source.name;
  if (source.size < 8) throw refusal('truncated', file, `it has ${source.size} bytes; a safetensors file begins with 8 bytes that give the length of its header. Fetch it again.`);
  const head = await source.read(0, 8);
  const view = new DataView(head.buffer, head.byteOffset, 8);
  const length = view.getBigUint64(0, true);
  const hint = view.getBigUint64(0, false) <= BigInt(source.size) ? ' Read as big-endian it would fit: the file was written with the wrong byte order.' : ' Fetch it again, or check that it is a safetensors file.';
  if (length < 2n) throw refusal('header-length', file, `its header length is ${length}; a header has at least the 2 bytes {}.${hint}`);
  if (length > BigInt(MAX_HEADER)) throw refusal('header-length', file, `its header length is ${count(length)} bytes; at most ${count(MAX_HEADER)} are allowed.${hint}`);
  const dataBegin = 8 + Number(length);
  if (dataBegin > source.size) throw refusal('truncated', file, `the header ends at byte ${count(dataBegin)}, but the file has only ${count(source.size)} bytes: ${count(source.size)} of ${count(dataBegin)}.${hint}`);
  const header = parseStrictJson(await source.read(8, dataBegin), file, 'the header');
  if (!(header instanceof Map)) throw refusal('bad-header', file, 'its header is JSON but not an object of tensors. Write the file again with the safetensors library.');
  return { file, header, dataBegin };
}

function readMetadata(value: Json, file: string): Map<string, string> {
  const text = new Map<string, string>();
  if (value === null) return text;
  const fail = (found: string) => refusal('bad-metadata', file, `${found}; expected an object of strings. Write the file again with the safetensors library.`, '__metadata__');
  if (!(value instanceof Map)) throw fail(`it is ${kind(value)}`);
  for (const [key, item] of value) {
    if (typeof item !== 'string') throw fail(`its field ${quoted(key)} is ${kind(item)}`);
    text.set(key, item);
  }
  return text;
}

function badEntry(file: string, name: string, code: string, sentence: string) {
  return refusal(code, file, `${sentence} Write the file again with the safetensors library.`, name);
}

function readEntry(name: string, value: Json, file: string): Entry {
  if (!(value instanceof Map)) throw badEntry(file, name, 'bad-entry', `its header entry is ${kind(value)}; expected dtype, shape and data_offsets.`);
  const stated = value.get('dtype');
  const dtype = typeof stated === 'string' ? DTYPES.get(stated) : undefined;
  if (dtype === undefined) throw badEntry(file, name, 'bad-dtype', `its dtype is ${typeof stated === 'string' ? quoted(stated) : kind(stated)}; expected one of ${[...DTYPES.keys()].join(', ')}.`);
  const shape = value.get('shape');
  if (!Array.isArray(shape) || !shape.every(isSize)) throw badEntry(file, name, 'bad-shape', `its shape is ${show(shape)}; expected a list of whole numbers from 0 on.`);
  const offsets = value.get('data_offsets');
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) throw badEntry(file, name, 'bad-offsets', `its data_offsets are ${show(offsets)}; expected two whole numbers from 0 on.`);
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw badEntry(file, name, 'bad-offsets', `its data begins at ${count(begin)} and ends before, at ${count(end)}.`);
  const n = elementCount(shape);
  if (n === null || n * BITS[dtype] > Number.MAX_SAFE_INTEGER) throw badEntry(file, name, 'shape-too-large', `its shape ${show(shape)} counts more elements than any file can hold.`);
  const bits = n * BITS[dtype];
  if (bits % 8 !== 0) throw badEntry(file, name, 'bad-shape', `its ${count(n)} elements of ${BITS[dtype]} bits do not fill whole bytes.`);
  if (bits / 8 !== end - begin) throw badEntry(file, name, 'shape-size-mismatch', `its shape ${show(shape)} of ${String(stated)} needs ${count(bits / 8)} bytes; its data_offsets give ${count(end - begin)}.`);
  return { name, dtype, shape, begin, end };
}

/** The tensors, in order of their data, must cover [0, size) exactly. */
function checkCover(entries: readonly Entry[], size: number, dataBegin: number, source: ByteSource): void {
  const file = source.name;
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  let before = '';
  for (const { name, begin, end } of sorted) {
    if (begin < at) throw refusal('overlap', file, `its data begins at ${count(begin)}, inside that of ${quoted(before)}, which ends at ${count(at)}; expected separate ranges. Write the file again with the safetensors library.`, name);
    if (begin > at) throw refusal('hole', file, `${count(begin - at)} bytes in front of its data, from ${count(at)} on, belong to no tensor; expected none. Write the file again with the safetensors library.`, name);
    if (end > size) throw truncated(file, source.size, dataBegin + sorted[sorted.length - 1]!.end, name);
    at = end;
    before = name;
  }
  if (at !== size) throw refusal('trailing-bytes', file, `${count(size - at)} bytes follow the last tensor; expected none. Something was appended to the file: fetch it again.`);
}

function isSize(value: Json | undefined): value is number {
  return typeof value === 'number' && value >= 0;
}

function kind(value: Json | undefined): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Map) return 'an object';
  return typeof value === 'string' ? 'a text' : typeof value === 'boolean' ? String(value) : 'a number';
}

/** A short picture of a header value. */
function show(value: Json | undefined): string {
  if (!Array.isArray(value)) return kind(value);
  const items = value.slice(0, 6).map((item) => (item instanceof Real ? `${item.value} (not whole)` : typeof item === 'number' || typeof item === 'bigint' ? String(item).slice(0, 24) : kind(item)));
  return `[${items.join(', ')}${value.length > 6 ? ', …' : ''}]`;
}
