/** From the nodes of an ONNX graph to a graph of our operators, or to the sentence that names the first node that is none of them. */
import { INPUT, nodesUpTo, type Graph, type GraphInput } from '../graph/graph';
import type { Sources } from '../sources';
import type { OnnxNode, OnnxProgram } from '../../checkpoint/program';
import type { Checkpoint } from '../../checkpoint/types';
import { attribute, axisOf } from './attributes';
import { combination, curveOf, GRID, samplesOf } from './elementwise';
import { depthOf, ofOne, ofTwo } from './builder';
import { addedBias, LINEAR, perChannel } from './linear';
import { SHAPES } from './shapes';
import { Translation, type Rule } from './translation';
import { isMoving, pixelsOf, sizeOf, unsupported, Unsupported, type Elementwise, type Flow, type Value } from './values';
import { WINDOWS } from './windows';

/** The oldest operators whose shapes combine as numpy's do. */
const OLDEST = 7;
/** What may stand behind a softmax at the end. */
const PASSING = ['Identity', 'Cast', 'Squeeze', 'Flatten', 'Reshape'];
const MOST_PASSING = 8;
/** Operators whose two inputs may change places. */
const COMMUTING = ['Add', 'Mul'];

export interface ReadInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly form: 'vector' | 'chw' | 'hwc';
  /** Size of the batch, where the graph is made for one. */
  readonly batch: number | null;
}

export interface Translated {
  readonly graph: Graph;
  readonly sources: Sources;
  /** Name of the operator at the end that was left out. */
  readonly softmax: string | null;
  readonly transforms: readonly string[];
  /** Tensors that are numbers of the graph. */
  readonly numbers: ReadonlySet<string>;
}

/** Operators of ONNX and what they become. */
const RULES: ReadonlyMap<string, Rule> = new Map([...LINEAR, ...WINDOWS, ...SHAPES]);

/** The nodes that an output depends on, in the order of the file. */
export function nodesOf({ nodes }: OnnxProgram, output: string): readonly OnnxNode[] {
  const makers = new Map<string, OnnxNode>();
  for (const node of nodes) for (const name of node.outputs) makers.set(name, node);
  const needed = new Set<OnnxNode>();
  const waiting = [output];
  while (waiting.length > 0) {
    const node = makers.get(waiting.pop()!);
    if (!node || needed.has(node)) continue;
    needed.add(node);
    waiting.push(...node.inputs.filter((name) => name !== ''));
  }
  return nodes.filter((node) => needed.has(node));
}

/** @param nodes those that `output` depends on. Throws Unsupported. */
export async function translate(checkpoint: Checkpoint, program: OnnxProgram, nodes: readonly OnnxNode[], input: ReadInput, output: string): Promise<Translated> {
  if (program.opset < OLDEST) throw new Unsupported(`it is written in version ${program.opset} of the operators; version ${OLDEST} or later is read: onnx.version_converter.convert_version(model, 17)`);
  const readers = new Map<string, OnnxNode[]>();
  for (const node of nodes) {
    for (const name of new Set(node.inputs)) {
      const others = readers.get(name);
      if (others) others.push(node);
      else readers.set(name, [node]);
    }
  }
  const t = new Translation(program, checkpoint, readers, output, input.batch);
  t.values.set(input.name, { kind: 'flow', node: INPUT, shape: input.shape, form: input.form });
  for (const node of nodes) {
    const value = await made(t, node);
    // Further outputs (the mask of a Dropout, the places of maxima) are not computed.
    if (node.outputs[0]) t.values.set(node.outputs[0], value);
  }
  const last = t.values.get(output);
  if (!last || !isMoving(last)) throw new Unsupported(`its output '${output}' does not depend on its input`);
  const { node } = t.builder.settle(last);
  if (node === INPUT) throw new Unsupported(`its output '${output}' is its input`);
  return { graph: { input: graphInput(input), nodes: nodesUpTo(t.builder.nodes, node) }, sources: t.builder.sources, softmax: t.softmax && (t.softmax.name || t.softmax.op), transforms: [...t.transforms], numbers: t.numbers };
}

async function made(t: Translation, node: OnnxNode): Promise<Value> {
  if (node.domain !== '') throw unsupported(node, `is of the operator set '${node.domain}'; those of ONNX itself are computed here`);
  const rule = RULES.get(node.op);
  if (rule) return rule(t, node);
  if (node.op === 'Softmax' || node.op === 'LogSoftmax') return softmax(t, node);
  if (node.op === 'Clip') return clip(t, node);
  if (node.op === 'Where') return chosen(t, node);
  const apply = combination(node.op);
  if (apply) return combined(t, node, apply);
  const curve = curveOf(node);
  if (!curve) throw unsupported(node, 'is an operator that is not computed here');
  const value = t.value(node, 0);
  const number = await t.scalar(value);
  if (number !== null) return { kind: 'scalar', value: curve(number) };
  return ofOne(node, t.moving(node, 0), curve);
}

/** An operator of two inputs: a bias, a function of one value, or a sum or product of two. */
async function combined(t: Translation, node: OnnxNode, apply: (x: number, y: number) => number): Promise<Value> {
  const [a, b] = [t.some(node, 0), t.some(node, 1)];
  if (!isMoving(a)) return isMoving(b) ? shifted(t, node, b, a, node.inputs[1]!, (x, number) => apply(number, x)) : numbers(t, node, a, b, apply);
  if (!isMoving(b)) return shifted(t, node, a, b, node.inputs[0]!, apply);
  const [p, q] = [a, b].map((value) => (value.kind === 'flow' ? value : value.base)) as [Flow, Flow];
  if (p.node === q.node && p.form === q.form && p.shape.join() === q.shape.join()) return ofTwo(node, [a, b], apply);
  if (node.op !== 'Add' && node.op !== 'Mul') throw unsupported(node, 'combines two values of the samples; only their sums and products are computed here');
  return t.builder.combine(node, node.op === 'Add' ? 'add' : 'multiply', [a, b]);
}

/** A value and a constant; `source` is the value's name. */
async function shifted(t: Translation, node: OnnxNode, x: Flow | Elementwise, constant: Value, source: string, apply: (x: number, y: number) => number): Promise<Value> {
  const biased = node.op === 'Add' && x.kind === 'flow' && constant.kind === 'constant' ? addedBias(t, x, constant, source) : null;
  if (biased) return biased;
  const number = await t.scalar(constant);
  if (number !== null) return ofOne(node, x, (y) => apply(y, number));
  const along = constant.kind === 'constant' && (source === node.inputs[0] || COMMUTING.includes(node.op)) ? perChannel(t, node, x, constant) : null;
  if (along) return along;
  const what = constant.kind === 'constant' ? `'${constant.tensor.name}' of shape [${constant.shape.join(', ')}]` : 'sizes';
  throw unsupported(node, `combines a value of the samples with ${what}; only single numbers, and one number for each channel, are`);
}

/** Two numbers of the graph. */
async function numbers(t: Translation, node: OnnxNode, a: Value, b: Value, apply: (x: number, y: number) => number): Promise<Value> {
  const [x, y] = [await t.scalar(a), await t.scalar(b)];
  if (x === null || y === null) throw unsupported(node, 'computes with constants, which is not done here');
  const integer = [a, b].every((value) => value.kind === 'sizes' || (value.kind === 'constant' && /^[iu]/.test(value.tensor.dtype)));
  // Integers are divided towards zero.
  if (integer) return { kind: 'sizes', sizes: [Math.trunc(apply(x, y))], shape: [1] };
  return { kind: 'scalar', value: apply(x, y) };
}

async function clip(t: Translation, node: OnnxNode): Promise<Value> {
  const bound = async (i: number, name: string, usual: number) => {
    const value = t.value(node, i);
    return value === null ? attribute(node, name, usual) : await t.scalar(value);
  };
  const [low, high] = [await bound(1, 'min', -Infinity), await bound(2, 'max', Infinity)];
  if (low === null || high === null) throw unsupported(node, 'has bounds that are not known before it runs');
  return ofOne({ ...node, attributes: new Map([['min', low], ['max', high]]) }, t.moving(node, 0), (x) => Math.min(high, Math.max(low, x)));
}

/** One of two functions of a value, by a third: thresholds of softplus and of hard functions. */
async function chosen(t: Translation, node: OnnxNode): Promise<Value> {
  const values = [0, 1, 2].map((i) => t.some(node, i));
  const moving = values.filter(isMoving);
  const bases = moving.map((value) => (value.kind === 'flow' ? value : value.base));
  const numbers = await Promise.all(values.map((value) => (isMoving(value) ? null : t.scalar(value))));
  const [base] = bases;
  if (!base || bases.some(({ node: name }) => name !== base.node) || values.some((value, i) => !isMoving(value) && numbers[i] === null)) throw unsupported(node, 'chooses between values that are not functions of one value, which is not computed here');
  const [condition, yes, no] = values.map((value, i) => (isMoving(value) ? samplesOf(value) : GRID.map(() => numbers[i]!))) as [Float64Array, Float64Array, Float64Array];
  return { kind: 'elementwise', base, samples: condition.map((c, i) => (c !== 0 ? yes[i]! : no[i]!)), made: { how: 'of-two', inputs: [moving[0]!, moving.at(-1)!], operator: null, node }, depth: Math.max(...moving.map(depthOf)) + 1 };
}

/** Left out at the end, where a loss takes logits. */
function softmax(t: Translation, node: OnnxNode): Value {
  const x = t.flow(node, 0);
  const axis = axisOf(attribute(node, 'axis', t.program.opset < 13 ? 1 : -1), x.shape.length + 1);
  // Up to version 12 all axes from this one on are taken together.
  const along = t.program.opset < 13 ? sizeOf(x.shape.slice(axis - 1)) : x.shape[axis - 1];
  if (axis < 1 || along !== sizeOf(x.shape)) throw unsupported(node, `is taken along a part of [${x.shape.join(', ')}]; only one over all outputs, at the end, is understood here`);
  let name = node.outputs[0]!;
  for (let steps = 0; name !== t.output; steps++) {
    const next = t.onlyReader(name);
    if (!next || steps > MOST_PASSING || !PASSING.includes(next.op)) throw unsupported(node, 'stands in the middle of the network; only at its end, where the loss takes logits, is it understood here');
    name = next.outputs[0]!;
  }
  t.softmax = node;
  return x;
}

function graphInput({ shape, form }: ReadInput): GraphInput {
  if (form === 'vector') return { kind: 'vector', width: sizeOf(shape) };
  const flow = { kind: 'flow', node: INPUT, shape, form } satisfies Flow;
  const [height, width] = pixelsOf(flow);
  return { kind: 'image', channels: form === 'chw' ? shape[0]! : shape[2]!, height, width, order: form };
}
