/** Saved results of any kind, read back as the hostile input that they are. */
import type { z } from 'zod';
import { InputError } from '../base/errors';

export interface SavedKind<T> {
  /** Begins the codes of its errors. */
  readonly code: string;
  readonly noun: string;
  /** 'a report' */
  readonly one: string;
  /** 'a Deadreckon report' */
  readonly ours: string;
  readonly version: number;
  readonly schema: z.ZodType<T>;
}

/** @throws InputError for text that is no JSON. */
export function readJson(text: string, file: string, { code, noun }: Pick<SavedKind<unknown>, 'code' | 'noun'>): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError(`${code}-json`, `${file} is not readable JSON: it may be cut short. Export the ${noun} again.`, { file });
  }
}

const MOST = 10_000;

/**
 * One, a list, or a list named `records`: what the command line writes of one file or several.
 * @throws InputError naming the field that is wrong, or the version that is too new.
 */
export function readAll<T>(text: string, file: string, kind: SavedKind<T>): T[] {
  const data = readJson(text, file, kind);
  const listed = (data as { records?: unknown } | null)?.records ?? data;
  const all: unknown[] = Array.isArray(listed) ? listed : [listed];
  if (all.length > MOST) throw new InputError(`${kind.code}-size`, `${file} holds ${all.length} results; at most ${MOST} are read.`, { file });
  return all.map((one) => checkSaved(one, file, kind));
}

/** @throws InputError naming the field that is wrong, or the version that is too new. */
export function checkSaved<T>(data: unknown, file: string, kind: SavedKind<T>): T {
  const { code, one, version, schema } = kind;
  const given = (data as { schema?: unknown } | null)?.schema;
  if (typeof given === 'number' && given > version) {
    throw new InputError(`${code}-version`, `${file} is ${one} of version ${given}; this version of Deadreckon reads up to ${version}. Open it with a newer one.`, { file });
  }
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw wrongField(file, kind, issue.path.map(String).join('.').slice(0, 100) || 'the top level', issue.message.slice(0, 200));
}

export function wrongField(file: string, { code, ours }: Pick<SavedKind<unknown>, 'code' | 'ours'>, where: string, why: string): InputError {
  return new InputError(`${code}-schema`, `${file} looks like ${ours}, but ${where} is not as expected (${why}).`, { file });
}
