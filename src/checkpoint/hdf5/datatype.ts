/** Datatype and dataspace messages (sections IV.A.2.b and d): what the elements are, and how many. */
import { refusal } from '../refusal';
import type { DType } from '../types';
import { damaged, type Cursor } from './bytes';

export type Datatype =
  | { readonly kind: 'number'; readonly dtype: DType; readonly width: number; readonly bigEndian: boolean }
  /** Text of a fixed number of bytes. */
  | { readonly kind: 'text'; readonly width: number }
  /** Text in the global heap. */
  | { readonly kind: 'heap-text'; readonly width: number }
  /** Bytes without a meaning: what numpy calls void. */
  | { readonly kind: 'opaque'; readonly width: number }
  | { readonly kind: 'other'; readonly width: number; readonly what: string };

const CLASSES = ['an integer', 'a float', 'a time', 'a text', 'a bit field', 'opaque bytes', 'a compound', 'a reference', 'an enumeration', 'a list of variable length', 'an array'];
const INTEGERS: Readonly<Record<number, readonly [DType, DType]>> = { 1: ['u8', 'i8'], 2: ['u16', 'i16'], 4: ['u32', 'i32'], 8: ['u64', 'i64'] };
/** 'bytes exponent mantissa bias' */
const FLOATS: ReadonlyMap<string, DType> = new Map([
  ['2 5 10 15', 'f16'], ['2 8 7 127', 'bf16'], ['4 8 23 127', 'f32'], ['8 11 52 1023', 'f64'], ['1 4 3 7', 'f8_e4m3'], ['1 5 2 15', 'f8_e5m2'],
]);

export function readDatatype(cursor: Cursor): Datatype {
  const kind = cursor.u8() & 15;
  const bits = cursor.u8();
  cursor.skip(2);
  const width = cursor.u32();
  const bigEndian = (bits & 1) === 1;
  const other = (what = CLASSES[kind] ?? `a type of class ${kind}`): Datatype => ({ kind: 'other', width, what });
  if (kind === 0) {
    const dtype = INTEGERS[width]?.[bits & 8 ? 1 : 0];
    return dtype ? { kind: 'number', dtype, width, bigEndian } : other(`an integer of ${width} bytes`);
  }
  if (kind === 1) {
    cursor.skip(5);
    const exponent = cursor.u8();
    cursor.skip(1);
    const mantissa = cursor.u8();
    const dtype = bits & 0x40 ? undefined : FLOATS.get(`${width} ${exponent} ${mantissa} ${cursor.u32()}`);
    return dtype ? { kind: 'number', dtype, width, bigEndian } : other(`a float of ${width} bytes with ${exponent} bits of exponent`);
  }
  if (kind === 3) return { kind: 'text', width };
  if (kind === 5) return { kind: 'opaque', width };
  // h5py writes bool as an enumeration over one byte: FALSE, TRUE.
  if (kind === 8 && width === 1) return { kind: 'number', dtype: 'bool', width, bigEndian: false };
  if (kind === 9 && (bits & 15) === 1) return { kind: 'heap-text', width };
  return other();
}

/** The sizes of the axes: [] for a scalar; null where the dataspace is empty by name. Throws InputError. */
export function readDataspace(cursor: Cursor, file: string): number[] | null {
  const version = cursor.u8();
  const rank = cursor.u8();
  cursor.skip(1);
  if (version === 1) cursor.skip(5);
  else if (version === 2) {
    if (cursor.u8() === 2) return null;
  } else throw damaged(file, `a dataspace of its HDF5 structure has version ${version}; expected 1 or 2`);
  if (rank > 32) throw refusal('hdf5-rank', file, `it has an array of ${rank} dimensions; HDF5 allows 32. The file is damaged: fetch it again.`);
  return Array.from({ length: rank }, () => cursor.length());
}
