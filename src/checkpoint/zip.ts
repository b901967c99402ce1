/**
 * Zip archives by random access (PKWARE APPNOTE 6.3.10): STORED and deflated members, Zip64, streamed entries, bytes before the
 * archive. What an archive says twice must agree, nothing may overlap, and every byte handed out has passed its CRC-32.
 */
import { crc32 } from './crc32';
import { inflate, InflateError } from './inflate';
import { count, quoted, refusal, truncated } from './refusal';
import { windowed } from './sources';
import type { ByteSource } from './types';

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const MAX_MEMBERS = 1_000_000;
const MAX_DIRECTORY = 1 << 28;
/** A deflate stream cannot expand further than this (RFC 1951: 258 bytes for 2 bits). */
const MAX_EXPANSION = 1032;
const MAX_INFLATED = 2 ** 31;
const SLICE = 1 << 26;

const METHODS = new Map([[1, 'shrink'], [6, 'implode'], [9, 'deflate64'], [12, 'bzip2'], [14, 'LZMA'], [93, 'zstd'], [95, 'xz']]);

interface Header {
  flags: number;
  method: number;
  crc: number;
  compressed: number;
  size: number;
  offset: number;
}

export class ZipMember {
  private data: Promise<number> | undefined;
  private checked: Promise<void> | undefined;

  constructor(
    readonly name: string,
    readonly header: Readonly<Header>,
    private readonly source: ByteSource,
    /** torch writes CRC 0 where it did not compute one. */
    private readonly zeroCrcIsNone: () => boolean,
  ) {}

  get size(): number {
    return this.header.size;
  }

  get stored(): boolean {
    return this.header.method === 0;
  }

  /** Bytes [begin, end) of the unpacked member. Its CRC is verified, once, before the first are handed out. */
  async read(begin: number, end: number): Promise<Uint8Array> {
    if (!(begin >= 0 && begin <= end && end <= this.size)) throw truncated(this.source.name, this.size, end, this.name);
    if (!this.stored) return (await this.inflated()).subarray(begin, end);
    const start = await this.dataStart();
    if (begin === 0 && end === this.size && this.checked === undefined) {
      const bytes = await this.source.read(start, start + end);
      this.compare(crc32(bytes));
      this.checked = Promise.resolve();
      return bytes;
    }
    await this.verify();
    return this.source.read(start + begin, start + end);
  }

  /** The first bytes, before the CRC is known: for reading a header only. */
  async peek(length: number): Promise<Uint8Array> {
    const start = await this.dataStart();
    const end = Math.min(length, this.size);
    return this.stored ? this.source.read(start, start + end) : this.unpack(start, end, true);
  }

  /** Resolves when the whole member has passed its checks; throws InputError. */
  verify(): Promise<void> {
    this.checked ??= this.stored ? this.scan() : this.inflated().then(() => undefined);
    return this.checked;
  }

  private async scan(): Promise<void> {
    const start = await this.dataStart();
    let crc = 0;
    for (let at = 0; at < this.size; at += SLICE) crc = crc32(await this.source.read(start + at, start + Math.min(this.size, at + SLICE)), crc);
    this.compare(crc);
  }

  private compare(crc: number): void {
    const expected = this.header.crc;
    if (crc === expected || (expected === 0 && this.zeroCrcIsNone())) return;
    const hex = (n: number) => n.toString(16).padStart(8, '0');
    throw this.error('crc', `its bytes have CRC-32 ${hex(crc)}; the archive says ${hex(expected)}. The file was damaged on its way: fetch it again.`);
  }

  private async inflated(): Promise<Uint8Array> {
    const bytes = await this.unpack(await this.dataStart(), this.size, false);
    if (bytes.length !== this.size) throw this.error('zip-size', `it unpacks to ${count(bytes.length)} bytes; the archive says ${count(this.size)}. The file is damaged: fetch it again.`);
    this.compare(crc32(bytes));
    return bytes;
  }

  private async unpack(start: number, limit: number, prefix: boolean): Promise<Uint8Array> {
    if (limit === 0) return new Uint8Array(0);
    try {
      return await inflate('deflate-raw', (b, e) => this.source.read(b, e), start, start + this.header.compressed, limit, prefix);
    } catch (error) {
      if (!(error instanceof InflateError)) throw error;
      throw this.error('zip-deflate', `its compressed data ${error.message} (${count(this.size)} bytes expected). The file is damaged: fetch it again.`);
    }
  }

  /** Where the data begins, once the local header has been found to agree with the directory. */
  private dataStart(): Promise<number> {
    this.data ??= this.locate();
    return this.data;
  }

  private async locate(): Promise<number> {
    const { header, source } = this;
    if (header.flags & 1) throw this.error('zip-encrypted', 'it is encrypted; expected plain data. Save the file without a password.');
    if (header.method !== 0 && header.method !== 8) {
      throw this.error('zip-method', `it is packed with ${METHODS.get(header.method) ?? 'method'} (${header.method}); expected stored or deflate. Pack it again with numpy or torch.`);
    }
    const fixed = await source.read(header.offset, header.offset + 30);
    const view = viewOf(fixed);
    if (view.getUint32(0, true) !== LOCAL) throw this.error('zip-local-header', `no member begins at byte ${count(header.offset)}, where the directory says. The file is damaged: fetch it again.`);
    const nameLength = view.getUint16(26, true);
    const start = header.offset + 30 + nameLength + view.getUint16(28, true);
    const name = decodeName(await source.read(header.offset + 30, header.offset + 30 + nameLength));
    if (name !== this.name) throw this.error('zip-name-mismatch', `the archive calls it ${quoted(name)} in front of its data and ${quoted(this.name)} in its directory; expected one name. Pack it again.`);
    const streamed = (header.flags & 8) !== 0;
    const agrees = (at: number, value: number) => [value, 0xffffffff].includes(view.getUint32(at, true)) || (streamed && view.getUint32(at, true) === 0);
    if (view.getUint16(8, true) !== header.method || !agrees(14, header.crc) || !agrees(18, header.compressed) || !agrees(22, header.size)) {
      throw this.error('zip-local-header', 'the header in front of its data and the directory give different sizes, CRC or packing. The file is damaged: fetch it again.');
    }
    if (start + header.compressed > source.size) throw truncated(source.name, source.size, start + header.compressed, this.name);
    return start;
  }

  private error(code: string, sentence: string) {
    return refusal(code, this.source.name, sentence, this.name);
  }
}

export class ZipArchive {
  /** Set by a format whose writer leaves CRCs out. */
  zeroCrcIsNone = false;

  private constructor(
    readonly source: ByteSource,
    /** By name, in directory order, without folders. */
    readonly members: Map<string, ZipMember>,
  ) {}

  /** Null where the file has no end-of-archive record. Throws InputError where the archive contradicts itself. */
  static async open(file: ByteSource): Promise<ZipArchive | null> {
    const end = await findEnd(file);
    if (end === null) return null;
    const source = windowed(file);
    const archive = new ZipArchive(source, new Map());
    const directory = await file.read(end.directory, end.directory + end.directorySize);
    const view = viewOf(directory);
    const spans: [number, number, string][] = [];
    let entries = 0;
    for (let at = 0; at < directory.length; entries++) {
      if (at + 46 > directory.length || view.getUint32(at, true) !== CENTRAL) throw refusal('zip-directory', file.name, `entry ${entries + 1} of the archive's directory is damaged. Fetch the file again.`);
      const nameLength = view.getUint16(at + 28, true);
      const extraLength = view.getUint16(at + 30, true);
      const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
      if (next > directory.length) throw refusal('zip-directory', file.name, `entry ${entries + 1} of the archive's directory runs past its end. Fetch the file again.`);
      const name = decodeName(directory.subarray(at + 46, at + 46 + nameLength));
      const header = readEntry(view, at, directory.subarray(at + 46 + nameLength, at + 46 + nameLength + extraLength), file.name, name);
      header.offset += end.prefix;
      if (archive.members.has(name)) throw refusal('zip-duplicate', file.name, 'the archive holds two members of this name; expected one. Pack it again.', name);
      checkSizes(header, end.directory, file.name, name);
      spans.push([header.offset, header.offset + 30 + nameLength + header.compressed, name]);
      if (!name.endsWith('/')) archive.members.set(name, new ZipMember(name, header, source, () => archive.zeroCrcIsNone));
      at = next;
    }
    if (entries !== end.entries) throw refusal('zip-count', file.name, `the archive's directory holds ${count(entries)} members; its end record says ${count(end.entries)}. The file is damaged: fetch it again.`);
    spans.sort((a, b) => a[0] - b[0]);
    for (let i = 1; i < spans.length; i++) {
      if (spans[i]![0] < spans[i - 1]![1]) throw refusal('zip-overlap', file.name, `its data overlaps that of ${quoted(spans[i - 1]![2])}; expected separate members. The archive was built to mislead: do not use it.`, spans[i]![2]);
    }
    return archive;
  }

  /** Bytes of all members, unpacked, as the directory declares them. */
  get unpackedSize(): number {
    let total = 0;
    for (const member of this.members.values()) total += member.size;
    return total;
  }
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** UTF-8 where it is valid (as all our writers do), else one character a byte. */
function decodeName(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return String.fromCharCode(...bytes);
  }
}

/** A 64-bit count; sizes beyond 2^53 stay recognisably too large. */
const uint64 = (view: DataView, at: number) => view.getUint32(at, true) + view.getUint32(at + 4, true) * 4294967296;

function readEntry(view: DataView, at: number, extra: Uint8Array, file: string, name: string): Header {
  const header = {
    flags: view.getUint16(at + 8, true),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    compressed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
  };
  const disk = view.getUint16(at + 34, true);
  if (disk !== 0 && disk !== 0xffff) throw refusal('zip-multi-disk', file, `it lies on disk ${disk} of an archive in several parts; expected one file. Join the parts and pack them again.`, name);
  const wide = (['size', 'compressed', 'offset'] as const).filter((field) => header[field] === 0xffffffff);
  const fields = viewOf(extra);
  for (let p = 0; p + 4 <= extra.length && wide.length > 0; ) {
    const length = fields.getUint16(p + 2, true);
    if (fields.getUint16(p, true) === 1) {
      if (length < 8 * wide.length || p + 4 + length > extra.length) throw refusal('zip-directory', file, 'its Zip64 sizes are cut. Fetch the file again.', name);
      wide.forEach((field, i) => (header[field] = uint64(fields, p + 4 + 8 * i)));
      return header;
    }
    p += 4 + length;
  }
  return header;
}

/** Validates before anything is allocated for the member. */
function checkSizes(header: Header, directory: number, file: string, name: string): void {
  const { method, compressed, size, offset } = header;
  if (offset + 30 + compressed > directory) {
    throw refusal('zip-range', file, `its ${count(compressed)} bytes at ${count(offset)} run past the archive's data, which ends at ${count(directory)}. The file is cut or damaged: fetch it again.`, name);
  }
  if (method === 0 && compressed !== size) throw refusal('zip-size', file, `it is stored in ${count(compressed)} bytes and declares ${count(size)}; expected the same. The file is damaged: fetch it again.`, name);
  if (method !== 8) return;
  if (size > compressed * MAX_EXPANSION) throw refusal('zip-size', file, `it declares ${count(size)} bytes from ${count(compressed)} compressed; deflate cannot expand more than ${MAX_EXPANSION} times. Do not use this archive.`, name);
  if (size > MAX_INFLATED) throw refusal('zip-size', file, `it unpacks to ${count(size)} bytes; at most ${count(MAX_INFLATED)} are unpacked. Save it uncompressed (np.savez).`, name);
}

interface End {
  entries: number;
  directory: number;
  directorySize: number;
  /** Bytes in front of the archive. */
  prefix: number;
}

async function findEnd(source: ByteSource): Promise<End | null> {
  const { name, size } = source;
  if (size < 22) return null;
  const tailStart = Math.max(0, size - 22 - 0xffff);
  const tail = await source.read(tailStart, size);
  const view = viewOf(tail);
  const found: number[] = [];
  for (let p = tail.length - 22; p >= 0; p--) {
    if (tail[p] === 0x50 && view.getUint32(p, true) === END && p + 22 + view.getUint16(p + 20, true) === tail.length) found.push(p);
  }
  if (found.length === 0) return null;
  if (found.length > 1) throw refusal('zip-directory', name, `${found.length} end-of-archive records fit its end; expected one. Which is meant cannot be known: pack it again.`);
  const p = found[0]!;
  const at = tailStart + p;
  let disks = view.getUint16(p + 4, true) | view.getUint16(p + 6, true);
  let entries = view.getUint16(p + 10, true);
  let directorySize = view.getUint32(p + 12, true);
  let offset = view.getUint32(p + 16, true);
  let limit = at;
  if (at >= 20) {
    const locator = viewOf(await source.read(at - 20, at));
    if (locator.getUint32(0, true) === LOCATOR64) {
      if (locator.getUint32(16, true) > 1) disks = 1;
      else {
        const record = await findEnd64(source, uint64(locator, 8), at - 20);
        ({ entries, directorySize, offset, at: limit } = record);
        disks = record.disks;
      }
    }
  }
  if (disks !== 0 && disks !== 0xffff) throw refusal('zip-multi-disk', name, 'it is one part of an archive in several; expected a single file. Join the parts and pack them again.');
  const prefix = limit - directorySize - offset;
  if (!(prefix >= 0) || !(directorySize <= limit)) {
    throw refusal('zip-directory', name, `the archive's directory should lie at byte ${count(offset)} (${count(directorySize)} bytes), outside the ${count(size)} bytes that are there. The file is cut or damaged: fetch it again.`);
  }
  if (entries > MAX_MEMBERS || directorySize > MAX_DIRECTORY) throw refusal('zip-too-many', name, `the archive lists ${count(entries)} members; at most ${count(MAX_MEMBERS)} are read.`);
  return { entries, directory: limit - directorySize, directorySize, prefix };
}

async function findEnd64(source: ByteSource, stated: number, locatorAt: number): Promise<{ at: number; disks: number; entries: number; directorySize: number; offset: number }> {
  // Where bytes were put in front of the archive the stated position is too small; the record then ends at its locator.
  for (const at of [stated, locatorAt - 56]) {
    if (!(at >= 0 && at + 56 <= locatorAt)) continue;
    const view = viewOf(await source.read(at, at + 56));
    if (view.getUint32(0, true) !== END64) continue;
    return { at, disks: view.getUint32(16, true) | view.getUint32(20, true), entries: uint64(view, 32), directorySize: uint64(view, 40), offset: uint64(view, 48) };
  }
  throw refusal('zip-directory', source.name, 'its Zip64 end record is missing. The file is cut or damaged: fetch it again.');
}
