/**
 * A restricted unpickler, protocols 0 to 5 (CPython Lib/pickletools.py). It builds the values of pickle-values.ts and calls
 * nothing: globals are names, and the few that mean something are interpreted in pickle-globals.ts.
 */
import { construct, isKnown, setState } from './pickle-globals';
import { PickleCursor } from './pickle-cursor';
import { Dict, Global, kindOf, Opaque, Tuple, type Value } from './pickle-values';
import { count } from './refusal';

const MAX_OPCODES = 10_000_000;
const MAX_MEMO = 1_000_000;
const MAX_STACK = 4_000_000;

export interface Unpickled {
  readonly value: Value;
  /** Index just past the STOP opcode. */
  readonly end: number;
  readonly opcodes: number;
}

export interface UnpickleOptions {
  readonly file: string;
  /** Interprets a persistent id; throws InputError. */
  readonly persistent: (id: Value) => Value;
  /** Told every global that means nothing here, as 'module.name'. */
  readonly unknown: (path: string) => void;
}

/** Reads the pickle at `begin`. Throws InputError, or PickleCut where the bytes end before it does. */
export function unpickle(bytes: Uint8Array, begin: number, options: UnpickleOptions): Unpickled {
  return new Machine(new PickleCursor(bytes, begin, options.file), options).run();
}

class Machine {
  private readonly stack: Value[] = [];
  /** Heights of the stack at the open MARKs. */
  private readonly marks: number[] = [];
  private readonly memo = new Map<number, Value>();

  constructor(
    private readonly cursor: PickleCursor,
    private readonly options: UnpickleOptions,
  ) {}

  run(): Unpickled {
    for (let opcodes = 1; ; opcodes++) {
      if (opcodes > MAX_OPCODES) throw this.cursor.error('pickle-budget', `runs over ${count(MAX_OPCODES)} opcodes`);
      const op = this.cursor.byte();
      if (op === 0x2e) return { value: this.pop(), end: this.cursor.at, opcodes };
      this.step(op);
      if (this.stack.length > MAX_STACK) throw this.cursor.error('pickle-budget', `holds more than ${count(MAX_STACK)} values at once`);
    }
  }

  private step(op: number): void {
    const { cursor } = this;
    switch (op) {
      case 0x80: return this.protocol(cursor.byte()); // PROTO
      case 0x95: return void cursor.uint64(); // FRAME
      case 0x28: return void this.marks.push(this.stack.length); // MARK
      case 0x30: return this.drop(); // POP
      case 0x31: return void this.popMark(); // POP_MARK
      case 0x32: return this.push(this.top()); // DUP
      case 0x4e: return this.push(null);
      case 0x88: return this.push(true);
      case 0x89: return this.push(false);
      case 0x49: return this.push(cursor.integerLine(true)); // INT
      case 0x4c: return this.push(cursor.integerLine(false)); // LONG
      case 0x46: return this.push(cursor.floatLine()); // FLOAT
      case 0x4a: return this.push(cursor.int32()); // BININT
      case 0x4b: return this.push(cursor.byte()); // BININT1
      case 0x4d: return this.push(cursor.uint16()); // BININT2
      case 0x8a: return this.push(cursor.long(cursor.byte())); // LONG1
      case 0x8b: return this.push(cursor.long(cursor.int32())); // LONG4
      case 0x47: return this.push(cursor.float64()); // BINFLOAT
      case 0x53: return this.push(cursor.quotedLine()); // STRING
      case 0x54: return this.push(cursor.latin1(cursor.int32())); // BINSTRING
      case 0x55: return this.push(cursor.latin1(cursor.byte())); // SHORT_BINSTRING
      case 0x56: return this.push(cursor.unicodeLine()); // UNICODE
      case 0x58: return this.push(cursor.utf8(cursor.uint32())); // BINUNICODE
      case 0x8c: return this.push(cursor.utf8(cursor.byte())); // SHORT_BINUNICODE
      case 0x8d: return this.push(cursor.utf8(cursor.uint64())); // BINUNICODE8
      case 0x42: return this.push(cursor.run(cursor.uint32())); // BINBYTES
      case 0x43: return this.push(cursor.run(cursor.byte())); // SHORT_BINBYTES
      case 0x8e: case 0x96: return this.push(cursor.run(cursor.uint64())); // BINBYTES8, BYTEARRAY8
      case 0x5d: case 0x8f: return this.push([]); // EMPTY_LIST, EMPTY_SET
      case 0x6c: case 0x91: return this.push(this.popMark()); // LIST, FROZENSET
      case 0x7d: return this.push(new Dict()); // EMPTY_DICT
      case 0x64: return this.dict(); // DICT
      case 0x29: return this.push(new Tuple([])); // EMPTY_TUPLE
      case 0x74: return this.push(new Tuple(this.popMark())); // TUPLE
      case 0x85: case 0x86: case 0x87: return this.push(new Tuple(this.popMany(op - 0x84))); // TUPLE1-3
      case 0x61: return this.append(this.popMany(1)); // APPEND
      case 0x65: case 0x90: return this.append(this.popMark()); // APPENDS, ADDITEMS
      case 0x73: return this.setItems(this.popMany(2)); // SETITEM
      case 0x75: return this.setItems(this.popMark()); // SETITEMS
      case 0x67: return this.get(Number(cursor.line())); // GET
      case 0x68: return this.get(cursor.byte()); // BINGET
      case 0x6a: return this.get(cursor.uint32()); // LONG_BINGET
      case 0x70: return this.put(Number(cursor.line())); // PUT
      case 0x71: return this.put(cursor.byte()); // BINPUT
      case 0x72: return this.put(cursor.uint32()); // LONG_BINPUT
      case 0x94: return this.put(this.memo.size); // MEMOIZE
      case 0x63: return this.push(this.global(cursor.line(), cursor.line())); // GLOBAL
      case 0x93: return this.stackGlobal(); // STACK_GLOBAL
      case 0x69: return this.instance(cursor.line(), cursor.line()); // INST
      case 0x6f: return this.object(); // OBJ
      case 0x52: case 0x81: return this.reduce(this.popMany(2)); // REDUCE, NEWOBJ
      case 0x92: return this.reduce(this.popMany(3)); // NEWOBJ_EX
      case 0x62: return this.build(); // BUILD
      case 0x50: return this.push(this.options.persistent(cursor.line())); // PERSID
      case 0x51: return this.push(this.options.persistent(this.pop())); // BINPERSID
      case 0x82: case 0x83: case 0x84: throw cursor.error('pickle-extension', 'names a class by a private number (EXT)');
      case 0x97: case 0x98: throw cursor.error('pickle-buffer', 'keeps its data outside the file (NEXT_BUFFER)');
      default: throw cursor.error('pickle-opcode', `has 0x${op.toString(16).padStart(2, '0')} where an opcode should be`);
    }
  }

  private protocol(version: number): void {
    if (version > 5) throw this.cursor.error('pickle-protocol', `is of protocol ${version}; 0 to 5 are known`);
  }

  // The stack never goes below the innermost mark.

  private get floor(): number {
    return this.marks[this.marks.length - 1] ?? 0;
  }

  private push(value: Value): void {
    this.stack.push(value);
  }

  private pop(): Value {
    if (this.stack.length <= this.floor) throw this.underflow();
    return this.stack.pop()!;
  }

  /** The last n, oldest first. */
  private popMany(n: number): Value[] {
    const items = new Array<Value>(n);
    for (let i = n - 1; i >= 0; i--) items[i] = this.pop();
    return items;
  }

  private top(): Value {
    if (this.stack.length <= this.floor) throw this.underflow();
    return this.stack[this.stack.length - 1]!;
  }

  private drop(): void {
    if (this.marks.length > 0 && this.stack.length === this.floor) this.marks.pop();
    else this.pop();
  }

  private popMark(): Value[] {
    const mark = this.marks.at(-1);
    if (mark === undefined) throw this.underflow();
    const items = this.popMany(this.stack.length - mark);
    this.marks.pop();
    return items;
  }

  private underflow() {
    return this.cursor.error('pickle-underflow', 'takes a value from an empty stack');
  }

  private get(key: number): void {
    const value = this.memo.get(key);
    if (value === undefined) throw this.cursor.error('pickle-memo', `refers to the value numbered ${count(key)}, which it never stored`);
    this.push(value);
  }

  private put(key: number): void {
    if (!(key >= 0 && key < MAX_MEMO)) throw this.cursor.error('pickle-memo', `numbers a value ${count(key)}; at most ${count(MAX_MEMO)} are kept`);
    this.memo.set(key, this.top());
  }

  private dict(): void {
    const items = this.popMark();
    this.push(new Dict());
    this.setItems(items);
  }

  private append(items: Value[]): void {
    const target = this.top();
    if (Array.isArray(target)) for (const item of items) target.push(item);
    else if (!(target instanceof Opaque)) throw this.cursor.error('pickle-type', `appends to ${kindOf(target)}; only lists and sets grow`);
  }

  /** keys and values, alternating. */
  private setItems(items: Value[]): void {
    const target = this.top();
    const dict = target instanceof Opaque ? target.entries : target;
    if (!(dict instanceof Dict)) throw this.cursor.error('pickle-type', `sets an item of ${kindOf(target)}; only dicts have items (SETITEM)`);
    if (items.length % 2 !== 0) throw this.cursor.error('pickle-underflow', 'gives a dict a key without a value');
    for (let i = 0; i < items.length; i += 2) dict.entries.set(items[i]!, items[i + 1]!);
  }

  private global(module: string, name: string): Global {
    const global = new Global(module, name);
    if (!isKnown(global)) this.options.unknown(global.path);
    return global;
  }

  private stackGlobal(): void {
    const [module, name] = this.popMany(2);
    if (typeof module !== 'string' || typeof name !== 'string') throw this.cursor.error('pickle-type', 'names a class by something other than two strings (STACK_GLOBAL)');
    this.push(this.global(module, name));
  }

  private instance(module: string, name: string): void {
    this.push(construct(this.global(module, name), this.popMark(), this.cursor));
  }

  private object(): void {
    const [callable, ...args] = this.popMark();
    if (callable === undefined) throw this.underflow();
    this.push(construct(callable, args, this.cursor));
  }

  /** callable, arguments and, for NEWOBJ_EX, keyword arguments that no known class takes. */
  private reduce([callable, args]: Value[]): void {
    if (!(args instanceof Tuple)) throw this.cursor.error('pickle-type', `gives a call ${kindOf(args!)} for its arguments; expected a tuple (REDUCE)`);
    this.push(construct(callable!, args.items, this.cursor));
  }

  private build(): void {
    const state = this.pop();
    setState(this.top(), state, this.cursor);
  }
}
