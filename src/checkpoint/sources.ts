/** Byte sources of the page and of tests. Node's files are in cli/file-source.ts. */
import { messageOf } from '../base/errors';
import { refusal, truncated } from './refusal';
import type { ByteSource } from './types';

/** Throws unless [begin, end) lies inside `size` bytes. */
export function checkRange(file: string, size: number, begin: number, end: number): void {
  if (!(begin >= 0 && begin <= end && Number.isSafeInteger(end))) throw refusal('bad-range', file, `bytes ${begin} to ${end} were asked for.`);
  if (end > size) throw truncated(file, size, end);
}

/** A dropped File or any Blob, read by slices and never as a whole. */
export function blobSource(blob: Blob, name: string): ByteSource {
  return {
    name,
    size: blob.size,
    async readInto(begin, bytes) {
      bytes.set(await this.read(begin, begin + bytes.length));
    },
    async read(begin, end) {
      checkRange(name, blob.size, begin, end);
      let bytes: Uint8Array;
      try {
        bytes = new Uint8Array(await blob.slice(begin, end).arrayBuffer());
      } catch (error) {
        throw refusal('unreadable', name, `the browser could not read it (${messageOf(error)}): it was changed, moved or is too large to slice. Drop it again.`);
      }
      if (bytes.length !== end - begin) throw truncated(name, begin + bytes.length, end);
      return bytes;
    },
  };
}

/** Bytes already in memory. `read` returns views: callers do not write into what they read. */
export function bufferSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    async read(begin, end) {
      checkRange(name, bytes.length, begin, end);
      return bytes.subarray(begin, end);
    },
    async readInto(begin, into) {
      into.set(await this.read(begin, begin + into.length));
    },
  };
}

const WINDOW = 1 << 18;

/** The same source behind a read-ahead window (256 KiB unless said otherwise): many small reads in file order cost few reads of the file. */
export function windowed(source: ByteSource, length = WINDOW): ByteSource {
  let start = 0;
  let window = new Uint8Array(0);
  return {
    name: source.name,
    size: source.size,
    async read(begin, end) {
      if (begin >= start && end <= start + window.length) return window.subarray(begin - start, end - start);
      if (end - begin > length / 4) return source.read(begin, end);
      checkRange(source.name, source.size, begin, end);
      const bytes = await source.read(begin, Math.min(source.size, begin + length));
      start = begin;
      window = bytes as Uint8Array<ArrayBuffer>;
      return bytes.subarray(0, end - begin);
    },
  };
}
