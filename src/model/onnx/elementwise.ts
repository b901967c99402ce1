/** Elementwise functions by their values: which activation a row of Div, Erf, Add and Mul is. */
import { erf } from '../../numerics/erf';
import { cpuOps, cpuValues } from '../../numerics/cpu/ops';
import { ACTIVATIONS, activationNamed, withNumbers } from '../layers/activations';
import type { OnnxNode } from '../../checkpoint/program';
import { attribute } from './attributes';
import { unsupported, type Elementwise, type Flow } from './values';

/** Where zero stands among the points. */
const ZERO = 33;
/** Where functions are compared: both signs, from 2^-6 to 2^10, and zero; between powers of two, so that no clip lies on a point. */
export const GRID = Float64Array.from({ length: 67 }, (_, i) => (i === ZERO ? 0 : Math.sign(i - ZERO) * 0.0137 * 1.41 ** (Math.abs(i - ZERO) - 1)));
/** Exporters write constants of activations as float32 numbers. */
const SAME = 1e-6;
/** Relative error of a number that is read from the values of a function. */
const WRITTEN = 1e-12;
/** Operators in a row that are still taken for one function. */
export const LONGEST = 24;

type Curve = (x: number) => number;

const sigmoid: Curve = (x) => 1 / (1 + Math.exp(-x));
const gelu: Curve = (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2));
const ramp = (slope: number, offset: number): Curve => (x) => Math.min(1, Math.max(0, slope * x + offset));
const geluNew: Curve = (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** Operators of one input, by their attributes. */
const CURVES: ReadonlyMap<string, (node: OnnxNode) => Curve> = new Map<string, (node: OnnxNode) => Curve>([
  ['Relu', () => (x) => Math.max(0, x)],
  ['LeakyRelu', (node) => { const slope = attribute(node, 'alpha', 0.01); return (x) => (x >= 0 ? x : slope * x); }],
  ['Elu', (node) => { const alpha = attribute(node, 'alpha', 1); return (x) => (x >= 0 ? x : alpha * Math.expm1(x)); }],
  ['Selu', (node) => {
    const [alpha, gamma] = [attribute(node, 'alpha', 1.6732632423543772), attribute(node, 'gamma', 1.0507009873554805)];
    return (x) => gamma * (x >= 0 ? x : alpha * Math.expm1(x));
  }],
  ['Softplus', () => (x) => Math.max(0, x) + Math.log1p(Math.exp(-Math.abs(x)))],
  ['Sigmoid', () => sigmoid],
  ['HardSigmoid', (node) => ramp(attribute(node, 'alpha', 0.2), attribute(node, 'beta', 0.5))],
  ['HardSwish', () => (x) => x * ramp(1 / 6, 0.5)(x)],
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
    case 'Greater': return (x, y) => Number(x > y);
    case 'GreaterOrEqual': return (x, y) => Number(x >= y);
    case 'Less': return (x, y) => Number(x < y);
    case 'LessOrEqual': return (x, y) => Number(x <= y);
    default: return null;
  }
}

export function samplesOf(value: Flow | Elementwise): Float64Array {
  return value.kind === 'flow' ? GRID : value.samples;
}

const known = new Map<string, Float64Array>();

/** The name of the activation that has these values on `GRID`; null where none has. */
export function activationOf(samples: Float64Array): string | null {
  if (known.size === 0) for (const name of ACTIVATIONS.keys()) known.set(name, valuesOf(name));
  for (const [name, values] of known) if (isSame(values, samples)) return name;
  return familiesFor(samples).find((name) => activationNamed(name) && isSame(valuesOf(name), samples)) ?? null;
}

/** The factor and the constant of the line that has these values on `GRID`; null where it is none. */
export function lineOf(samples: Float64Array): { factor: number; constant: number } | null {
  const constant = asWritten(samples[ZERO]!);
  const factor = asWritten((samples.at(-1)! - constant) / GRID.at(-1)!);
  return Number.isFinite(factor) && factor !== 0 && isSame(GRID.map((x) => factor * x + constant), samples) ? { factor, constant } : null;
}

/** Functions with numbers of their own, with those that these values say that they would have. */
function familiesFor(samples: Float64Array): string[] {
  const [first, last] = [samples[0]!, samples.at(-1)!];
  const bounded = first === samples[1] && last === samples.at(-2) && first < last;
  const slope = (samples[ZERO + 1]! - samples[ZERO - 1]!) / (GRID[ZERO + 1]! - GRID[ZERO - 1]!);
  return [
    withNumbers('leaky_relu', asWritten(samples[ZERO - 1]! / GRID[ZERO - 1]!)),
    withNumbers('elu', asWritten(-first)),
    ...(bounded ? [withNumbers('clip', asWritten(first), asWritten(last))] : []),
    withNumbers('hard_sigmoid', asWritten(slope), asWritten(samples[ZERO]!)),
  ];
}

/** Attributes are float32: the shortest number of which this is the nearest is what was written in the network. */
function asWritten(x: number): number {
  const nearest = Math.fround(x);
  const short = Number(nearest.toPrecision(7));
  return Math.abs(x - nearest) <= WRITTEN * Math.abs(x) && Math.fround(short) === nearest ? short : Number(x.toPrecision(12));
}

function valuesOf(name: string): Float64Array {
  const ops = cpuOps();
  return cpuValues(activationNamed(name)!(ops, ops.constant(GRID, [GRID.length]))).slice();
}

function isSame(values: Float64Array, samples: Float64Array): boolean {
  return values.every((y, i) => Math.abs(y - samples[i]!) <= SAME * Math.max(1, Math.abs(y)));
}

/** The sentence for a function that is none of ours. */
export function unknownFunction(node: OnnxNode) {
  const details = [...node.attributes].flatMap(([name, value]) => (typeof value === 'number' || typeof value === 'string' ? [`${name} = ${value}`] : []));
  return unsupported(node, `makes a function${details.length > 0 ? ` (${details.join(', ')})` : ''} that is not computed here; expected one of ${[...ACTIVATIONS.keys()].join(', ')}`);
}
