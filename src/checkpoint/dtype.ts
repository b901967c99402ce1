/**
 * Element types: their width, and their exact decoding to floating point. Little-endian hosts only (all that run browsers).
 * 8-bit floats: OCP 8-bit floating point specification (E4M3 without infinities, E5M2), the FNUZ variants of Noune et al.
 * 2022 (arXiv 2206.02915), and E8M0 of the OCP microscaling formats.
 */
import type { DType } from './types';

export const BITS: Readonly<Record<DType, number>> = {
  bool: 8, u8: 8, i8: 8, u16: 16, i16: 16, u32: 32, i32: 32, u64: 64, i64: 64, f16: 16, bf16: 16, f32: 32, f64: 64, c64: 64, c128: 128,
  f8_e4m3: 8, f8_e5m2: 8, f8_e8m0: 8, f8_e4m3fnuz: 8, f8_e5m2fnuz: 8, f4: 4, f6_e2m3: 6, f6_e3m2: 6,
};

/** Unit roundoff of the floating-point types. */
export const ROUNDOFF: Readonly<Partial<Record<DType, number>>> = {
  f64: 2 ** -53,
  f32: 2 ** -24,
  f16: 2 ** -11,
  bf16: 2 ** -8,
  f8_e4m3: 2 ** -4,
  f8_e4m3fnuz: 2 ** -4,
  f8_e5m2: 2 ** -3,
  f8_e5m2fnuz: 2 ** -3,
  f8_e8m0: 2 ** -1,
};

/** Bytes of the part that a change of byte order reverses: complex numbers are two floats. */
export function swapWidth(dtype: DType): number {
  return dtype === 'c64' ? 4 : dtype === 'c128' ? 8 : Math.max(1, BITS[dtype] / 8);
}

/** A copy with every run of `width` bytes reversed. */
export function swapBytes(bytes: Uint8Array, width: number): Uint8Array {
  const out = bytes.slice();
  if (width === 1) return out;
  for (let i = 0; i + width <= out.length; i += width) {
    for (let p = i, q = i + width - 1; p < q; p++, q--) {
      const t = out[p]!;
      out[p] = out[q]!;
      out[q] = t;
    }
  }
  return out;
}

/** A small IEEE-like float given by its fields, without the sign: subnormal where the exponent field is 0. */
function magnitude(exponent: number, mantissa: number, mantissaBits: number, bias: number): number {
  const fraction = mantissa / 2 ** mantissaBits;
  return exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias);
}

function f16(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const mantissa = bits & 1023;
  const size = exponent === 31 ? (mantissa ? NaN : Infinity) : magnitude(exponent, mantissa, 10, 15);
  return bits & 0x8000 ? -size : size;
}

const EIGHT_BIT: Partial<Record<DType, (bits: number) => number>> = {
  f8_e4m3: (b) => ((b & 127) === 127 ? NaN : (b & 128 ? -1 : 1) * magnitude((b >> 3) & 15, b & 7, 3, 7)),
  f8_e5m2: (b) => ((b & 124) === 124 ? ((b & 3) ? NaN : b & 128 ? -Infinity : Infinity) : (b & 128 ? -1 : 1) * magnitude((b >> 2) & 31, b & 3, 2, 15)),
  f8_e8m0: (b) => (b === 255 ? NaN : 2 ** (b - 127)),
  f8_e4m3fnuz: (b) => (b === 128 ? NaN : (b & 128 ? -1 : 1) * magnitude((b >> 3) & 15, b & 7, 3, 8)),
  f8_e5m2fnuz: (b) => (b === 128 ? NaN : (b & 128 ? -1 : 1) * magnitude((b >> 2) & 31, b & 3, 2, 16)),
};

const tables = new Map<DType, Float32Array>();

/** value[bits] of a type of at most 16 bits; made once. */
function table(dtype: DType, decode: (bits: number) => number): Float32Array {
  let values = tables.get(dtype);
  if (!values) {
    values = Float32Array.from({ length: 2 ** BITS[dtype] }, (_, bits) => decode(bits));
    tables.set(dtype, values);
  }
  return values;
}

/** A 64-bit integer that a float64 cannot hold exactly, by its index. */
export class InexactInteger extends Error {
  constructor(readonly index: number) {
    super('integer beyond 2^53');
  }
}

function wideIntegers(bytes: Uint8Array, signed: boolean, out: Float64Array, at: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < bytes.length / 8; i++) {
    const high = signed ? view.getInt32(8 * i + 4, true) : view.getUint32(8 * i + 4, true);
    const value = high * 4294967296 + view.getUint32(8 * i, true);
    if (Math.abs(value) > 2 ** 53 || (Math.abs(value) === 2 ** 53 && view.getUint8(8 * i) & 1)) throw new InexactInteger(at + i);
    out[at + i] = value;
  }
}

const VIEWS = { u8: Uint8Array, i8: Int8Array, u16: Uint16Array, i16: Int16Array, u32: Uint32Array, i32: Int32Array, f64: Float64Array } as const;

/** True where `decodeInto` knows the type: everything but complex and sub-byte types. */
export function isReal(dtype: DType): boolean {
  return BITS[dtype] >= 8 && dtype !== 'c64' && dtype !== 'c128';
}

/** The array that `n` decoded elements go into. */
export function floatsFor(dtype: DType, n: number): Float32Array | Float64Array {
  const single = dtype === 'f32' || dtype === 'f16' || dtype === 'bf16' || EIGHT_BIT[dtype] !== undefined;
  return single ? new Float32Array(n) : new Float64Array(n);
}

/** The bits of bf16 numbers as those of float32, two at a time where they lie so: large models consist of them. */
function widen(half: Uint16Array, bits: Int32Array): void {
  const pairs = half.byteOffset % 4 === 0 ? new Int32Array(half.buffer, half.byteOffset, half.length >> 1) : new Int32Array();
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i]!;
    bits[2 * i] = pair << 16;
    bits[2 * i + 1] = pair & 0xffff0000;
  }
  for (let i = 2 * pairs.length; i < half.length; i++) bits[i] = half[i]! << 16;
}

/** Decodes little-endian elements into `out` from index `at` on. Throws InexactInteger. */
export function decodeInto(dtype: DType, bytes: Uint8Array, out: Float32Array | Float64Array, at: number): void {
  const width = BITS[dtype] / 8;
  const n = bytes.length / width;
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const words = (): Uint16Array => new Uint16Array(aligned.buffer, aligned.byteOffset, n);
  if (dtype === 'f32') {
    // As 32-bit words: copying floats may change the payload of a NaN.
    new Uint32Array(out.buffer, out.byteOffset, out.length).set(new Uint32Array(aligned.buffer, aligned.byteOffset, n), at);
  } else if (dtype === 'bf16') {
    widen(words(), new Int32Array(out.buffer, out.byteOffset + 4 * at, n));
  } else if (dtype === 'f16') {
    const values = table('f16', f16);
    const half = words();
    for (let i = 0; i < n; i++) out[at + i] = values[half[i]!]!;
  } else if (dtype === 'bool') {
    for (let i = 0; i < n; i++) out[at + i] = bytes[i] ? 1 : 0;
  } else if (dtype === 'i64' || dtype === 'u64') {
    wideIntegers(aligned, dtype === 'i64', out as Float64Array, at);
  } else if (dtype in VIEWS) {
    out.set(new VIEWS[dtype as keyof typeof VIEWS](aligned.buffer as ArrayBuffer, aligned.byteOffset, n), at);
  } else {
    const values = table(dtype, EIGHT_BIT[dtype]!);
    for (let i = 0; i < n; i++) out[at + i] = values[bytes[i]!]!;
  }
}
