/**
 * PyTorch's format before 1.6 (torch.save with _use_new_zipfile_serialization=False): four pickles (magic number, protocol, system,
 * object), the list of storage keys, then each storage as a count and its raw elements. Source: pytorch torch/serialization.py, _legacy_save.
 */
import { BITS } from '../dtype';
import { stem, type Contents, type FileFormat, type Sniffed } from '../format';
import { PickleCut } from '../pickle-cursor';
import { unpickle, type Unpickled } from '../pickle';
import { Dict, Storage, type Value } from '../pickle-values';
import { count, quoted, refusal, truncated } from '../refusal';
import { namingGlobals, storageOf, torchContents, unknownGlobals, type StorageBytes } from '../torch-tensors';
import type { ByteSource } from '../types';
import { nameTensors } from '../unwrap';

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;
/** First stretch read for the pickles; four times as much while they do not end in it. */
const STRETCH = 2 ** 22;
const MAX_PICKLES = 2 ** 29;
const EXTENSIONS = new Set(['pt', 'pth', 'pkl', 'pickle', 'ckpt', 'bin']);

export const pytorchLegacy: FileFormat = {
  format: 'PyTorch',
  // A pickle of protocol 2 to 5 says so in its first bytes; older ones only by the file's extension.
  recognises: ({ head, extension }) => (head[0] === 0x80 && head[1]! >= 2 && head[1]! <= 5) || (EXTENSIONS.has(extension) && /^[(}\]c]/.test(String.fromCharCode(head[0] ?? 0))),

  async open({ source }: Sniffed): Promise<Contents> {
    const file = source.name;
    const { object, keys, storages, dataAt, bigEndian, unknown } = await readPickles(source);
    const records = await locateStorages(source, keys, storages, dataAt);
    const named = namingGlobals(unknown, () => nameTensors(object.value, object.opcodes, file, stem(file)));
    return torchContents(named, (key) => records.get(key), bigEndian, file, unknownGlobals(unknown));
  },
};

interface Pickles {
  object: Unpickled;
  keys: string[];
  storages: Map<string, Storage>;
  /** Where the raw storages begin. */
  dataAt: number;
  bigEndian: boolean;
  unknown: Set<string>;
}

async function readPickles(source: ByteSource): Promise<Pickles> {
  for (let length = Math.min(source.size, STRETCH); ; length = Math.min(source.size, 4 * length)) {
    try {
      return parsePickles(await source.read(0, length), source.name);
    } catch (error) {
      if (!(error instanceof PickleCut)) throw error;
      if (length === source.size) throw refusal('pickle-cut', source.name, `its pickle ends in the middle, after ${count(length)} bytes. The file is cut or damaged: fetch it again.`);
      if (length >= MAX_PICKLES) throw refusal('pickle-budget', source.name, `its pickles have more than ${count(MAX_PICKLES)} bytes. Save it again with a current torch.`);
    }
  }
}

function parsePickles(bytes: Uint8Array, file: string): Pickles {
  const unknown = new Set<string>();
  const storages = new Map<string, Storage>();
  const persistent = (id: Value): Storage => {
    const storage = storageOf(id, file);
    const known = storages.get(storage.key);
    if (known && (known.dtype !== storage.dtype || known.numel !== storage.numel)) throw refusal('torch-persistent-id', file, `storage ${quoted(storage.key)} is described in two ways; expected one. The file is damaged: fetch it again.`);
    storages.set(storage.key, known ?? storage);
    return known ?? storage;
  };
  const options = { file, persistent, unknown: (path: string) => void unknown.add(path) };
  const next = (begin: number) => namingGlobals(unknown, () => unpickle(bytes, begin, options));
  const magic = next(0);
  if (magic.value !== MAGIC) {
    throw namingGlobals(unknown, () => {
      throw refusal('plain-pickle', file, 'it is a plain Python pickle, not a file of torch.save. In Python: torch.save(state_dict, "state_dict.pt") for tensors, np.savez("weights.npz", **arrays) for arrays.');
    });
  }
  const version = next(magic.end);
  if (version.value !== VERSION) throw refusal('torch-version', file, `it says version ${String(version.value).slice(0, 20)} of the old torch format; expected ${VERSION}. Save it again with a current torch.`);
  const system = next(version.end);
  const bigEndian = system.value instanceof Dict && system.value.entries.get('little_endian') === false;
  const object = next(system.end);
  const list = next(object.end);
  if (!Array.isArray(list.value) || !list.value.every((key) => typeof key === 'string')) throw refusal('torch-keys', file, 'its list of storages is not a list of names. The file is damaged: fetch it again.');
  return { object, keys: list.value, storages, dataAt: list.end, bigEndian, unknown };
}

async function locateStorages(source: ByteSource, keys: readonly string[], storages: ReadonlyMap<string, Storage>, dataAt: number): Promise<Map<string, StorageBytes>> {
  const file = source.name;
  const records = new Map<string, StorageBytes>();
  let at = dataAt;
  for (const key of keys) {
    const storage = storages.get(key);
    if (storage === undefined || records.has(key)) throw refusal('torch-keys', file, `its list of storages names ${quoted(key)}, which ${storage ? 'it named before' : 'no tensor uses'}. The file is damaged: fetch it again.`);
    if (at + 8 > source.size) throw truncated(file, source.size, at + 8);
    const header = await source.read(at, at + 8);
    const numel = Number(new DataView(header.buffer, header.byteOffset, 8).getBigUint64(0, true));
    if (numel !== storage.numel) throw refusal('torch-storage-size', file, `storage ${quoted(key)} says ${count(numel)} elements in front of its data and ${count(storage.numel)} in the pickle; expected the same. The file is damaged: fetch it again.`);
    const begin = at + 8;
    const size = (numel * BITS[storage.dtype]) / 8;
    if (begin + size > source.size) throw truncated(file, source.size, begin + size);
    records.set(key, { size, read: (b, e) => source.read(begin + b, begin + e) });
    at = begin + size;
  }
  if (at !== source.size) throw refusal('trailing-bytes', file, `${count(source.size - at)} bytes follow the last storage; expected none. The file is damaged or two files were joined: fetch it again.`);
  return records;
}
