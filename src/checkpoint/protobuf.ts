/**
 * Protocol Buffers on the wire (protobuf.dev/programming-guides/encoding), read forward, field by field: nothing of a field is read before
 * somebody asks for it, so that a message of gigabytes costs what its small fields cost, and nested messages cost nothing until they are entered.
 */
import { count, refusal, truncated } from './refusal';
import { windowed } from './sources';
import type { ByteSource } from './types';

/** Bytes that are read ahead: small, because the fields of interest lie between large ones. */
const WINDOW = 1 << 14;
/** A tag and a length, each a varint of at most ten bytes. */
const LONGEST = 10;
const HEADER = 2 * LONGEST;

/** Wire types: a varint, 8 bytes, a run of bytes (text, message, packed numbers), 4 bytes. */
export type WireType = 0 | 1 | 2 | 5;

export interface Field {
  readonly number: number;
  readonly wire: WireType;
  /** Where its payload lies in the file: [begin, end). */
  readonly begin: number;
  readonly end: number;
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

  get name(): string {
    return this.source.name;
  }

  get size(): number {
    return this.source.size;
  }

  /** The fields of the message in [begin, end), one after the other. `what` names the message in sentences. Throws InputError. */
  async *fields(what: string, begin = 0, end = this.size): AsyncGenerator<Field> {
    for (let at = begin; at < end; ) {
      const field = await this.field(what, at, end);
      yield field;
      at = field.end;
    }
  }

  read(begin: number, end: number): Promise<Uint8Array> {
    return this.window.read(begin, end);
  }

  /** Text of at most `most` bytes. */
  async text(field: Field, what: string, most: number): Promise<string> {
    this.expect(field, 2, what);
    if (field.end - field.begin > most) throw this.error('text-too-long', `${what} is a text of ${count(field.end - field.begin)} bytes; at most ${count(most)} are read`);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await this.read(field.begin, field.end));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw this.error('bad-utf8', `${what} is not valid UTF-8 text`);
    }
  }

  /** The integers of one field of a repeated one: packed, or a single one. At most `most` of them. */
  async integers(field: Field, what: string, most: number): Promise<number[]> {
    if (field.wire === 0) return [field.value];
    this.expect(field, 2, what);
    if (field.end - field.begin > 10 * most) throw this.error('list-too-long', `${what} has ${count(field.end - field.begin)} bytes of integers; at most ${count(most)} integers are read`);
    const values: number[] = [];
    if (eachVarint(await this.read(field.begin, field.end), (low, high) => values.push(signed(low, high))) === null) throw this.error('bad-varint', `${what} holds a number that is cut or has more than ten bytes`);
    return values;
  }

  /** The float32 numbers of one field of a repeated one: packed, or a single one. */
  async floats(field: Field, what: string, most: number): Promise<number[]> {
    if (field.wire !== 5) this.expect(field, 2, what);
    const length = field.end - field.begin;
    if (length % 4 !== 0 || length > 4 * most) throw this.error('bad-list', `${what} has ${count(length)} bytes; expected four for each number, and at most ${count(most)} numbers`);
    const bytes = await this.read(field.begin, field.end);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  }

  /** Throws InputError where a field is written otherwise than its number says. */
  expect(field: Field, wire: WireType, what: string): void {
    if (field.wire !== wire) throw this.error('wire-type', `${what} is written as wire type ${field.wire}; expected ${wire}`);
  }

  /** `sentence` without its full stop. */
  error(code: string, sentence: string, tensor?: string) {
    return refusal(code, this.name, `${sentence}. The file is damaged or was not written as ${this.format}: fetch it again, or export it again.`, tensor);
  }

  private async field(what: string, at: number, end: number): Promise<Field> {
    const bytes = await this.read(at, Math.min(end, at + HEADER));
    const tag = this.varint(bytes, 0, what, at, end);
    // A tag has 32 bits: 29 of the number and three of the wire type.
    if (tag.value < 8 || tag.value >= 2 ** 32) throw this.error('bad-tag', `at byte ${count(at)}, in ${what}, stands ${count(tag.value)} where the number of a field was expected`);
    const number = Math.floor(tag.value / 8);
    const wire = tag.value % 8;
    let begin = at + tag.length;
    if (wire === 0) {
      const { value, length } = this.varint(bytes, tag.length, what, at, end);
      return { number, wire, begin, end: begin + length, value };
    }
    let size = wire === 1 ? 8 : 4;
    if (wire === 2) {
      const { value, length } = this.varint(bytes, tag.length, what, at, end);
      if (value < 0 || value > Number.MAX_SAFE_INTEGER) throw this.error('bad-length', `field ${number} of ${what}, at byte ${count(at)}, has a length of ${value < 0 ? 'more than 2^63' : count(value)} bytes`);
      begin += length;
      size = value;
    } else if (wire !== 1 && wire !== 5) throw this.error('wire-type', `field ${number} of ${what}, at byte ${count(at)}, has wire type ${wire}, which ${this.format} does not use`);
    if (begin + size > end) {
      if (end === this.size) throw truncated(this.name, this.size, begin + size);
      throw this.error('bad-length', `field ${number} of ${what}, at byte ${count(at)}, ends at byte ${count(begin + size)}, beyond ${what}, which ends at ${count(end)}`);
    }
    return { number, wire, begin, end: begin + size, value: 0 };
  }

  private varint(bytes: Uint8Array, from: number, what: string, at: number, end: number): { value: number; length: number } {
    const found = decodeVarint(bytes, from);
    if (found !== null) return { value: signed(found.low, found.high), length: found.length };
    if (bytes.length - from >= LONGEST) throw this.error('bad-varint', `at byte ${count(at + from)}, in ${what}, stands a number of more than ten bytes`);
    if (end === this.size) throw truncated(this.name, this.size, this.size + 1);
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
