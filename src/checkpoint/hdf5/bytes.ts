/**
 * Fields and blocks of an HDF5 file by address, each checked against the bytes that are there before it is read.
 * Layouts after the "HDF5 File Format Specification Version 3.0" (The HDF Group), whose section numbers the files of this folder give.
 */
import type { InputError } from '../../base/errors';
import { count, refusal } from '../refusal';
import { windowed } from '../sources';
import type { ByteSource } from '../types';

export const SIGNATURE = '\x89HDF\r\n\x1a\n';
/** Structures (headers, nodes, heaps) of one file; a network of ten thousand layers has fewer. */
const MAX_BLOCKS = 400_000;

/** Widths of addresses and of sizes in this file, in bytes (2, 4 or 8). */
interface Widths {
  readonly offset: number;
  readonly length: number;
}

export function damaged(file: string, found: string, tensor?: string): InputError {
  return refusal('hdf5-damaged', file, `${found}. The file is cut or damaged: fetch it again, or save it again with Keras.`, tensor);
}

/** Reads little-endian fields in order. Throws InputError past the end. */
export class Cursor {
  at = 0;
  private readonly view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    private readonly widths: Widths,
    private readonly file: string,
    private readonly what: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Moves on by n bytes and says where they began. */
  skip(n: number): number {
    if (n > this.left) throw damaged(this.file, `${this.what} of its HDF5 structure ends after ${count(this.bytes.length)} bytes, in the middle of a field`);
    const from = this.at;
    this.at += n;
    return from;
  }

  /** On to the next multiple of `n` counted from `start`, as far as there is more. */
  align(n: number, start = 0): void {
    this.at = Math.min(this.bytes.length, start + Math.ceil((this.at - start) / n) * n);
  }

  u8(): number {
    return this.view.getUint8(this.skip(1));
  }

  u16(): number {
    return this.view.getUint16(this.skip(2), true);
  }

  u32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  /** An unsigned integer of up to 8 bytes; beyond 2^53 it stays too large for any file. */
  uint(width: number): number {
    const from = this.skip(width);
    let value = 0;
    for (let i = width - 1; i >= 0; i--) value = value * 256 + this.bytes[from + i]!;
    return value;
  }

  /** A size in bytes, or the length of a dimension. */
  length(): number {
    return this.uint(this.widths.length);
  }

  /** An address; null where it is the undefined one (all bits set). */
  address(): number | null {
    const { offset } = this.widths;
    const from = this.at;
    const value = this.uint(offset);
    return this.bytes.subarray(from, from + offset).every((byte) => byte === 255) ? null : value;
  }

  take(n: number): Uint8Array {
    const from = this.skip(n);
    return this.bytes.subarray(from, from + n);
  }

  /** The next n bytes as a cursor of their own. */
  part(n: number, what = this.what): Cursor {
    return new Cursor(this.take(n), this.widths, this.file, what);
  }

  /** Bytes up to the next zero, as UTF-8. */
  text(): string {
    const end = this.bytes.indexOf(0, this.at);
    if (end < 0) this.skip(this.left + 1);
    const bytes = this.take(end - this.at);
    this.at++;
    return utf8(bytes);
  }

  /** Throws InputError unless the next four bytes are this signature. */
  expect(signature: string): void {
    const found = String.fromCharCode(...this.take(4));
    if (found !== signature) throw damaged(this.file, `${this.what} of its HDF5 structure should begin with "${signature}" and does not`);
  }
}

export function utf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes);
}

export class Blocks {
  private readonly source: ByteSource;
  private left = MAX_BLOCKS;

  constructor(
    source: ByteSource,
    readonly widths: Widths,
    /** What addresses count from. */
    private readonly base: number,
  ) {
    this.source = windowed(source);
  }

  get file(): string {
    return this.source.name;
  }

  get size(): number {
    return this.source.size;
  }

  /** A structure of `length` bytes. Every one is counted, so that structures that point at each other come to an end. */
  async read(address: number, length: number, what: string): Promise<Cursor> {
    if (--this.left < 0) throw refusal('hdf5-too-many', this.file, `its HDF5 structure has more than ${count(MAX_BLOCKS)} parts; no model needs them. It was built to mislead: do not use it.`);
    return new Cursor(await this.bytes(address, length, what), this.widths, this.file, what);
  }

  /** As `read`, but shorter where the file ends before. */
  async upTo(address: number, length: number, what: string): Promise<Cursor> {
    return this.read(address, Math.max(0, Math.min(length, this.size - this.base - address)), what);
  }

  /** Raw bytes. */
  async bytes(address: number, length: number, what: string): Promise<Uint8Array> {
    this.check(address, length, what);
    return this.source.read(this.base + address, this.base + address + length);
  }

  /** Throws InputError unless the file has these bytes. */
  check(address: number, length: number, what: string, tensor?: string): void {
    if (!(this.base + address + length <= this.size)) {
      throw damaged(this.file, `${what} should lie at byte ${count(this.base + address)} (${count(length)} bytes), outside the ${count(this.size)} bytes that are there`, tensor);
    }
  }
}
