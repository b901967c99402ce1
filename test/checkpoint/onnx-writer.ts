/** Tiny writer of ONNX models, able to write what no exporter would. */
import { f32, join, text } from './writers';

type Bytes = Uint8Array;

/** A base-128 number of at most ten bytes, as a signed 64-bit integer. */
export function varint(value: number | bigint): Bytes {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    out.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(out);
}

export const integer = (number: number, value: number | bigint): Bytes => join(varint(8 * number), varint(value));
export const run = (number: number, payload: Bytes | string, length: number | bigint = typeof payload === 'string' ? text(payload).length : payload.length): Bytes =>
  join(varint(8 * number + 2), varint(length), typeof payload === 'string' ? text(payload) : payload);
export const packed = (number: number, values: readonly (number | bigint)[]): Bytes => run(number, join(...values.map(varint)));

export interface TensorFields {
  name?: string;
  dims?: readonly number[];
  type?: number;
  raw?: Bytes;
  /** Further fields, as they are. */
  more?: Bytes;
}

export function tensor({ name = 'w', dims = [2], type = 1, raw, more = new Uint8Array(0) }: TensorFields = {}): Bytes {
  return join(...dims.map((size) => integer(1, size)), integer(2, type), run(8, name), raw ? run(9, raw) : [], more);
}

export function external(entries: Record<string, string>): Bytes {
  return join(...Object.entries(entries).map(([key, value]) => run(13, join(run(1, key), run(2, value)))), integer(14, 1));
}

type Attribute = number | string | readonly number[] | { floats: readonly number[] } | { float: number } | { tensor: Bytes } | { graph: Bytes };

function attribute(name: string, value: Attribute): Bytes {
  const body = () => {
    if (typeof value === 'number') return join(integer(3, value), integer(20, 2));
    if (typeof value === 'string') return join(run(4, value), integer(20, 3));
    if (Array.isArray(value)) return join(packed(8, value), integer(20, 7));
    if ('float' in value) return join(varint(8 * 2 + 5), f32(value.float), integer(20, 1));
    if ('floats' in value) return join(run(7, f32(...value.floats)), integer(20, 6));
    return 'tensor' in value ? join(run(5, value.tensor), integer(20, 4)) : join(run(6, (value as { graph: Bytes }).graph), integer(20, 5));
  };
  return join(run(1, name), body());
}

export function node(op: string, inputs: readonly string[], outputs: readonly string[], attributes: Record<string, Attribute> = {}, name = `/${outputs[0]}/${op}`, domain = ''): Bytes {
  const of = Object.entries(attributes).map(([key, value]) => run(5, attribute(key, value)));
  return join(...inputs.map((input) => run(1, input)), ...outputs.map((output) => run(2, output)), run(3, name), run(4, op), ...of, domain ? run(7, domain) : []);
}

export function value(name: string, shape: readonly (number | string)[]): Bytes {
  const dims = shape.map((size) => run(1, typeof size === 'number' ? integer(1, size) : run(2, size)));
  return join(run(1, name), run(2, run(1, join(integer(1, 1), run(2, join(...dims))))));
}

export interface GraphFields {
  nodes?: readonly Bytes[];
  tensors?: readonly Bytes[];
  inputs?: readonly Bytes[];
  outputs?: readonly Bytes[];
  more?: Bytes;
}

export function graph({ nodes = [], tensors = [], inputs = [], outputs = [], more = new Uint8Array(0) }: GraphFields): Bytes {
  return join(...nodes.map((n) => run(1, n)), run(2, 'main'), ...tensors.map((t) => run(5, t)), ...inputs.map((v) => run(11, v)), ...outputs.map((v) => run(12, v)), more);
}

/** `opset` null leaves the operator set out. */
export function model(of: GraphFields, opset: number | null = 17, more: Bytes = new Uint8Array(0)): Bytes {
  return join(integer(1, 8), run(2, 'tests'), run(7, graph(of)), opset === null ? [] : run(8, join(run(1, ''), integer(2, opset))), more);
}
