/**
 * Protocol Buffers on the wire (protobuf.dev/programming-guides/encoding), read forward, field by field: nothing of a field is read before
 * somebody asks for it, so that a message of gigabytes costs what its small fields cost, and nested messages cost nothing until they are entered.
 */
import { count, refusal, truncated } from './refusal';
import { windowed } from './sources';
import type { ByteSource } from './types';

/** Bytes that are read ahead: few, because the fields of interest lie between large ones. */
const WINDOW = 1 << 14;
/** Payloads up to this length come with their field. Names, shapes and nodes are shorter; of what is longer only the place is known. */
const SHORT = WINDOW / 4;
const LONGEST = 10;
/** A tag and a length, each a varint. */
const HEADER = 2 * LONGEST;
/** One for all texts: making it takes longer than a name does. */
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Wire types: a varint, 8 bytes, a run of bytes (text, message, packed numbers), 4 bytes. */
export type WireType = 0 | 1 | 2 | 5;

/** A part of the file, [begin, end), with its bytes where they are there already. */
export interface Range {
  readonly begin: number;
  readonly end: number;
  readonly bytes: Uint8Array | null;
}

/** The range is that of its payload. */
export interface Field extends Range {
  readonly number: number;
  readonly wire: WireType;
  /** Of a varint, as a signed 64-bit integer, rounded beyond 2^53; 0 for other wire types. */
  readonly value: number;
}

/** A file of Protocol Buffers. `format` names it in sentences: 'ONNX'. */
export class WireFile {
  private readonly window: ByteSource;

  constructor(
    readonly source: ByteSource,
    readonly format: string,
  ) {
    this.window = windowed(source, WINDOW);
  }

  /** All of it. */
  get whole(): Range {
    return { begin: 0, end: this.source.size, bytes: null };
  }

  /** The fields of a message, one after the other. `what` names the message in sentences. Throws InputError. */
  async *fields(what: string, { begin, end, bytes }: Range): AsyncGenerator<Field> {
    for (let at = begin; at < end; ) {
      const field = bytes ? this.field(what, at, end, bytes.subarray(at - begin)) : await this.loaded(this.field(what, at, end, await this.window.read(at, Math.min(end, at + HEADER))));
      yield field;
      at = field.end;
    }
  }

  /** A short text. */
  text(field: Field, what: string): string {
    try {
      return UTF8.decode(this.payload(field, 2, what));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw this.error('bad-utf8', `${what} is not valid UTF-8 text`);
    }
  }

  /** The integers of one field of a repeated one: packed, or a single one. */
  integers(field: Field, what: string): number[] {
    if (field.wire === 0) return [field.value];
    const values: number[] = [];
    if (eachVarint(this.payload(field, 2, what), (low, high) => values.push(signed(low, high))) === null) throw this.error('bad-varint', `${what} holds a number that is cut or has more than ten bytes`);
    return values;
  }

  /** The float32 numbers of one field of a repeated one: packed, or a single one. */
  floats(field: Field, what: string): number[] {
    const bytes = this.payload(field, field.wire === 5 ? 5 : 2, what);
    if (bytes.length % 4 !== 0) throw this.error('bad-list', `${what} has ${count(bytes.length)} bytes; expected four for each number`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  }

  /** Throws InputError where a field is written otherwise than its number says. */
  expect(field: Field, wire: WireType, what: string): void {
    if (field.wire !== wire) throw this.error('wire-type', `${what} is written as wire type ${field.wire}; expected ${wire}`);
  }

  /** `sentence` without its full stop. */
  error(code: string, sentence: string, tensor?: string) {
    return refusal(code, this.source.name, `${sentence}. The file is damaged or was not written as ${this.format}: fetch it again, or export it again.`, tensor);
  }

  private payload(field: Field, wire: WireType, what: string): Uint8Array {
    this.expect(field, wire, what);
    if (field.bytes === null) throw this.error('too-long', `${what} has ${count(field.end - field.begin)} bytes; at most ${count(SHORT)} are read`);
    return field.bytes;
  }

  private async loaded(field: Field): Promise<Field> {
    if (field.bytes !== null || field.end - field.begin > SHORT) return field;
    return { ...field, bytes: await this.window.read(field.begin, field.end) };
  }

  /** The field at `at`; `bytes` begin there. Its payload comes with it where all of it is among them. */
  private field(what: string, at: number, end: number, bytes: Uint8Array): Field {
    const tag = this.varint(bytes, 0, what, at, end);
    // A tag has 32 bits: 29 of the number and three of the wire type.
    if (tag.value < 8 || tag.value >= 2 ** 32) throw this.error('bad-tag', `at byte ${count(at)}, in ${what}, stands ${count(tag.value)} where the number of a field was expected`);
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    if (wire !== 0 && wire !== 1 && wire !== 2 && wire !== 5) throw this.error('wire-type', `field ${number} of ${what}, at byte ${count(at)}, has wire type ${wire}, which ${this.format} does not use`);
    let from = tag.length;
    let value = 0;
    let size = wire === 1 ? 8 : 4;
    if (wire === 0 || wire === 2) {
      const found = this.varint(bytes, from, what, at, end);
      if (wire === 0) [value, size] = [found.value, found.length];
      else {
        if (found.value < 0 || found.value > Number.MAX_SAFE_INTEGER) throw this.error('bad-length', `field ${number} of ${what}, at byte ${count(at)}, has a length of ${found.value < 0 ? 'more than 2^63' : count(found.value)} bytes`);
        from += found.length;
        size = found.value;
      }
    }
    const begin = at + from;
    if (begin + size > end) {
      if (end === this.source.size) throw truncated(this.source.name, this.source.size, begin + size);
      throw this.error('bad-length', `field ${number} of ${what}, at byte ${count(at)}, ends at byte ${count(begin + size)}, beyond ${what}, which ends at ${count(end)}`);
    }
    const there = from + size <= bytes.length && size <= SHORT;
    return { number, wire, begin, end: begin + size, value, bytes: there ? bytes.subarray(from, from + size) : null };
  }

  private varint(bytes: Uint8Array, from: number, what: string, at: number, end: number): { value: number; length: number } {
    const found = decodeVarint(bytes, from);
    if (found !== null) return { value: signed(found.low, found.high), length: found.length };
    if (bytes.length - from >= LONGEST) throw this.error('bad-varint', `at byte ${count(at + from)}, in ${what}, stands a number of more than ten bytes`);
    if (end === this.source.size) throw truncated(this.source.name, this.source.size, this.source.size + 1);
    throw this.error('bad-length', `${what} ends at byte ${count(end)}, in the middle of a number`);
  }
}

interface Varint {
  /** Bits 0 to 27. */
  readonly low: number;
  /** Bits 28 to 63. */
  readonly high: number;
  /** Bytes that it takes. */
  readonly length: number;
}

/** The base-128 number at `from`; null where none ends within ten bytes. */
function decodeVarint(bytes: Uint8Array, from: number): Varint | null {
  let low = 0;
  let high = 0;
  for (let i = 0; i < LONGEST && from + i < bytes.length; i++) {
    const byte = bytes[from + i]!;
    if (i < 4) low += (byte & 127) * 2 ** (7 * i);
    else high += (byte & 127) * 2 ** (7 * (i - 4));
    if (byte < 128) return { low, high: high % 2 ** 36, length: i + 1 };
  }
  return null;
}

/** As a signed 64-bit integer, rounded beyond 2^53. */
function signed(low: number, high: number): number {
  return (high >= 2 ** 35 ? high - 2 ** 36 : high) * 2 ** 28 + low;
}

/** Visits all base-128 numbers of a run of bytes: their bits 0 to 27, and 28 to 63. @returns how many there are, or null where one is cut or longer than ten bytes */
export function eachVarint(bytes: Uint8Array, visit: (low: number, high: number) => void): number | null {
  let n = 0;
  for (let at = 0; at < bytes.length; n++) {
    const found = decodeVarint(bytes, at);
    if (found === null) return null;
    visit(found.low, found.high);
    at += found.length;
  }
  return n;
}
