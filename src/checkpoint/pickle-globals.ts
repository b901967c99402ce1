/**
 * The names that mean something in a checkpoint's pickle (cf. pytorch/torch/_weights_only_unpickler.py), and what their calls
 * amount to as data. Any other name stays a name, and a call of it an inert placeholder.
 */
import type { PickleCursor } from './pickle-cursor';
import { latin1 } from './pickle-cursor';
import { Dict, Global, kindOf, NumpyDType, Opaque, Storage, TensorView, Tuple, type Value } from './pickle-values';
import type { DType } from './types';

const STORAGES = new Map<string, DType>([
  ['FloatStorage', 'f32'], ['DoubleStorage', 'f64'], ['HalfStorage', 'f16'], ['BFloat16Storage', 'bf16'], ['LongStorage', 'i64'],
  ['IntStorage', 'i32'], ['ShortStorage', 'i16'], ['CharStorage', 'i8'], ['ByteStorage', 'u8'], ['BoolStorage', 'bool'],
  ['ComplexFloatStorage', 'c64'], ['ComplexDoubleStorage', 'c128'], ['UntypedStorage', 'u8'],
]);

const TORCH_DTYPES = new Map<string, DType>([
  ['float32', 'f32'], ['float', 'f32'], ['float64', 'f64'], ['double', 'f64'], ['float16', 'f16'], ['half', 'f16'], ['bfloat16', 'bf16'],
  ['int8', 'i8'], ['int16', 'i16'], ['short', 'i16'], ['int32', 'i32'], ['int', 'i32'], ['int64', 'i64'], ['long', 'i64'],
  ['uint8', 'u8'], ['uint16', 'u16'], ['uint32', 'u32'], ['uint64', 'u64'], ['bool', 'bool'], ['complex64', 'c64'], ['cfloat', 'c64'],
  ['complex128', 'c128'], ['cdouble', 'c128'], ['float8_e4m3fn', 'f8_e4m3'], ['float8_e5m2', 'f8_e5m2'],
  ['float8_e4m3fnuz', 'f8_e4m3fnuz'], ['float8_e5m2fnuz', 'f8_e5m2fnuz'], ['float8_e8m0fnu', 'f8_e8m0'],
]);

/** The element type of a storage class; null where it is not one that is known. */
export function storageDType(value: Value): DType | null {
  if (!(value instanceof Global) || !['torch', 'torch.cuda', 'torch.storage'].includes(value.module)) return null;
  return STORAGES.get(value.name) ?? null;
}

type Call = (args: readonly Value[], cursor: PickleCursor, global: Global) => Value;

const asDict: Call = ([items]) => {
  const dict = new Dict();
  if (items instanceof Dict) for (const [key, value] of items.entries) dict.entries.set(key, value);
  for (const pair of sequence(items) ?? []) {
    const [key, value] = sequence(pair) ?? [];
    if (key !== undefined && value !== undefined) dict.entries.set(key, value);
  }
  return dict;
};
const asList: Call = ([items]) => [...(sequence(items) ?? [])];
const asTuple: Call = ([items]) => new Tuple([...(sequence(items) ?? [])]);
const asOpaque: Call = (_, __, global) => new Opaque(global);
const first: Call = ([value]) => value ?? null;

/** _rebuild_tensor(_v2)(storage, offset, size, stride, …) and _v3 with its dtype in seventh place. */
const rebuildTensor: Call = ([storage, offset = null, size = null, stride = null, , , typed], cursor, global) => {
  if (!(storage instanceof Storage)) throw cursor.error('pickle-type', `builds a tensor from ${kindOf(storage ?? null)}; expected a storage`);
  let dtype: DType = storage.dtype;
  if (global.name === '_rebuild_tensor_v3') {
    const named = typed instanceof Global && typed.module === 'torch' ? TORCH_DTYPES.get(typed.name) : undefined;
    if (named === undefined) throw cursor.error('torch-dtype', `builds a tensor of ${kindOf(typed ?? null)}, an element type that is not known here`);
    dtype = named;
  }
  return new TensorView(storage, dtype, offset, size, stride);
};

/** torch._tensor._rebuild_from_type_v2(function, type, arguments, state): a tensor subclass; its data is the function's tensor. */
const rebuildFromType: Call = ([callable, , args], cursor) => construct(callable ?? null, sequence(args) ?? [], cursor);

const encode: Call = ([text, encoding]) => {
  if (typeof text !== 'string') return null;
  return encoding === 'latin1' || encoding === 'latin-1' ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : new TextEncoder().encode(text);
};

/** Kind and width of a numpy scalar -> its value. */
const SCALARS = new Map<string, (view: DataView, little: boolean) => Value>([
  ['f2', (v, le) => halfOf(v.getUint16(0, le))], ['f4', (v, le) => v.getFloat32(0, le)], ['f8', (v, le) => v.getFloat64(0, le)],
  ['i1', (v) => v.getInt8(0)], ['i2', (v, le) => v.getInt16(0, le)], ['i4', (v, le) => v.getInt32(0, le)],
  ['i8', (v, le) => v.getBigInt64(0, le)], ['u1', (v) => v.getUint8(0)], ['u2', (v, le) => v.getUint16(0, le)],
  ['u4', (v, le) => v.getUint32(0, le)], ['u8', (v, le) => v.getBigUint64(0, le)], ['b1', (v) => v.getUint8(0) !== 0],
]);

function halfOf(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  const size = exponent === 31 ? (fraction ? NaN : Infinity) : exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14;
  return bits & 0x8000 ? -size : size;
}

const numpyScalar: Call = ([dtype, data], _, global) => {
  const bytes = typeof data === 'string' ? Uint8Array.from(data, (c) => c.charCodeAt(0)) : data;
  if (!(dtype instanceof NumpyDType) || !(bytes instanceof Uint8Array)) return new Opaque(global);
  const decode = SCALARS.get(dtype.code);
  if (decode === undefined || bytes.length !== Number(dtype.code.slice(1))) return new Opaque(global);
  return decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), !dtype.bigEndian);
};

const numpyDType: Call = ([code], _, global) => (typeof code === 'string' ? new NumpyDType(code.replace(/^[<>=|]/, '')) : new Opaque(global));

const both = (name: string): [string, Call][] => [[`builtins.${name}`, BUILTINS.get(name)!], [`__builtin__.${name}`, BUILTINS.get(name)!]];
const BUILTINS = new Map<string, Call>([
  ['dict', asDict], ['list', asList], ['set', asList], ['frozenset', asList], ['tuple', asTuple], ['complex', (args) => new Tuple(args)],
  ['bytes', first], ['bytearray', first], ['slice', asOpaque], ['range', asOpaque], ['object', asOpaque],
  ['int', first], ['float', first], ['str', first], ['bool', first],
]);

const numpyCore = (name: string, call: Call): [string, Call][] => [[`numpy.core.multiarray.${name}`, call], [`numpy._core.multiarray.${name}`, call]];

const CALLS = new Map<string, Call>([
  ['collections.OrderedDict', asDict], ['collections.Counter', asDict], ['collections.defaultdict', () => new Dict()],
  ['torch._utils._rebuild_tensor', rebuildTensor], ['torch._utils._rebuild_tensor_v2', rebuildTensor], ['torch._utils._rebuild_tensor_v3', rebuildTensor],
  ['torch._utils._rebuild_parameter', first], ['torch._utils._rebuild_parameter_with_state', first], ['torch.nn.parameter.Parameter', first],
  ['torch.Tensor', asOpaque], ['torch._tensor.Tensor', asOpaque],
  ['torch._tensor._rebuild_from_type_v2', rebuildFromType], ['torch.Size', asTuple], ['torch.device', ([type, index]) => (index === undefined || index === null ? type ?? null : `${String(type)}:${String(index)}`)],
  ['_codecs.encode', encode], ['numpy.dtype', numpyDType], ['numpy.ndarray', asOpaque], ...numpyCore('scalar', numpyScalar), ...numpyCore('_reconstruct', asOpaque),
  ['argparse.Namespace', asOpaque], ['types.SimpleNamespace', asOpaque], ['pathlib.PosixPath', (args) => args.map(String).join('/')],
  ...[...BUILTINS.keys()].flatMap(both),
]);

export function isKnown(global: Global): boolean {
  return CALLS.has(global.path) || storageDType(global) !== null || (global.module === 'torch' && TORCH_DTYPES.has(global.name));
}

/** What `callable(*args)` amounts to, without calling anything. */
export function construct(callable: Value, args: readonly Value[], cursor: PickleCursor): Value {
  if (!(callable instanceof Global)) {
    if (callable instanceof Opaque) return new Opaque(callable.global);
    throw cursor.error('pickle-type', `calls ${kindOf(callable)}; expected a name`);
  }
  const call = CALLS.get(callable.path);
  return call ? call(args, cursor, callable) : new Opaque(callable);
}

/** BUILD: attaches state. Attributes of dicts (a state dict's `_metadata`) and tensors carry no weights and are passed over. */
export function setState(target: Value, state: Value, cursor: PickleCursor): void {
  if (target instanceof Opaque) target.state = state instanceof Tuple ? (state.items.find((item) => item instanceof Dict) ?? null) : state;
  else if (target instanceof NumpyDType) target.bigEndian = state instanceof Tuple && text(state.items[1]) === '>';
  else if (!(target instanceof Dict) && !(target instanceof TensorView)) throw cursor.error('pickle-type', `gives attributes to ${kindOf(target)} (BUILD)`);
}

function text(value: Value | undefined): string {
  return value instanceof Uint8Array ? latin1(value) : String(value);
}

export function sequence(value: Value | undefined): readonly Value[] | null {
  return Array.isArray(value) ? value : value instanceof Tuple ? value.items : null;
}
