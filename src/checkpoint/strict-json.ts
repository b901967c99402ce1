/**
 * A strict JSON reader for headers from untrusted files. Unlike JSON.parse: duplicate keys are refused (also when spelled with
 * escapes), so are lone surrogates; objects become Maps; integers keep their value; nothing recurses.
 */
import { InputError } from '../base/errors';
import { count, quoted, refusal } from './refusal';

/** A number written with a fraction, an exponent or as -0: never an integer, even 4.0. */
export class Real {
  constructor(readonly value: number) {}
}

export type JsonObject = Map<string, Json>;
/** Safe integers are numbers, larger ones bigints, everything else a Real. */
export type Json = null | boolean | number | bigint | Real | string | Json[] | JsonObject;

const MAX_DEPTH = 10_000;
const MAX_VALUES = 16_000_000;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** What the quick path of a string must not contain. */
const SPECIAL = /[\\\u0000-\u001f]/;
const LONE_SURROGATE = /\p{Cs}/u;
const ESCAPES = new Map([['"', '"'], ['\\', '\\'], ['/', '/'], ['b', '\b'], ['f', '\f'], ['n', '\n'], ['r', '\r'], ['t', '\t']]);

/** `what` names the text in sentences: 'the header'. Throws InputError. */
export function parseStrictJson(text: Uint8Array, file: string, what: string): Json {
  let decoded: string;
  try {
    decoded = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    throw refusal('bad-utf8', file, `${what} is not valid UTF-8 text; expected JSON. The file is damaged or not of this format: fetch it again.`);
  }
  return new Reader(decoded, file, what).document();
}

class Reader {
  private at = 0;
  private values = 0;

  constructor(
    private readonly text: string,
    private readonly file: string,
    private readonly what: string,
  ) {}

  document(): Json {
    /** Open containers, innermost last, and the key that waits for its value in each object. */
    const open: (Json[] | JsonObject)[] = [];
    const keys: string[] = [];
    for (;;) {
      let value = this.valueOrOpening();
      if (value instanceof Map || Array.isArray(value)) {
        const close = value instanceof Map ? 125 : 93;
        if (this.peek() !== close) {
          if (open.length >= MAX_DEPTH) throw this.error('json-too-deep', `is nested more than ${count(MAX_DEPTH)} deep`);
          open.push(value);
          keys.push(value instanceof Map ? this.key(value) : '');
          continue;
        }
        this.at++;
      }
      for (;;) {
        const container = open[open.length - 1];
        if (container === undefined) {
          if (!Number.isNaN(this.peek())) throw this.error('json-trailing', 'goes on after its end', 'Expected nothing but spaces there');
          return value;
        }
        const isObject = container instanceof Map;
        if (isObject) container.set(keys[keys.length - 1]!, value);
        else container.push(value);
        const next = this.peek();
        if (next === 44) {
          this.at++;
          if (isObject) keys[keys.length - 1] = this.key(container);
          break;
        }
        if (next !== (isObject ? 125 : 93)) throw this.unexpected(isObject ? '"," or "}"' : '"," or "]"');
        this.at++;
        value = container;
        open.pop();
        keys.pop();
      }
    }
  }

  /** Code of the next character that is not white space; NaN at the end. */
  private peek(): number {
    for (;;) {
      const c = this.text.charCodeAt(this.at);
      if (c !== 32 && c !== 10 && c !== 13 && c !== 9) return c;
      this.at++;
    }
  }

  private valueOrOpening(): Json {
    if (++this.values > MAX_VALUES) throw this.error('json-too-large', `holds more than ${count(MAX_VALUES)} values`);
    const c = this.peek();
    if (c === 34) return this.string();
    if (c === 123) return this.at++, new Map();
    if (c === 91) return this.at++, [];
    if (c === 45 || (c >= 48 && c <= 57)) return this.number();
    for (const [word, value] of [['true', true], ['false', false], ['null', null]] as const) {
      if (this.text.startsWith(word, this.at)) return (this.at += word.length), value;
    }
    throw this.unexpected('a JSON value');
  }

  private key(object: JsonObject): string {
    if (this.peek() !== 34) throw this.unexpected('a name in double quotes');
    const key = this.string();
    if (object.has(key)) {
      throw new InputError('duplicate-key', `${this.file}: ${this.what} names ${quoted(key)} twice; expected every name once. Which of them is meant cannot be known: write the file again.`, { file: this.file, tensor: key });
    }
    if (this.peek() !== 58) throw this.unexpected('":"');
    this.at++;
    return key;
  }

  private number(): Json {
    // Nearly all numbers of a header are short whole ones.
    let end = this.at;
    let whole = 0;
    for (let c = this.text.charCodeAt(end); c >= 48 && c <= 57 && end - this.at < 15; c = this.text.charCodeAt(++end)) whole = 10 * whole + (c - 48);
    const next = this.text[end];
    if ((next === ',' || next === ']' || next === '}') && end > this.at && (end === this.at + 1 || this.text[this.at] !== '0')) {
      this.at = end;
      return whole;
    }
    NUMBER.lastIndex = this.at;
    const literal = NUMBER.exec(this.text)?.[0];
    if (literal === undefined) throw this.unexpected('a number');
    this.at += literal.length;
    const value = Number(literal);
    if (Number.isSafeInteger(value) && literal !== '-0' && !/[.eE]/.test(literal)) return value;
    if (/[.eE]/.test(literal) || literal === '-0') return new Real(value);
    if (literal.length > 400) throw this.error('json-number', 'holds an integer of more than 400 digits');
    return BigInt(literal);
  }

  private string(): string {
    const { text } = this;
    const begin = ++this.at;
    const quote = text.indexOf('"', begin);
    const plain = quote < 0 ? '' : text.slice(begin, quote);
    if (quote >= 0 && !SPECIAL.test(plain)) {
      this.at = quote + 1;
      return plain;
    }
    let result = '';
    let run = begin;
    let escaped = false;
    for (;;) {
      const c = text.charCodeAt(this.at);
      if (c === 34) break;
      if (!(c >= 32)) throw Number.isNaN(c) ? this.unexpected('the closing quote of a name') : this.error('json-control', 'holds a control character inside a string');
      if (c === 92) {
        escaped = true;
        result += text.slice(run, this.at) + this.escape();
        run = this.at;
      } else this.at++;
    }
    result += text.slice(run, this.at++);
    // Decoded UTF-8 has no lone surrogates: only escapes can make one.
    if (escaped && LONE_SURROGATE.test(result)) throw this.error('json-surrogate', `holds the lone surrogate \\u${result.match(LONE_SURROGATE)![0].charCodeAt(0).toString(16)}, which is not a character`);
    return result;
  }

  private escape(): string {
    const letter = this.text[this.at + 1] ?? '';
    const simple = ESCAPES.get(letter);
    if (simple !== undefined) return (this.at += 2), simple;
    const digits = this.text.slice(this.at + 2, this.at + 6);
    if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) throw this.unexpected('an escape such as \\n or \\u0041');
    this.at += 6;
    return String.fromCharCode(parseInt(digits, 16));
  }

  private error(code: string, found: string, expected = 'Expected plain JSON'): InputError {
    return refusal(code, this.file, `${this.what} ${found} (character ${count(this.at)}). ${expected}: write the file again with its library.`);
  }

  private unexpected(expected: string): InputError {
    if (this.at >= this.text.length) return this.error('json-cut', 'ends in the middle', `Expected ${expected}; the file may be cut`);
    return this.error('bad-json', `has ${quoted(this.text.slice(this.at, this.at + 12))}`, `Expected ${expected}`);
  }
}
