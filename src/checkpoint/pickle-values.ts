/** What the unpickler makes: inert data. No class of the file is ever looked up, called or built. */
import type { DType } from './types';

/** Lists and sets are arrays. Integers are numbers while safe, bigints beyond. */
export type Value = null | boolean | number | bigint | string | Uint8Array | Value[] | Tuple | Dict | Global | Storage | TensorView | NumpyDType | Opaque;

export class Tuple {
  constructor(readonly items: readonly Value[]) {}
}

/** A dict or OrderedDict. A Map, so '__proto__' is a key like any other. */
export class Dict {
  readonly entries = new Map<Value, Value>();
}

/** A (module, name) pair: two strings, nothing more. */
export class Global {
  constructor(
    readonly module: string,
    readonly name: string,
  ) {}

  get path(): string {
    return `${this.module}.${this.name}`;
  }
}

/** A storage named by a persistent id: `numel` elements of `dtype` (bytes, where it is untyped). */
export class Storage {
  constructor(
    readonly key: string,
    readonly dtype: DType,
    readonly numel: number,
  ) {}
}

/** The arguments of a _rebuild_tensor call as the file gives them: torch-tensors.ts checks them, where the tensor's name is known. */
export class TensorView {
  constructor(
    readonly storage: Storage,
    readonly dtype: DType,
    readonly offset: Value,
    readonly shape: Value,
    readonly strides: Value,
  ) {}
}

export class NumpyDType {
  bigEndian = false;
  constructor(readonly code: string) {}
}

/** An object of a class that means nothing here: its name, and the data that was attached to it. */
export class Opaque {
  state: Value = null;
  readonly entries = new Dict();
  constructor(readonly global: Global) {}
}

/** The kind of a value, for sentences. */
export function kindOf(value: Value): string {
  if (value === null) return 'None';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Tuple) return 'a tuple';
  if (value instanceof Dict) return 'a dict';
  if (value instanceof Global) return `the name ${value.path}`;
  if (value instanceof Storage) return 'a storage';
  if (value instanceof TensorView) return 'a tensor';
  if (value instanceof NumpyDType) return 'a numpy dtype';
  if (value instanceof Opaque) return `an object of ${value.global.path}`;
  return { boolean: 'a bool', number: 'a number', bigint: 'an integer', string: 'a string' }[typeof value as 'boolean' | 'number' | 'bigint' | 'string'];
}
