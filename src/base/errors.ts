/** Errors that are sentences for the person who dropped the file. */

export interface InputErrorDetail {
  /** The file that was refused, as the person named it. */
  file?: string;
  /** The tensor (or archive member, or field) at fault. */
  tensor?: string;
}

/**
 * Input that cannot be used. `message` is one or two plain sentences: what was found, what was expected, what to do.
 * `code` is a stable kebab-case word for tests and programs.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly file: string | undefined;
  readonly tensor: string | undefined;

  constructor(
    readonly code: string,
    message: string,
    detail: InputErrorDetail = {},
  ) {
    super(message);
    this.file = detail.file;
    this.tensor = detail.tensor;
  }
}

/** A broken promise of our own code: never the person's fault. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`);
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
