/** TensorProto of ONNX (onnx/onnx.proto): where the elements of a tensor lie, in this file or in one beside it. Nothing of them is read here. */
import { BITS } from './dtype';
import { baseName } from './format';
import { eachVarint, type Field, type Range, type WireFile } from './protobuf';
import { count, quoted, refusal, truncated } from './refusal';
import { elementCount, StoredTensor, type Elements } from './stored-tensor';
import type { ByteSource, DType } from './types';

/** TensorProto.DataType. */
const DTYPES = new Map<number, DType>([
  [1, 'f32'], [2, 'u8'], [3, 'i8'], [4, 'u16'], [5, 'i16'], [6, 'i32'], [7, 'i64'], [9, 'bool'], [10, 'f16'], [11, 'f64'], [12, 'u32'], [13, 'u64'],
  [14, 'c64'], [15, 'c128'], [16, 'bf16'], [17, 'f8_e4m3'], [18, 'f8_e4m3fnuz'], [19, 'f8_e5m2'], [20, 'f8_e5m2fnuz'], [24, 'f8_e8m0'],
]);
/** What is no tensor of numbers here, and left out by name. */
const LEFT_OUT = new Map([[8, 'texts'], [21, 'integers of 4 bits'], [22, 'integers of 4 bits'], [23, 'floats of 4 bits'], [25, 'integers of 2 bits'], [26, 'integers of 2 bits']]);

/** The typed fields, which hold the elements where raw_data does not; bytes per element of their own, 0 for varints. */
const TYPED = new Map<number, { field: string; width: number; wire: 0 | 1 | 5; dtypes: readonly DType[] }>([
  [4, { field: 'float_data', width: 4, wire: 5, dtypes: ['f32', 'c64'] }],
  [5, { field: 'int32_data', width: 0, wire: 0, dtypes: ['i32', 'i16', 'i8', 'u16', 'u8', 'bool', 'f16', 'bf16', 'f8_e4m3', 'f8_e4m3fnuz', 'f8_e5m2', 'f8_e5m2fnuz', 'f8_e8m0'] }],
  [7, { field: 'int64_data', width: 0, wire: 0, dtypes: ['i64'] }],
  [10, { field: 'double_data', width: 8, wire: 1, dtypes: ['f64', 'c128'] }],
  [11, { field: 'uint64_data', width: 0, wire: 0, dtypes: ['u64', 'u32'] }],
]);

const MAX_RANK = 1000;
/** Elements that are written one by one, each with a tag of its own. */
const MAX_RUNS = 65_536;
const EXTERNAL = 1;

/** Where elements lie: [begin, end). */
type Run = Pick<Range, 'begin' | 'end'>;

/** A TensorProto as it is written, before anything of it is judged. */
export interface WrittenTensor {
  name: string;
  type: number;
  readonly dims: number[];
  raw: Run | null;
  /** Runs of the one typed field that is there. */
  typed: { readonly number: number; readonly runs: Run[] } | null;
  location: number;
  readonly external: Map<string, string>;
}

/** `what` names it in sentences until its own name is known. Throws InputError. */
export async function readTensor(file: WireFile, range: Range, what: string): Promise<WrittenTensor> {
  const tensor: WrittenTensor = { name: '', type: 0, dims: [], raw: null, typed: null, location: 0, external: new Map() };
  const of = (part: string) => `${part} of ${tensor.name === '' ? what : quoted(tensor.name)}`;
  for await (const field of file.fields(what, range)) {
    if (field.number === 1) tensor.dims.push(...file.integers(field, 'dims of a tensor'));
    else if (field.number === 2) tensor.type = field.value;
    else if (field.number === 8) tensor.name = file.text(field, `the name of ${what}`);
    else if (field.number === 9) {
      file.expect(field, 2, of('raw_data'));
      tensor.raw = { begin: field.begin, end: field.end };
    } else if (field.number === 13) await readEntry(file, field, of('external_data'), tensor.external);
    else if (field.number === 14) tensor.location = field.value;
    else if (TYPED.has(field.number)) addRun(file, tensor, field, of(TYPED.get(field.number)!.field));
    if (tensor.dims.length > MAX_RANK) throw file.error('bad-shape', `${of('dims')} are ${count(tensor.dims.length)} sizes; at most ${count(MAX_RANK)} are read`);
  }
  return tensor;
}

/** A pair of texts, key and value. */
export async function readEntry(file: WireFile, field: Field, what: string, into: Map<string, string>): Promise<void> {
  file.expect(field, 2, what);
  let key = '';
  let value = '';
  for await (const part of file.fields(what, field)) {
    if (part.number === 1) key = file.text(part, `a key of ${what}`);
    // A value that is too long for text is none that is asked for.
    else if (part.number === 2) value = part.wire === 2 && part.bytes === null ? '' : file.text(part, `a value of ${what}`);
  }
  into.set(key, value);
}

function addRun(file: WireFile, tensor: WrittenTensor, field: Field, what: string): void {
  const { wire } = TYPED.get(field.number)!;
  if (field.wire !== wire) file.expect(field, 2, what);
  if (tensor.typed !== null && tensor.typed.number !== field.number) throw file.error('two-values', `its elements are there twice, in ${TYPED.get(tensor.typed.number)!.field} and in ${TYPED.get(field.number)!.field}`, tensor.name);
  tensor.typed ??= { number: field.number, runs: [] };
  if (tensor.typed.runs.length >= MAX_RUNS) throw file.error('too-many-runs', `${what} is written in more than ${count(MAX_RUNS)} pieces`);
  tensor.typed.runs.push({ begin: field.begin, end: field.end });
}

export type Placed = { readonly tensor: StoredTensor; readonly companion: ByteSource | null } | { readonly leftOut: string };

/**
 * The tensor, its elements found and measured, or why it is left out.
 * @param beside the files of the same drop, among which external data is looked for
 */
export function placeTensor(written: WrittenTensor, name: string, file: WireFile, beside: readonly ByteSource[]): Placed {
  const fail = (code: string, sentence: string) => file.error(code, sentence, name);
  const dtype = DTYPES.get(written.type);
  const kind = LEFT_OUT.get(written.type);
  if (kind !== undefined) return { leftOut: `${quoted(name)} was left out: its elements are ${kind}.` };
  if (dtype === undefined) throw fail('bad-dtype', `its data_type is ${written.type}; expected one of 1 to 26`);
  const shape = written.dims;
  const form = `[${shape.slice(0, 8).join(', ')}${shape.length > 8 ? ', …' : ''}]`;
  if (!shape.every((size) => size >= 0 && Number.isSafeInteger(size))) throw fail('bad-shape', `its dims are ${form}; expected whole numbers from 0 on`);
  const width = BITS[dtype] / 8;
  const n = elementCount(shape);
  if (n === null || n * width > Number.MAX_SAFE_INTEGER) throw fail('shape-too-large', `its dims ${form} count more elements than any file can hold`);
  const external = written.location === EXTERNAL;
  const places = [written.raw && 'raw_data', written.typed && TYPED.get(written.typed.number)!.field, external && 'an external file'].filter((place) => place);
  if (places.length > 1) throw fail('two-values', `its elements are there twice, in ${places.join(' and in ')}; expected once`);
  const bytes = n * width;
  const make = (source: ByteSource, elements: Elements, place: string, companion: ByteSource | null) =>
    ({ tensor: new StoredTensor(name, dtype, shape, source.name, elements, place), companion });
  const own = file.source;
  if (external) {
    const { source, begin } = externalPlace(written.external, bytes, file, name, beside);
    return make(source, new Runs(source, [{ begin, end: begin + bytes }]), `external ${begin}:${begin + bytes}`, source);
  }
  if (written.typed !== null) {
    const { number, runs } = written.typed;
    const { field, width: stored, dtypes } = TYPED.get(number)!;
    if (!dtypes.includes(dtype)) throw fail('bad-field', `its elements are ${dtype}, but are written as ${field}; expected ${[...TYPED.values()].find((t) => t.dtypes.includes(dtype))!.field} or raw_data`);
    const there = runs.reduce((sum, { begin, end }) => sum + end - begin, 0);
    const place = `${runs[0]!.begin}:${runs.at(-1)!.end}`;
    if (stored > 0) {
      if (there !== bytes) throw fail('shape-size-mismatch', `its dims ${form} of ${dtype} need ${count(bytes)} bytes; ${field} has ${count(there)}`);
      return make(own, new Runs(own, runs), place, null);
    }
    if (there < n || there > 10 * n) throw fail('shape-size-mismatch', `its dims ${form} count ${count(n)} elements, which ${count(there)} bytes of ${field} cannot be`);
    return make(own, new Varints(file, name, runs, n, width, field), place, null);
  }
  const there = written.raw === null ? 0 : written.raw.end - written.raw.begin;
  if (there !== bytes) throw fail('shape-size-mismatch', `its dims ${form} of ${dtype} need ${count(bytes)} bytes; ${written.raw === null ? 'no elements are there' : `raw_data has ${count(there)}`}`);
  const run = written.raw ?? { begin: 0, end: 0 };
  return make(own, new Runs(own, [run]), `${run.begin}:${run.end}`, null);
}

/** The file and the offset of external data (onnx/docs/ExternalData.md): only a file of the drop, found by exactly its name. */
function externalPlace(entries: ReadonlyMap<string, string>, bytes: number, file: WireFile, name: string, beside: readonly ByteSource[]): { source: ByteSource; begin: number } {
  const location = entries.get('location');
  if (location === undefined || location === '') throw file.error('external-location', 'its elements are said to be in an external file, which is not named', name);
  if (/[/\\]/.test(location) || location === '.' || location === '..') {
    throw refusal('external-path', file.source.name, `its elements are said to be in ${quoted(location)}; expected the plain name of a file beside the model. Do not use this file, or save it again: onnx.save(model, path, save_as_external_data=True, location="weights.data").`, name);
  }
  const number = (key: string) => {
    const text = entries.get(key);
    if (text === undefined) return null;
    if (!/^\d{1,15}$/.test(text)) throw file.error('external-number', `the ${key} of its external data is ${quoted(text)}; expected a whole number of bytes`, name);
    return Number(text);
  };
  const begin = number('offset') ?? 0;
  const length = number('length') ?? bytes;
  if (length !== bytes) throw file.error('shape-size-mismatch', `its dims need ${count(bytes)} bytes; its external data has ${count(length)}`, name);
  const own = file.source.name;
  const path = own.slice(0, own.length - baseName(own).length) + location;
  const source = beside.find((other) => other.name === path);
  if (source === undefined) throw refusal('external-missing', own, `its elements are in ${quoted(location)}, which was not dropped. Drop ${quoted(baseName(own))} and ${quoted(location)} together.`, name);
  if (begin + bytes > source.size) throw truncated(source.name, source.size, begin + bytes, name);
  return { source, begin };
}

/** Elements as they are used, in one run of bytes or in several. */
class Runs implements Elements {
  readonly sliceable = true;

  constructor(
    private readonly source: ByteSource,
    private readonly runs: readonly Run[],
  ) {}

  async read(begin: number, end: number): Promise<Uint8Array> {
    if (this.runs.length === 1) return this.source.read(this.runs[0]!.begin + begin, this.runs[0]!.begin + end);
    const out = new Uint8Array(end - begin);
    let at = 0;
    for (const run of this.runs) {
      const [from, to] = [Math.max(begin, at), Math.min(end, at + run.end - run.begin)];
      if (from < to) out.set(await this.source.read(run.begin + from - at, run.begin + to - at), from - begin);
      at += run.end - run.begin;
    }
    return out;
  }
}

/** Elements as base-128 numbers, whose low bytes are the elements. */
class Varints implements Elements {
  readonly sliceable = false;

  constructor(
    private readonly file: WireFile,
    private readonly name: string,
    private readonly runs: readonly Run[],
    private readonly count: number,
    private readonly width: number,
    private readonly field: string,
  ) {}

  async read(begin: number, end: number): Promise<Uint8Array> {
    const words = new Uint8Array(8 * this.count);
    const view = new DataView(words.buffer);
    const fail = (found: string) => this.file.error('shape-size-mismatch', `its dims count ${count(this.count)} elements; ${this.field} ${found}`, this.name);
    let i = 0;
    for (const run of this.runs) {
      const found = eachVarint(await this.file.source.read(run.begin, run.end), (low, high) => {
        if (i >= this.count) throw fail('has more');
        // In order: what is written beyond an element is written over by the next one.
        view.setUint32(this.width * i, low + (high % 16) * 2 ** 28, true);
        if (this.width === 8) view.setUint32(8 * i + 4, Math.floor(high / 16), true);
        i++;
      });
      if (found === null) throw fail('holds a number that is cut or has more than ten bytes');
    }
    if (i !== this.count) throw fail(`has ${count(i)}`);
    return words.subarray(begin, end);
  }
}
