/** Elementwise functions by their values: which activation a row of Div, Erf, Add and Mul is. */
import { erf } from '../../numerics/erf';
import { cpuOps, cpuValues } from '../../numerics/cpu/ops';
import { ACTIVATIONS } from '../layers/activations';
import type { OnnxNode } from '../../checkpoint/program';
import { attribute } from './attributes';
import { unsupported, type Elementwise, type Flow } from './values';

/** Where functions are compared: both signs, from 2^-6 to 2^10, and zero; between powers of two, so that no clip lies on a point. */
export const GRID = Float64Array.from({ length: 67 }, (_, i) => (i === 33 ? 0 : Math.sign(i - 33) * 0.0137 * 1.41 ** (Math.abs(i - 33) - 1)));
/** Exporters write constants of activations as float32 numbers. */
const SAME = 1e-6;
/** Operators in a row that are still taken for one function. */
export const LONGEST = 24;

type Curve = (x: number) => number;

const sigmoid: Curve = (x) => 1 / (1 + Math.exp(-x));
const gelu: Curve = (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2));
const geluNew: Curve = (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** Operators of one input, by their attributes. */
const CURVES: ReadonlyMap<string, (node: OnnxNode) => Curve> = new Map<string, (node: OnnxNode) => Curve>([
  ['Relu', () => (x) => Math.max(0, x)],
  ['LeakyRelu', (node) => { const slope = attribute(node, 'alpha', 0.01); return (x) => (x >= 0 ? x : slope * x); }],
  ['Sigmoid', () => sigmoid],
  ['Tanh', () => Math.tanh],
  ['Erf', () => erf],
  ['Gelu', (node) => (attribute(node, 'approximate', 'none') === 'tanh' ? geluNew : gelu)],
  ['Swish', (node) => { const alpha = attribute(node, 'alpha', 1); return (x) => x * sigmoid(alpha * x); }],
  ['Exp', () => Math.exp],
  ['Neg', () => (x) => -x],
  ['Reciprocal', () => (x) => 1 / x],
  ['Sqrt', () => Math.sqrt],
  ['Abs', () => Math.abs],
]);

/** The function of an operator of one input; null where it is none of those. */
export function curveOf(node: OnnxNode): Curve | null {
  return node.domain === '' ? (CURVES.get(node.op)?.(node) ?? null) : null;
}

/** f of an operator of two inputs; null where it is none. */
export function combination(op: string): ((x: number, y: number) => number) | null {
  switch (op) {
    case 'Add': return (x, y) => x + y;
    case 'Sub': return (x, y) => x - y;
    case 'Mul': return (x, y) => x * y;
    case 'Div': return (x, y) => x / y;
    case 'Pow': return (x, y) => x ** y;
    default: return null;
  }
}

export function samplesOf(value: Flow | Elementwise): Float64Array {
  return value.kind === 'flow' ? GRID : value.samples;
}

const known = new Map<string, Float64Array>();

/** The name of the activation that has these values on `GRID`; null where none has. */
export function activationOf(samples: Float64Array): string | null {
  if (known.size === 0) {
    const ops = cpuOps();
    for (const [name, f] of ACTIVATIONS) known.set(name, cpuValues(f(ops, ops.constant(GRID, [GRID.length]))).slice());
  }
  for (const [name, values] of known) if (values.every((y, i) => Math.abs(y - samples[i]!) <= SAME * Math.max(1, Math.abs(y)))) return name;
  return null;
}

/** The sentence for a function that is none of ours. */
export function unknownFunction(node: OnnxNode) {
  const details = [...node.attributes].flatMap(([name, value]) => (typeof value === 'number' || typeof value === 'string' ? [`${name} = ${value}`] : []));
  const clip = node.op === 'Clip' ? ' (with bounds 0 and 6 it is relu6)' : '';
  return unsupported(node, `makes a function${details.length > 0 ? ` (${details.join(', ')})` : ''} that is not computed here${clip}; expected one of ${[...ACTIVATIONS.keys()].join(', ')}`);
}
