/** HDF5 files by random access: the superblock (section II), then every dataset of the tree of groups, with the texts found on the way. */
import { breathe } from '../../base/breathe';
import { count, refusal, truncated } from '../refusal';
import { StoredTensor } from '../stored-tensor';
import { swapBytes } from '../dtype';
import type { ByteSource, DType } from '../types';
import { GlobalHeap, textAttributes } from './attributes';
import { Blocks, Cursor, damaged, SIGNATURE } from './bytes';
import { readDataspace, readDatatype } from './datatype';
import { readLayout } from './dataset';
import { membersOf } from './group';
import { MESSAGE, readObject, type Message } from './object-header';

const MAX_DEPTH = 100;
const MAX_OBJECTS = 200_000;

/** A group or a dataset; of a dataset whose elements cannot be read, the sentence that says why. */
export interface Hdf5Object {
  /** '/'-separated, '' for the root. */
  readonly path: string;
  readonly texts: ReadonlyMap<string, readonly string[]>;
  /** Null for a group. Takes the name that it shall have. */
  readonly dataset: ((name: string) => StoredTensor) | null;
}

/** Every object, groups before their members, by path; those that `skips` names are not entered. Throws InputError. */
export async function readHdf5(source: ByteSource, skips: (path: string) => boolean, signal?: AbortSignal): Promise<Map<string, Hdf5Object>> {
  const { blocks, root } = await openSuperblock(source);
  const heap = new GlobalHeap(blocks);
  const objects = new Map<string, Hdf5Object>();
  const seen = new Map<number, string>();
  const waiting: { path: string; address: number; depth: number }[] = [{ path: '', address: root, depth: 0 }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    await breathe(signal);
    const { path, address, depth } = next;
    // A group that is its own member (a hard link) would never end; a dataset under two names is read under its first.
    if (seen.has(address)) continue;
    seen.set(address, path);
    if (seen.size > MAX_OBJECTS) throw refusal('hdf5-too-many', source.name, `it holds more than ${count(MAX_OBJECTS)} groups and arrays; no model does.`);
    if (depth > MAX_DEPTH) throw refusal('hdf5-too-deep', source.name, `its groups are nested more than ${MAX_DEPTH} deep; no model is. It was built to mislead: do not use it.`);
    const messages = await readObject(blocks, address);
    const texts = await textAttributes(blocks, messages, heap);
    const members = await membersOf(blocks, messages);
    objects.set(path, { path, texts, dataset: members ? null : datasetOf(blocks, messages, path, texts) });
    const inner = [...(members ?? [])].map(([name, at]) => ({ path: path === '' ? name : `${path}/${name}`, address: at, depth: depth + 1 }));
    waiting.push(...inner.filter((member) => !skips(member.path)).reverse());
  }
  return objects;
}

async function openSuperblock(source: ByteSource): Promise<{ blocks: Blocks; root: number }> {
  const file = source.name;
  const bytes = await source.read(0, Math.min(source.size, 128));
  if (String.fromCharCode(...bytes.subarray(0, SIGNATURE.length)) !== SIGNATURE) throw damaged(file, 'its HDF5 part does not begin with the HDF5 signature');
  const version = bytes[SIGNATURE.length];
  const first = version === 0 || version === 1;
  if (!first && version !== 2 && version !== 3) throw refusal('hdf5-version', file, `its HDF5 superblock has version ${version ?? 'none'}; expected 0 to 3. The file is cut or newer than this program: save it again with Keras.`);
  const [offset, length] = [bytes[first ? 13 : 9], bytes[first ? 14 : 10]];
  if (![2, 4, 8].includes(offset!) || ![2, 4, 8].includes(length!)) throw damaged(file, `its HDF5 superblock gives addresses of ${offset} and sizes of ${length} bytes; expected 2, 4 or 8`);
  const widths = { offset: offset!, length: length! };
  const cursor = new Cursor(bytes, widths, file, 'the superblock');
  cursor.skip(first ? (version === 0 ? 24 : 28) : 12);
  const base = cursor.address() ?? 0;
  cursor.address();
  const end = cursor.address();
  if (end !== null && base + end > source.size) throw truncated(file, source.size, base + end);
  if (first) cursor.skip(2 * offset!);
  const root = cursor.address();
  if (root === null) throw damaged(file, 'its HDF5 superblock names no root group');
  return { blocks: new Blocks(source, widths, base), root };
}

function datasetOf(blocks: Blocks, messages: readonly Message[], path: string, texts: ReadonlyMap<string, readonly string[]>): ((name: string) => StoredTensor) | null {
  const [typed, space] = [MESSAGE.datatype, MESSAGE.dataspace].map((type) => messages.find((m) => m.type === type)?.data);
  if (!typed || !space) return null;
  const { file } = blocks;
  return (name) => {
    const datatype = readDatatype(typed.part(typed.left));
    const shape = readDataspace(space.part(space.left), file);
    const dtype = dtypeOf(datatype, texts);
    if (dtype === null) throw refusal('bad-dtype', file, `its elements are ${datatype.kind === 'other' ? datatype.what : 'text or opaque bytes'}; expected numbers.`, path);
    const { elements, place } = readLayout(blocks, messages, shape ?? [0], datatype.width, path);
    const swap = datatype.kind === 'number' && datatype.bigEndian && datatype.width > 1;
    const stored = swap ? { sliceable: elements.sliceable, read: async (b: number, e: number) => swapBytes(await elements.read(b, e), datatype.width) } : elements;
    return new StoredTensor(name, dtype, shape ?? [0], file, stored, place);
  };
}

function dtypeOf(datatype: ReturnType<typeof readDatatype>, texts: ReadonlyMap<string, readonly string[]>): DType | null {
  if (datatype.kind === 'number') return datatype.dtype;
  // Keras writes bfloat16 as two bytes without a meaning and says so beside it.
  return datatype.kind === 'opaque' && datatype.width === 2 && texts.get('dtype')?.[0] === 'bfloat16' ? 'bf16' : null;
}
