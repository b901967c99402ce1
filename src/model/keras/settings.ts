/** The config of a Keras object, typed as it is read. Keras writes snake_case, TensorFlow.js in memory camelCase: both are found. */
import { Real, type Json, type JsonObject } from '../../checkpoint/strict-json';

/** Why a model cannot be run: a clause that follows "but ". */
export class NotRun extends Error {
  override readonly name = 'NotRun';
}

const camel = (key: string) => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

export class Settings {
  constructor(
    private readonly fields: JsonObject,
    /** What it belongs to, for sentences: 'layer "conv1" (Conv2D)'. */
    readonly subject: string,
  ) {}

  /** The fields of a JSON object; of anything else none. */
  static of(value: Json | undefined, subject: string): Settings {
    return new Settings(value instanceof Map ? value : new Map(), subject);
  }

  /** Null where it is not there, too. */
  get(key: string): Json {
    return this.fields.get(key) ?? this.fields.get(camel(key)) ?? null;
  }

  inner(key: string): Settings {
    return Settings.of(this.get(key), this.subject);
  }

  list(key: string): Json[] {
    const value = this.get(key);
    return Array.isArray(value) ? value : [];
  }

  text(key: string): string | null {
    const value = this.get(key);
    return typeof value === 'string' ? value : null;
  }

  flag(key: string, otherwise: boolean): boolean {
    const value = this.get(key);
    return typeof value === 'boolean' ? value : otherwise;
  }

  number(key: string, otherwise: number): number {
    const value = this.get(key);
    return value === null ? otherwise : (numberOf(value) ?? this.wrong(key));
  }

  /** Sizes of a window, one per direction: [height, width]; a single number stands for both, and of sequences the width is 1. */
  sizes(key: string, directions: 1 | 2, otherwise: readonly [number, number], across = 1): [number, number] {
    const value = this.get(key);
    if (value === null) return [...otherwise];
    const all = Array.isArray(value) ? value.map(numberOf) : [numberOf(value), numberOf(value)];
    const [height, width] = directions === 1 ? [all[0], across] : all;
    const fits = (n: number | null | undefined): n is number => Number.isInteger(n) && n! >= 0 && n! <= 2 ** 31;
    if (!fits(height) || !fits(width) || (Array.isArray(value) && all.length !== directions)) return this.wrong(key);
    return [height, width];
  }

  /** Refuses by name whatever is not as the forward pass has it. */
  expect(fits: boolean, what: string): void {
    if (!fits) throw new NotRun(`${this.subject} ${what}`);
  }

  wrong(key: string): never {
    throw new NotRun(`${this.subject} has a "${key}" that makes no sense`);
  }
}

export function numberOf(value: Json | undefined): number | null {
  if (value instanceof Real) return Number.isFinite(value.value) ? value.value : null;
  return typeof value === 'number' ? value : null;
}
