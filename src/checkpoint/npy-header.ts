/** The header of numpy's .npy format, versions 1 to 3 (numpy/lib/format.py): a Python dict literal with exactly three keys. */
import { BITS } from './dtype';
import { count, quoted, refusal } from './refusal';
import { elementCount } from './stored-tensor';
import type { DType } from './types';

/** Longest header that is read; numpy itself stops at 10,000. */
export const MAX_NPY_HEADER = 65_536;
export const NPY_MAGIC = '\x93NUMPY';
/** Bytes that surely hold magic, version and header length. */
export const NPY_PREAMBLE = 12;

export interface NpyHeader {
  dtype: DType;
  bigEndian: boolean;
  fortran: boolean;
  shape: number[];
  /** Where the elements begin. */
  begin: number;
  /** True for bfloat16, which numpy writes as raw two-byte data. */
  raw: boolean;
}

const DTYPES = new Map<string, DType>([
  ['b1', 'bool'], ['?', 'bool'], ['u1', 'u8'], ['i1', 'i8'], ['u2', 'u16'], ['i2', 'i16'], ['u4', 'u32'], ['i4', 'i32'], ['u8', 'u64'], ['i8', 'i64'],
  ['f2', 'f16'], ['f4', 'f32'], ['f8', 'f64'], ['c8', 'c64'], ['c16', 'c128'], ['V2', 'bf16'],
]);

const UNREADABLE: readonly [RegExp, string][] = [
  [/^O/, 'Python objects, which can only be read by running code. Save numbers: np.save(path, np.asarray(a, dtype=np.float64))'],
  [/^(f16|f12|c32|c24)$/, 'long doubles (128-bit floats), which differ between machines. Save a.astype(np.float64)'],
  [/^[SUa]/, 'text. Save numbers only'],
  [/^[Mm]/, 'dates or time spans. Save a.astype(np.float64)'],
  [/^V/, 'raw bytes of unknown meaning. Save a.astype(np.float32)'],
];

/** Where the header ends, from the first NPY_PREAMBLE bytes (fewer where the file is shorter). Throws InputError. */
export function npyHeaderEnd(preamble: Uint8Array, file: string, tensor?: string): { textBegin: number; end: number } {
  if (preamble.length < 10) throw refusal('truncated', file, `it has ${preamble.length} bytes; a .npy header needs at least 10. Fetch it again.`, tensor);
  if (String.fromCharCode(...preamble.subarray(0, 6)) !== NPY_MAGIC) throw refusal('npy-magic', file, 'it does not begin with the mark of a numpy array (\\x93NUMPY). It is not a .npy file, or it is damaged: save it again with np.save.', tensor);
  const major = preamble[6]!;
  if (major < 1 || major > 3 || preamble[7] !== 0) throw refusal('npy-version', file, `its .npy version is ${major}.${preamble[7]}; 1.0, 2.0 and 3.0 are known. Save it again with np.save.`, tensor);
  const wide = major > 1;
  if (wide && preamble.length < 12) throw refusal('truncated', file, `it has ${preamble.length} bytes; its .npy header needs at least 12. Fetch it again.`, tensor);
  const view = new DataView(preamble.buffer, preamble.byteOffset, preamble.byteLength);
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true);
  if (length > MAX_NPY_HEADER) throw refusal('npy-header', file, `its .npy header claims ${count(length)} bytes; at most ${count(MAX_NPY_HEADER)} are read. It is damaged: save it again with np.save.`, tensor);
  const textBegin = wide ? 12 : 10;
  return { textBegin, end: textBegin + length };
}

/** Reads the header text and checks that `dataBytes` bytes follow. Throws InputError. */
export function parseNpyHeader(text: Uint8Array, begin: number, dataBytes: number, file: string, tensor?: string): NpyHeader {
  const fail = (code: string, found: string) => refusal(code, file, `${found} Save it again with np.save.`, tensor);
  const literal = new TextDecoder('latin1').decode(text).trim();
  const fields = readDict(literal, (found) => fail('npy-header', `its .npy header ${found}; expected {'descr': …, 'fortran_order': …, 'shape': …}.`));
  const missing = ['descr', 'fortran_order', 'shape'].filter((key) => !fields.has(key));
  if (missing.length > 0 || fields.size > 3) throw fail('npy-header', `its .npy header has the keys ${[...fields.keys()].slice(0, 6).map(quoted).join(', ') || '(none)'}; expected exactly descr, fortran_order and shape.`);
  const order = fields.get('fortran_order');
  if (order !== 'True' && order !== 'False') throw fail('npy-header', `its fortran_order is ${quoted(order!)}; expected True or False.`);
  const shape = readShape(fields.get('shape')!);
  if (shape === null) throw fail('bad-shape', `its shape is ${quoted(fields.get('shape')!)}; expected a tuple of whole numbers from 0 on.`);
  const descr = fields.get('descr')!;
  const match = /^(['"])([<>|=]?)([^'"]*)\1$/.exec(descr);
  if (match === null) throw fail('npy-dtype', `its dtype is ${quoted(descr)}, a structured one; expected one plain number type. Save each field as an array of its own.`);
  const code = match[3]!;
  const dtype = DTYPES.get(code);
  if (dtype === undefined) {
    const reason = UNREADABLE.find(([pattern]) => pattern.test(code))?.[1];
    throw refusal('npy-dtype', file, reason ? `it holds ${reason} (dtype ${quoted(descr)}).` : `its dtype ${quoted(descr)} is not a number type that is known here. Save a.astype(np.float64).`, tensor);
  }
  const n = elementCount(shape);
  const needed = n === null ? null : (n * BITS[dtype]) / 8;
  if (needed === null || !Number.isSafeInteger(needed)) throw fail('shape-too-large', `its shape ${fields.get('shape')!.slice(0, 80)} counts more elements than any file can hold.`);
  if (needed > dataBytes) throw refusal('truncated', file, `the array is cut: ${count(dataBytes)} of ${count(needed)} bytes are there. Fetch it again.`, tensor);
  if (needed < dataBytes) throw fail('trailing-bytes', `${count(dataBytes - needed)} bytes follow the array's ${count(needed)}; expected none.`);
  return { dtype, bigEndian: match[2] === '>', fortran: order === 'True', shape, begin, raw: code === 'V2' };
}

/** A flat Python dict literal; values are kept as their source text. */
function readDict(text: string, fail: (found: string) => Error): Map<string, string> {
  const fields = new Map<string, string>();
  if (!text.startsWith('{') || !text.endsWith('}')) throw fail(`is ${quoted(text)}`);
  const end = text.length - 1;
  let at = skipSpaces(text, 1);
  while (at < end) {
    const key = /(['"])(\w*)\1\s*:\s*/y;
    key.lastIndex = at;
    const found = key.exec(text);
    if (found === null) throw fail(`has ${quoted(text.slice(at, at + 20))} where a key should be`);
    if (fields.has(found[2]!)) throw fail(`names ${quoted(found[2]!)} twice`);
    const begin = key.lastIndex;
    at = valueEnd(text, begin, end);
    fields.set(found[2]!, text.slice(begin, at).trim());
    if (at < end && text[at] !== ',') throw fail('is damaged');
    at = skipSpaces(text, at + 1);
  }
  return fields;
}

function skipSpaces(text: string, at: number): number {
  while (at < text.length && /\s/.test(text[at]!)) at++;
  return at;
}

/** The comma or end that closes the value: outside of brackets and quotes. */
function valueEnd(text: string, at: number, end: number): number {
  let depth = 0;
  let quote = '';
  for (; at < end; at++) {
    const c = text[at]!;
    if (quote) quote = c === quote ? '' : quote;
    else if (c === "'" || c === '"') quote = c;
    else if (c === '(' || c === '[') depth++;
    else if (c === ')' || c === ']') depth--;
    else if (c === ',' && depth === 0) break;
  }
  return at;
}

/** '(3, 4L,)' -> [3, 4]; null where it is anything else. */
function readShape(text: string): number[] | null {
  const match = /^\(\s*((?:\d{1,20}L?\s*,\s*)*(?:\d{1,20}L?\s*)?)\)$/.exec(text);
  if (match === null) return null;
  const parts = match[1]!.split(',').map((part) => part.trim()).filter(Boolean);
  // (3) is a number in brackets, not a tuple.
  if (parts.length === 1 && !match[1]!.includes(',')) return null;
  const sizes = parts.map((part) => Number(part.replace('L', '')));
  return sizes.every(Number.isSafeInteger) ? sizes : null;
}
