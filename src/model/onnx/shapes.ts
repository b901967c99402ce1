/** Operators that move values and change none: flattening, layouts, and the small integers from which exporters compute shapes. */
import type { OnnxNode } from '../../checkpoint/program';
import { attribute, axisOf, listAttribute } from './attributes';
import { ownName } from './builder';
import type { Rule, Translation } from './translation';
import { isMoving, showFlow, sizeOf, unsupported, type Constant, type Flow, type Sizes } from './values';

/** Integers of a row. */
const MOST = 64;

/** A row of sizes; the batch is null. */
type Row = readonly (number | null)[];

/** TensorProto.DataType. */
const [FLOATS, SHORT_FLOATS, INTEGERS] = [[1, 11], [10, 16], [6, 7]];

const sizes = (row: Row, shape: readonly number[] = [row.length]): Sizes => ({ kind: 'sizes', sizes: row, shape });

/** The same values under another shape behind the batch. */
function reshaped(t: Translation, node: OnnxNode, x: Flow, shape: readonly number[]): Flow {
  const fail = () => unsupported(node, `makes [${shape.join(', ')}] of ${showFlow(x)}, which is not computed here`);
  if (sizeOf(shape) !== sizeOf(x.shape)) throw fail();
  if (x.form === 'vector') {
    if (shape.length !== 3 || shape[1]! * shape[2]! === 1) return { ...x, shape };
    const [, height, width] = shape as [number, number, number];
    return { ...x, shape, form: 'chw', node: t.builder.add(ownName(node), [x.node], () => ({ kind: 'to-image', order: 'chw', height, width })) };
  }
  if (shape.join() === x.shape.join()) return x;
  // Anything else than one axis would be rows of something; a matrix of one pixel is a vector too.
  if (shape.length !== 1) throw fail();
  const order = x.form;
  return { kind: 'flow', form: 'vector', shape, node: t.builder.add(ownName(node), [x.node], () => ({ kind: 'flatten', order })) };
}

/** A row of sizes as a shape behind the batch, with one size left to be found. Throws Unsupported where the batch would be mixed in. */
function behindBatch(t: Translation, node: OnnxNode, row: Row, from: readonly number[]): readonly number[] {
  const fail = () => unsupported(node, `makes shape [${row.map((size) => size ?? 'batch').join(', ')}] of [batch, ${from.join(', ')}], and with it rows that are no samples`);
  const [first, ...rest] = row;
  if (rest.length === 0 || rest.includes(null)) throw fail();
  const known = sizeOf((rest as number[]).filter((size) => size !== -1));
  const open = rest.filter((size) => size === -1).length;
  if (open > 1 || (open === 1 && (known === 0 || sizeOf(from) % known !== 0 || first === -1))) throw fail();
  const shape = (rest as number[]).map((size) => (size === -1 ? sizeOf(from) / known : size));
  if (sizeOf(shape) !== sizeOf(from)) throw fail();
  // What is left for the batch: its own size, whatever way it is written.
  if (first !== null && first !== -1 && first !== t.batch) throw fail();
  return shape;
}

const reshape: Rule = async (t, node) => {
  const value = t.value(node, 0);
  const row = await t.integers(t.value(node, 1));
  if (!row) throw unsupported(node, 'takes a shape that is not known before it runs');
  if (value?.kind === 'constant') return reshapedConstant(node, value, row as readonly number[]);
  if (value?.kind === 'sizes') return sizes(value.sizes, shapeFor(node, row as readonly number[], value.sizes.length));
  const x = t.flow(node, 0);
  const copies = attribute(node, 'allowzero', 0) === 0;
  const from: Row = [null, ...x.shape];
  return reshaped(t, node, x, behindBatch(t, node, row.map((size, i) => (size === 0 && copies ? (from[i] ?? null) : size)), x.shape));
};

/** A row of sizes as the shape of so many elements. */
function shapeFor(node: OnnxNode, row: readonly number[], total: number): readonly number[] {
  const known = sizeOf(row.filter((size) => size !== -1));
  const shape = row.map((size) => (size === -1 ? total / known : size));
  if (sizeOf(shape) !== total || !shape.every((size) => Number.isInteger(size) && size >= 0)) throw unsupported(node, `makes [${row.join(', ')}] of ${total} numbers`);
  return shape;
}

function reshapedConstant(node: OnnxNode, constant: Constant, row: readonly number[]): Constant {
  const shape = shapeFor(node, row, sizeOf(constant.shape));
  if (constant.transposed) throw unsupported(node, `makes [${row.join(', ')}] of '${constant.tensor.name}' of shape [${constant.shape.join(', ')}], which is not computed here`);
  return { ...constant, shape };
}

const flatten: Rule = (t, node) => {
  const x = t.flow(node, 0);
  if (axisOf(attribute(node, 'axis', 1), x.shape.length + 1) !== 1) throw unsupported(node, `flattens ${showFlow(x)} along axis ${attribute(node, 'axis', 1)}, and with it rows that are no samples`);
  return reshaped(t, node, x, [sizeOf(x.shape)]);
};

/** Axes of length one taken out or put in. */
const squeeze = (out: boolean): Rule => async (t, node) => {
  const value = t.value(node, 0);
  const axes = listAttribute(node, 'axes') ?? ((await t.integers(t.value(node, 1))) as readonly number[] | null);
  if (!axes && !out) throw unsupported(node, 'has no axes');
  if (value?.kind === 'sizes') return sizes(value.sizes, changed(node, value.shape, axes, out));
  if (value?.kind === 'constant') return reshapedConstant(node, value, changed(node, value.shape, axes, out));
  const x = t.flow(node, 0);
  // The batch is an axis of its own, which is left where it is.
  const [batch, ...shape] = changed(node, [-1, ...x.shape], axes, out);
  if (batch !== -1) throw unsupported(node, `changes the axis of the batch of ${showFlow(x)}, which is not computed here`);
  return reshaped(t, node, x, shape);
};

function changed(node: OnnxNode, shape: readonly number[], axes: readonly number[] | null, out: boolean): readonly number[] {
  const rank = shape.length + (out ? 0 : axes!.length);
  const chosen = axes ? axes.map((axis) => axisOf(axis, rank)) : shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
  if (chosen.some((axis) => !(axis >= 0 && axis < rank) || (out && shape[axis] !== 1))) throw unsupported(node, `has axes [${chosen.join(', ')}], which do not fit [${shape.join(', ')}]`);
  if (out) return shape.filter((_, axis) => !chosen.includes(axis));
  const left = [...shape];
  return Array.from({ length: rank }, (_, axis) => (chosen.includes(axis) ? 1 : left.shift()!));
}

/** A matrix the other way round, or an image with its channels moved. */
const transpose: Rule = (t, node) => {
  const value = t.value(node, 0);
  const perm = listAttribute(node, 'perm');
  if (value?.kind === 'constant') {
    if (value.shape.length === 2 && (perm === null || perm.join() === '1,0') && sizeOf(value.shape) === sizeOf(value.tensor.shape) && value.tensor.shape.length === 2) return { ...value, shape: [value.shape[1]!, value.shape[0]!], transposed: !value.transposed };
    throw unsupported(node, `moves the axes of '${value.tensor.name}' of shape [${value.shape.join(', ')}], which is not computed here`);
  }
  if (value?.kind === 'sizes' && value.shape.length <= 2) {
    const [rows, columns] = value.shape as [number, number];
    return value.shape.length < 2 ? value : sizes(value.sizes.map((_, i) => value.sizes[(i % rows) * columns + Math.floor(i / rows)]!), [columns, rows]);
  }
  const x = t.flow(node, 0);
  const [a, b, c] = x.shape as [number, number, number];
  const order = perm?.join();
  if (order === x.shape.map((_, axis) => axis).concat(x.shape.length).join()) return x;
  if (x.form === 'chw' && order === '0,2,3,1') return { ...x, form: 'hwc', shape: [b, c, a] };
  if (x.form === 'hwc' && order === '0,3,1,2') return { ...x, form: 'chw', shape: [c, a, b] };
  if (x.form === 'vector' && perm?.[0] === 0 && x.shape.filter((size) => size !== 1).length <= 1) return { ...x, shape: perm.slice(1).map((axis) => x.shape[axis - 1] ?? 1) };
  throw unsupported(node, `moves the axes of ${showFlow(x)} by [${order ?? 'all turned round'}], which is not computed here`);
};

const concat: Rule = async (t, node) => {
  const values = node.inputs.map((_, i) => t.value(node, i));
  const axis = attribute(node, 'axis', 1);
  if (!values.some((value) => value !== null && isMoving(value))) {
    const rows = await Promise.all(values.map((value) => t.integers(value)));
    if (axis !== 0 || rows.some((row) => row === null)) throw unsupported(node, 'joins constants, which is not computed here');
    return sizes(rows.flatMap((row) => row!));
  }
  const flows = node.inputs.map((_, i) => t.flow(node, i));
  const [first] = flows as [Flow];
  const along = first.form === 'hwc' ? 3 : 1;
  const others = ({ form, shape }: Flow) => `${form} ${shape.filter((_, i) => i !== along - 1).join()}`;
  if (axisOf(axis, first.shape.length + 1) !== along || flows.some((flow) => others(flow) !== others(first)) || (first.form === 'vector' && first.shape.slice(1).some((size) => size !== 1))) {
    throw unsupported(node, `joins ${flows.map(showFlow).join(' and ')} along axis ${axis}; only channels are joined here`);
  }
  const shape = first.shape.map((size, i) => (i === along - 1 ? flows.reduce((sum, flow) => sum + flow.shape[i]!, 0) : size));
  return { ...first, shape, node: t.builder.add(ownName(node), flows.map((flow) => flow.node), () => ({ kind: 'concat' })) };
};

const shape: Rule = (t, node) => {
  const value = t.value(node, 0);
  if (value?.kind === 'sizes' || value?.kind === 'scalar') throw unsupported(node, 'asks for the shape of a shape');
  const row: Row = value?.kind === 'constant' ? value.shape : [null, ...t.flow(node, 0).shape];
  return sizes(row.slice(attribute(node, 'start', 0), node.attributes.has('end') ? attribute(node, 'end', 0) : undefined));
};

/** Of a row of sizes. */
const gather: Rule = async (t, node) => {
  const value = t.value(node, 0);
  const indices = t.value(node, 1);
  const row = value?.kind === 'sizes' ? await t.integers(value) : null;
  const chosen = await t.integers(indices);
  if (!row || !chosen) throw unsupported(node, 'looks rows up, as an embedding of tokens does; of ONNX models only those that read vectors or images are run here');
  const places = chosen.map((i) => axisOf(i ?? 0, row.length));
  if (!places.every((at) => at >= 0 && at < row.length)) throw unsupported(node, `asks for entry ${chosen.join(', ')} of ${row.length} sizes`);
  return sizes(places.map((at) => row[at]!), indices?.kind === 'constant' && indices.shape.length === 0 ? [] : undefined);
};

/** Of a row of sizes, or of all rows of a matrix of them the other way round. */
const slice: Rule = async (t, node) => {
  const value = t.value(node, 0);
  const [starts, ends, axes, steps] = await Promise.all([1, 2, 3, 4].map((i) => t.integers(t.value(node, i))));
  const begin = (listAttribute(node, 'starts') ?? starts)?.[0];
  const end = (listAttribute(node, 'ends') ?? ends)?.[0];
  const step = steps?.[0] ?? 1;
  if (value?.kind === 'sizes' && begin != null && end != null) {
    const [rows, width = 1] = value.shape as [number, number?];
    const all = Array.from({ length: rows }, (_, r) => value.sizes.slice(r * width, (r + 1) * width));
    if (step === 1 && value.shape.length === 1) return sizes(value.sizes.slice(begin, end));
    if (step === -1 && begin === -1 && end < -rows && (axes?.[0] ?? 0) === 0) return sizes(all.reverse().flat(), value.shape);
  }
  throw unsupported(node, 'cuts values in pieces, which is not computed here');
};

/** So many times one integer; its tensor is among the checkpoint's. */
const constantOfShape: Rule = async (t, node) => {
  const row = await t.integers(t.value(node, 0));
  const tensor = t.checkpoint.tensors.get(node.outputs[0]!);
  const one = tensor ? await t.integers({ kind: 'constant', tensor, shape: tensor.shape, transposed: false }) : null;
  const [length, ...more] = row ?? [];
  if (one?.length !== 1 || length == null || more.length > 0 || length < 0 || length > MOST) throw unsupported(node, 'fills a tensor with a number, which is done here only for a row of a few integers');
  return sizes(new Array<number | null>(length).fill(one[0]!));
};

/** Numbers of another type; only roundings would change them. */
const cast: Rule = (t, node) => {
  const to = attribute(node, 'to', 0);
  const value = t.some(node, 0);
  const integer = value.kind === 'sizes' || (value.kind === 'constant' && /^[iu]/.test(value.tensor.dtype));
  if (!integer && SHORT_FLOATS!.includes(to)) t.transforms.add('values are not rounded to floats of 16 bits on their way');
  if (integer ? INTEGERS!.includes(to) : [...FLOATS!, ...SHORT_FLOATS!].includes(to)) return value;
  throw unsupported(node, `casts its input to type ${to}, which is not computed here`);
};

const same: Rule = (t, node) => t.some(node, 0);

const dropout: Rule = async (t, node) => {
  if ((await t.scalar(t.value(node, 2))) === 1) throw unsupported(node, 'drops values at random (training_mode is true): export the model in evaluation mode, model.eval()');
  return same(t, node);
};

/** A number or a list in the node itself; tensors are among the checkpoint's. */
const constant: Rule = (t, node) => {
  const { outputs, attributes } = node;
  const tensor = t.checkpoint.tensors.get(outputs[0]!);
  if (tensor) return { kind: 'constant', tensor, shape: tensor.shape, transposed: false };
  for (const name of ['value_float', 'value_int']) {
    const value = attributes.get(name);
    if (typeof value === 'number') return name === 'value_int' ? sizes([value], []) : { kind: 'scalar', value };
  }
  const list = attributes.get('value_ints');
  if (Array.isArray(list)) return sizes(list as readonly number[]);
  throw unsupported(node, 'holds a constant of a kind that is not read here');
};

export const SHAPES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Reshape', reshape],
  ['Flatten', flatten],
  ['Squeeze', squeeze(true)],
  ['Unsqueeze', squeeze(false)],
  ['Transpose', transpose],
  ['Concat', concat],
  ['Shape', shape],
  ['Gather', gather],
  ['Slice', slice],
  ['Cast', cast],
  ['Identity', same],
  ['Dropout', dropout],
  ['Constant', constant],
  ['ConstantOfShape', constantOfShape],
]);
