/** From unpickled values and raw storages to tensors: what both PyTorch containers share. */
import { InputError } from '../base/errors';
import { BITS, isReal } from './dtype';
import type { Contents } from './format';
import { sequence, storageDType } from './pickle-globals';
import { kindOf, Storage, type TensorView, Tuple, type Value } from './pickle-values';
import { count, listed, quoted, refusal } from './refusal';
import { elementCount, StoredTensor, stridedElements } from './stored-tensor';
import type { NamedTensors } from './unwrap';

/** The raw bytes of one storage. */
export interface StorageBytes {
  readonly size: number;
  read(begin: number, end: number): Promise<Uint8Array>;
}

/** An expanded view (stride 0) may be this much larger than what it repeats. */
const MAX_EXPANDED = 2 ** 30;

/** Interprets ('storage', type, key, location, numel[, view]); throws InputError. */
export function storageOf(id: Value, file: string): Storage {
  const [tag, type, key, , numel, view] = (id instanceof Tuple && sequence(id)) || [];
  if (tag !== 'storage' || typeof key !== 'string' || !isSize(numel) || (view !== undefined && view !== null)) {
    throw refusal('torch-persistent-id', file, `it refers to outside data by ${id instanceof Tuple ? 'a tuple of another form' : kindOf(id)}; expected ('storage', type, key, location, count). Save it again with torch.save.`);
  }
  const dtype = storageDType(type!);
  if (dtype === null) throw refusal('torch-storage-type', file, `storage ${quoted(key)} is of ${kindOf(type!)}, an element type that is not known here. Convert the tensors to float32 and save them again.`);
  return new Storage(key, dtype, numel);
}

/** `storages` gives a storage's bytes by its key. Everything is checked here; only scalars beside the weights are read. Throws InputError. */
export async function torchContents(named: NamedTensors, storages: (key: string) => StorageBytes | undefined, bigEndian: boolean, file: string, warnings: readonly string[]): Promise<Contents> {
  const tensors: StoredTensor[] = [];
  const ranges = new Map<string, { name: string; begin: number; end: number }[]>();
  const stored = (name: string, view: TensorView) => {
    const { storage, dtype } = view;
    const bytes = storages(storage.key);
    if (bytes === undefined) throw refusal('torch-missing-record', file, `its data should be in record ${quoted(storage.key)}, which is not in the file. The file is cut or was edited: fetch it again.`, name);
    const declared = (storage.numel * BITS[storage.dtype]) / 8;
    if (bytes.size !== declared) throw refusal('torch-storage-size', file, `its storage ${quoted(storage.key)} holds ${count(bytes.size)} bytes; ${count(storage.numel)} elements of ${storage.dtype} need ${count(declared)}. The file is damaged: fetch it again.`, name);
    const layout = checkedLayout(view, name, bytes.size, file);
    const width = BITS[dtype] / 8;
    const base = layout.offset * width;
    const elements = stridedElements(dtype, layout.shape, layout.strides, bigEndian, (b, e) => bytes.read(base + b * width, base + e * width));
    const tensor = new StoredTensor(name, dtype, layout.shape, file, elements, `${storage.key}:${layout.offset}:${layout.strides.join(',')}`);
    return { tensor, key: storage.key, range: layout.end > layout.offset ? { name, begin: base, end: layout.end * width } : null };
  };
  for (const [name, view] of named.tensors) {
    const { tensor, key, range } = stored(name, view);
    tensors.push(tensor);
    if (range === null) continue;
    const list = ranges.get(key);
    if (list) list.push(range);
    else ranges.set(key, [range]);
  }
  const metadata = new Map(named.metadata);
  for (const [name, view] of named.scalars) {
    const { tensor } = stored(name, view);
    if (isReal(tensor.dtype)) metadata.set(name, String((await tensor.values())[0]));
  }
  const shared = [...ranges.values()].flatMap(overlapping);
  return { tensors, metadata, warnings: [...warnings, ...named.warnings], shared };
}

/** Shape, strides and offset inside the storage; `end` is one past the last element that is touched. */
function checkedLayout(view: TensorView, name: string, storageBytes: number, file: string) {
  const fail = (found: string, expected: string) => refusal('torch-layout', file, `${found}; expected ${expected}. The file is damaged or built to mislead: do not use it.`, name);
  const shape = sequence(view.shape);
  const strides = sequence(view.strides);
  const { offset } = view;
  if (!shape?.every(isSize)) throw fail('its shape is not a list of sizes', 'whole numbers from 0 on');
  if (!strides?.every(isSize)) throw fail('its strides are not a list of steps', 'whole numbers from 0 on');
  if (!isSize(offset)) throw fail(`its offset is ${typeof offset === 'number' ? offset : kindOf(offset)}`, 'a whole number from 0 on');
  if (shape.length !== strides.length) throw fail(`it has ${shape.length} sizes and ${strides.length} strides`, 'as many of each');
  const n = elementCount(shape);
  if (n === null) throw fail(`its shape [${shape.slice(0, 8).join(', ')}] counts more than 2^53 elements`, 'a tensor that fits in memory');
  const available = Math.floor((storageBytes * 8) / BITS[view.dtype]);
  const end = n === 0 ? offset : offset + shape.reduce((last, size, axis) => last + (size - 1) * strides[axis]!, 0) + 1;
  if (end > available) throw fail(`its offset, shape and strides reach element ${count(end)} of a storage of ${count(available)}`, 'all of it inside its storage');
  if (n > available && (n * BITS[view.dtype]) / 8 > MAX_EXPANDED) throw fail(`it expands ${count(available)} stored elements to ${count(n)}`, `at most ${count(MAX_EXPANDED)} bytes`);
  return { shape, strides, offset, end };
}

function isSize(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Groups of two or more tensors whose bytes overlap: tied weights. */
function overlapping(ranges: { name: string; begin: number; end: number }[]): string[][] {
  ranges.sort((a, b) => a.begin - b.begin);
  const groups: string[][] = [];
  let end = -1;
  for (const range of ranges) {
    if (range.begin < end) groups[groups.length - 1]!.push(range.name);
    else groups.push([range.name]);
    end = Math.max(end, range.end);
  }
  return groups.filter((group) => group.length > 1);
}

/** The warning for names that mean nothing here; none where there are none. */
export function unknownGlobals(names: ReadonlySet<string>): string[] {
  if (names.size === 0) return [];
  return [`The pickle names ${listed([...names])}, which ${names.size === 1 ? 'is' : 'are'} not part of a plain checkpoint: nothing was run or built for ${names.size === 1 ? 'it' : 'them'}.`];
}

/** A refusal of a pickle that names strange classes says so: that is the likely cause. */
export function namingGlobals<T>(unknown: ReadonlySet<string>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError) || unknown.size === 0) throw error;
    throw new InputError(error.code, `${error.message} ${unknownGlobals(unknown).join(' ')}`, { file: error.file, tensor: error.tensor });
  }
}
