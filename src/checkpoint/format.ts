/** What a file format is to this folder: a way to recognise a file and a way to list its tensors. */
import type { Program } from './program';
import type { StoredTensor } from './stored-tensor';
import type { ByteSource, Format } from './types';
import type { ZipArchive } from './zip';

/** A file after the first look at it. */
export interface Sniffed {
  readonly source: ByteSource;
  /** Its first bytes (at most 512). */
  readonly head: Uint8Array;
  /** The archive it is, if it is one. */
  readonly archive: ZipArchive | null;
  /** Lower-case, without the dot; '' if there is none. Only decides where the content does not. */
  readonly extension: string;
}

/** The tensors of one file, in file order. */
export interface Contents {
  readonly tensors: readonly StoredTensor[];
  readonly metadata: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
  readonly shared: readonly (readonly string[])[];
  readonly program?: Program;
  /** Other files of the drop that hold part of the elements. */
  readonly companions?: readonly ByteSource[];
}

export interface FileFormat {
  readonly format: Format;
  recognises(file: Sniffed): boolean;
  /** `beside`: all files of the drop. Throws InputError. */
  open(file: Sniffed, signal?: AbortSignal, beside?: readonly ByteSource[]): Promise<Contents>;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A name for the single tensor of a file: its base name without the extension. */
export function stem(path: string): string {
  const base = baseName(path);
  const dot = base.lastIndexOf('.');
  return dot > 0 ? base.slice(0, dot) : base;
}
