/** The bytes of a pickle, read forward. Every length is checked against what is there before anything is made. */
import { count, quoted, refusal } from './refusal';

const MAX_LONG_BYTES = 1024;

/** Thrown where the bytes end before the pickle does: the caller may have more of them. */
export class PickleCut extends Error {}

export class PickleCursor {
  private readonly view: DataView;

  constructor(
    readonly bytes: Uint8Array,
    public at: number,
    private readonly file: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  byte(): number {
    return this.bytes[this.skip(1)]!;
  }

  uint16(): number {
    return this.view.getUint16(this.skip(2), true);
  }

  int32(): number {
    return this.view.getInt32(this.skip(4), true);
  }

  uint32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  uint64(): number {
    const low = this.uint32();
    return low + this.uint32() * 4294967296;
  }

  float64(): number {
    return this.view.getFloat64(this.skip(8), false);
  }

  run(length: number): Uint8Array {
    const begin = this.skip(length);
    return this.bytes.subarray(begin, begin + length);
  }

  latin1(length: number): string {
    return latin1(this.run(length));
  }

  utf8(length: number): string {
    const run = this.run(length);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(run);
    } catch {
      throw this.error('pickle-text', 'holds text that is not UTF-8');
    }
  }

  /** Text up to the next line feed, which is passed. */
  line(): string {
    const end = this.bytes.indexOf(10, this.at);
    if (end < 0) throw new PickleCut();
    const text = this.utf8(end - this.at);
    this.at++;
    return text;
  }

  /** A Python string literal on a line of its own (protocol 0). */
  quotedLine(): string {
    const line = this.line().trim();
    const quote = line[0];
    if (line.length < 2 || (quote !== "'" && quote !== '"') || !line.endsWith(quote)) throw this.error('pickle-text', `has ${quoted(line)} where a quoted string should be`);
    return unescape(line.slice(1, -1));
  }

  /** Text with \uXXXX escapes on a line of its own. */
  unicodeLine(): string {
    return unescape(this.line());
  }

  /** Decimal integer on a line; '00' and '01' are booleans where `booleans`. */
  integerLine(booleans: boolean): boolean | number | bigint {
    const line = this.line().trim().replace(/L$/, '');
    if (booleans && (line === '00' || line === '01')) return line === '01';
    if (!/^-?\d{1,400}$/.test(line)) throw this.error('pickle-number', `has ${quoted(line)} where an integer should be`);
    return narrow(BigInt(line));
  }

  floatLine(): number {
    const line = this.line().trim();
    const special = new Map([['nan', NaN], ['inf', Infinity], ['-inf', -Infinity]]).get(line);
    if (special !== undefined) return special;
    if (!/^-?\d+(\.\d*)?(e[+-]?\d+)?$/i.test(line)) throw this.error('pickle-number', `has ${quoted(line)} where a number should be`);
    return Number(line);
  }

  /** A little-endian two's complement integer of `length` bytes. */
  long(length: number): number | bigint {
    if (length > MAX_LONG_BYTES) throw this.error('pickle-length', `holds an integer of ${count(length)} bytes`);
    const run = this.run(length);
    if (run.length === 0) return 0;
    let hex = '0x';
    for (let i = run.length - 1; i >= 0; i--) hex += run[i]!.toString(16).padStart(2, '0');
    return narrow(BigInt.asIntN(8 * run.length, BigInt(hex)));
  }

  error(code: string, found: string) {
    return refusal(code, this.file, `its pickle ${found} (byte ${count(this.at)}). It is damaged or built to mislead: fetch it again, or save it as safetensors.`);
  }

  private skip(length: number): number {
    const begin = this.at;
    if (!(length >= 0)) throw this.error('pickle-length', `gives the length ${count(length)}`);
    if (length > this.bytes.length - begin) throw new PickleCut();
    this.at += length;
    return begin;
  }
}

export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}

function narrow(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const LETTERS = new Map([['n', '\n'], ['r', '\r'], ['t', '\t'], ['\\', '\\'], ["'", "'"], ['"', '"']]);

/** Python's escapes, as far as picklers write them. */
function unescape(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U(000[0-9a-fA-F]{5}|0010[0-9a-fA-F]{4})|([nrt\\'"]))/g, (_, x, u, wide, letter) =>
    letter === undefined ? String.fromCodePoint(parseInt(x ?? u ?? wide, 16)) : LETTERS.get(letter)!,
  );
}
