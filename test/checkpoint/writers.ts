/** Tiny writers of the file formats, able to write what no library would. */
import { deflateRawSync } from 'node:zlib';
import { crc32 } from '../../src/checkpoint/crc32';
import { openFiles } from '../../src/checkpoint/open';
import { bufferSource } from '../../src/checkpoint/sources';
import type { Checkpoint, Opened, Refusal } from '../../src/checkpoint/types';

export const text = (s: string): Uint8Array => new TextEncoder().encode(s);
export const latin = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0));
export const f32 = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

export function join(...parts: (Uint8Array | string | number[])[]): Uint8Array {
  const all = parts.map((p) => (typeof p === 'string' ? latin(p) : Uint8Array.from(p)));
  const out = new Uint8Array(all.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of all) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** `size` bytes, little-endian. */
export function le(value: number | bigint, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let rest = BigInt.asUintN(8 * size, BigInt(value));
  for (let i = 0; i < size; i++, rest >>= 8n) out[i] = Number(rest & 255n);
  return out;
}

export function safetensors(header: string | object, data: Uint8Array = new Uint8Array(0), length?: number | bigint): Uint8Array {
  const json = text(typeof header === 'string' ? header : JSON.stringify(header));
  return join(le(length ?? json.length, 8), json, data);
}

export function npy(header: string, data: Uint8Array, version = 1): Uint8Array {
  const body = text(header);
  return join('\x93NUMPY', [version, 0], le(body.length, version === 1 ? 2 : 4), body, data);
}

export const npyOf = (descr: string, shape: string, data: Uint8Array, fortran = 'False') => npy(`{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`, data);

/** A member of a zip; the fields after `data` replace what an honest writer would put there. */
export interface Member {
  name: string;
  data: Uint8Array;
  deflate?: boolean;
  localName?: string;
  crc?: number;
  size?: number;
  method?: number;
  flags?: number;
  disk?: number;
  streamed?: boolean;
  offset?: number;
  zip64?: boolean;
}

export interface ZipOptions {
  prefix?: Uint8Array;
  entries?: number;
  directoryOffset?: number;
  disks?: number;
  zip64?: boolean;
}

export function zip(members: Member[], options: ZipOptions = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  const central: Uint8Array[] = [];
  let at = 0;
  for (const m of members) {
    const packed = m.deflate ? new Uint8Array(deflateRawSync(m.data)) : m.data;
    const crc = m.crc ?? crc32(m.data);
    const size = m.size ?? m.data.length;
    const stored = m.deflate ? packed.length : size;
    const method = m.method ?? (m.deflate ? 8 : 0);
    const flags = (m.flags ?? 0) | (m.streamed ? 8 : 0);
    const name = text(m.name);
    const localName = text(m.localName ?? m.name);
    const wide = m.zip64 ?? false;
    const extra = (n: number) => (wide ? join(le(1, 2), le(8 * n, 2), le(size, 8), le(stored, 8), n === 3 ? le(at, 8) : []) : new Uint8Array(0));
    const field = (value: number) => le(wide ? 0xffffffff : value, 4);
    const sizes = m.streamed ? join(le(0, 4), le(0, 4), le(0, 4)) : join(le(crc, 4), field(stored), field(size));
    const local = join('PK\x03\x04', le(45, 2), le(flags, 2), le(method, 2), le(0, 4), sizes, le(localName.length, 2), le(extra(2).length, 2), localName, extra(2), packed);
    const descriptor = m.streamed ? join('PK\x07\x08', le(crc, 4), le(stored, 4), le(size, 4)) : new Uint8Array(0);
    central.push(join('PK\x01\x02', le(45, 2), le(45, 2), le(flags, 2), le(method, 2), le(0, 4), le(crc, 4), field(stored), field(size), le(name.length, 2), le(extra(3).length, 2), le(0, 2), le(m.disk ?? 0, 2), le(0, 2), le(0, 4), field(m.offset ?? at), name, extra(3)));
    parts.push(local, descriptor);
    at += local.length + descriptor.length;
  }
  const directory = join(...central);
  const entries = options.entries ?? members.length;
  const end64 = options.zip64
    ? join('PK\x06\x06', le(44, 8), le(45, 2), le(45, 2), le(0, 4), le(0, 4), le(entries, 8), le(entries, 8), le(directory.length, 8), le(at, 8), 'PK\x06\x07', le(0, 4), le(at + directory.length, 8), le(1, 4))
    : new Uint8Array(0);
  const small = (value: number, size: number) => le(options.zip64 ? -1 : value, size);
  const end = join('PK\x05\x06', le(options.disks ?? 0, 2), le(options.disks ?? 0, 2), small(entries, 2), small(entries, 2), small(directory.length, 4), small(options.directoryOffset ?? at, 4), le(0, 2));
  return join(options.prefix ?? [], ...parts, directory, end64, end);
}

/** Pickle by hand. */
export const P = {
  proto: (v = 2) => [0x80, v],
  str: (s: string) => join('X', le(text(s).length, 4), text(s)),
  int: (n: number) => join('J', le(n, 4)),
  long: (n: bigint) => join([0x8a, 10], le(n, 10)),
  global: (module: string, name: string) => join('c', text(`${module}\n${name}\n`)),
  tuple: (...items: Uint8Array[]) => join('(', ...items, 't'),
  reduce: (callable: Uint8Array, ...args: Uint8Array[]) => join(callable, P.tuple(...args), 'R'),
  dict: (...pairs: [Uint8Array | string, Uint8Array][]) => join('}(', ...pairs.flatMap(([k, v]) => [typeof k === 'string' ? P.str(k) : k, v]), 'u'),
  orderedDict: (...pairs: [Uint8Array | string, Uint8Array][]) => join(P.global('collections', 'OrderedDict'), ')R(', ...pairs.flatMap(([k, v]) => [typeof k === 'string' ? P.str(k) : k, v]), 'u'),
  storage: (key: string, numel: number, type = 'FloatStorage', location = 'cpu', module = 'torch') =>
    join(P.tuple(P.str('storage'), P.global(module, type), P.str(key), P.str(location), P.int(numel)), 'Q'),
  ints: (values: number[]) => P.tuple(...values.map(P.int)),
  tensor: (key: string, numel: number, shape: number[], strides: number[], offset = 0, type = 'FloatStorage', location = 'cpu') =>
    P.reduce(P.global('torch._utils', '_rebuild_tensor_v2'), P.storage(key, numel, type, location), P.int(offset), P.ints(shape), P.ints(strides), latin('\x89'), P.orderedDict()),
  file: (...body: (Uint8Array | string)[]) => join(P.proto(), ...body, '.'),
};

/** A .pt of torch >= 1.6: the pickle and the storages by key. */
export function pt(pickle: Uint8Array, records: Record<string, Uint8Array> = { 0: f32(1, 2, 3, 4) }, members: Member[] = [], root = 'archive/', options: ZipOptions = {}): Uint8Array {
  return zip([{ name: `${root}data.pkl`, data: pickle }, ...Object.entries(records).map(([key, data]) => ({ name: `${root}data/${key}`, data })), { name: `${root}version`, data: latin('3\n') }, ...members], options);
}

/** The old format: magic, protocol, system, object, keys, storages as [elements, bytes]. */
export function legacy(pickle: Uint8Array, storages: [string, number, Uint8Array][] = [['0', 4, f32(1, 2, 3, 4)]]): Uint8Array {
  const system = P.file(P.dict(['little_endian', latin('\x88')]));
  const keys = P.file('](', ...storages.map(([key]) => P.str(key)), 'e');
  return join(P.file(P.long(0x1950a86a20f9469cfc6cn)), P.file(P.int(1001)), system, pickle, keys, ...storages.flatMap(([, n, data]) => [le(n, 8), data]));
}

export const open = (name: string, bytes: Uint8Array): Promise<Opened> => openFiles([bufferSource(name, bytes)]);

export async function loaded(name: string, bytes: Uint8Array): Promise<Checkpoint> {
  const { checkpoints, refusals } = await open(name, bytes);
  if (refusals.length > 0) throw new Error(`refused: ${refusals[0]!.message}`);
  return checkpoints[0]!;
}

export async function refused(name: string, bytes: Uint8Array): Promise<Refusal> {
  const { checkpoints, refusals } = await open(name, bytes);
  if (checkpoints.length > 0) throw new Error(`${name} was loaded: ${[...checkpoints[0]!.tensors.keys()].slice(0, 5).join(', ')} ${checkpoints[0]!.warnings.join(' ')}`);
  if (refusals.length !== 1) throw new Error(`${refusals.length} refusals`);
  return refusals[0]!;
}

export async function valuesOf(checkpoint: Checkpoint, name: string): Promise<number[]> {
  return Array.from(await checkpoint.tensors.get(name)!.values());
}
