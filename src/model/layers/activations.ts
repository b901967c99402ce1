/** Nonlinearities by the names that users know, each written once over the primitives. */
import type { Ops } from '../../numerics/ops';

type Activation = <T>(ops: Ops<T>, x: T) => T;

/** max(x - from, 0) - max(x - to, 0): the slope of one between the two, exact up to `to`. */
function between<T>(ops: Ops<T>, x: T, from: number, to: number): T {
  return ops.sub(ops.unary('relu', plus(ops, x, -from)), ops.unary('relu', plus(ops, x, -to)));
}

function plus<T>(ops: Ops<T>, x: T, constant: number): T {
  return constant === 0 ? x : ops.affine(x, 1, constant);
}

/** min(max(x, low), high). */
const clip = (low: number, high: number): Activation => (ops, x) => plus(ops, between(ops, x, low, high), low);

/** min(max(slope * x + offset, 0), 1) for a positive slope. */
const ramp = (slope: number, offset: number): Activation => (ops, x) => ops.affine(between(ops, x, -offset / slope, (1 - offset) / slope), slope, 0);

/** max(x, 0) + slope * min(x, 0). */
const leaky = (slope: number): Activation => (ops, x) => ops.add(ops.affine(ops.unary('relu', x), 1 - slope, 0), ops.affine(x, slope, 0));

/** scale * (max(x, 0) + alpha (exp(min(x, 0)) - 1)). */
const exponential = (alpha: number, scale = 1): Activation => (ops, x) => {
  const below = ops.unary('exp', ops.affine(ops.unary('relu', ops.affine(x, -1, 0)), -1, 0));
  return ops.add(ops.affine(ops.unary('relu', x), scale, 0), ops.affine(below, scale * alpha, -scale * alpha));
};

/** x^3 by two products. */
function cube<T>(ops: Ops<T>, x: T): T {
  return ops.mul(ops.mul(x, x), x);
}

export const ACTIVATIONS: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ['linear', (_, x) => x],
  ['relu', (ops, x) => ops.unary('relu', x)],
  // torch's default slope.
  ['leaky_relu', leaky(0.01)],
  ['relu6', clip(0, 6)],
  ['tanh', (ops, x) => ops.unary('tanh', x)],
  ['sigmoid', (ops, x) => ops.unary('sigmoid', x)],
  // x Phi(x), torch.nn.functional.gelu(approximate='none').
  ['gelu', (ops, x) => ops.mul(ops.affine(x, 0.5, 0), ops.affine(ops.unary('erf', ops.affine(x, Math.SQRT1_2, 0)), 1, 1))],
  [
    // The tanh approximation of GPT-2: TransformerLens 'gelu_new', torch approximate='tanh'.
    'gelu_new',
    (ops, x) => {
      const inner = ops.affine(ops.add(x, ops.affine(cube(ops, x), 0.044715, 0)), Math.sqrt(2 / Math.PI), 0);
      return ops.mul(ops.affine(x, 0.5, 0), ops.affine(ops.unary('tanh', inner), 1, 1));
    },
  ],
  ['silu', (ops, x) => ops.mul(x, ops.unary('sigmoid', x))],
  ['quadratic', (ops, x) => ops.mul(x, x)],
  ['elu', exponential(1)],
  // torch.nn.SELU.
  ['selu', exponential(1.6732632423543772848170429916717, 1.0507009873554804934193349852946)],
  // log(1 + exp(x)), the larger part first.
  [
    'softplus',
    (ops, x) => {
      const positive = ops.unary('relu', x);
      const size = ops.add(positive, ops.unary('relu', ops.affine(x, -1, 0)));
      return ops.add(positive, ops.unary('log', ops.affine(ops.unary('exp', ops.affine(size, -1, 0)), 1, 1)));
    },
  ],
  // torch.nn.Hardsigmoid and Keras 3.
  ['hard_sigmoid', ramp(1 / 6, 0.5)],
  ['hard_swish', (ops, x) => ops.mul(x, ramp(1 / 6, 0.5)(ops, x))],
]);

/** Functions that a file gives with numbers of its own: 'leaky_relu(0.2)', 'clip(-1, 1)'. */
const FAMILIES: ReadonlyMap<string, { readonly numbers: number; readonly make: (...numbers: readonly number[]) => Activation }> = new Map([
  ['leaky_relu', { numbers: 1, make: (slope: number) => leaky(slope) }],
  ['elu', { numbers: 1, make: (alpha: number) => exponential(alpha) }],
  ['hard_sigmoid', { numbers: 2, make: (slope: number, offset: number) => ramp(slope, offset) }],
  ['clip', { numbers: 2, make: (low: number, high: number) => clip(low, high) }],
]);

/** 'leaky_relu(0.2)' */
export function withNumbers(family: string, ...numbers: readonly number[]): string {
  return `${family}(${numbers.join(', ')})`;
}

/** The function of this name, with its numbers in brackets where it has any; null where it is not known. */
export function activationNamed(name: string): Activation | null {
  const [, family, inside] = /^(\w+)\((.+)\)$/.exec(name) ?? [];
  if (family === undefined) return ACTIVATIONS.get(name) ?? null;
  const numbers = inside!.split(', ').map(Number);
  const found = FAMILIES.get(family);
  return found && numbers.length === found.numbers && numbers.every(Number.isFinite) ? found.make(...numbers) : null;
}

/** Whether f(s x) = s f(x) for s > 0; the largest of a window is such a function too. */
export function isHomogeneous(name: string): boolean {
  return name === 'relu' || name === 'max-pool' || /^leaky_relu(\(|$)/.test(name);
}

/** Other names for the same functions, as frameworks write them. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['identity', 'linear'],
  ['none', 'linear'],
  ['gelu_fast', 'gelu_new'],
  ['gelu_pytorch_tanh', 'gelu_new'],
  ['gelu_tanh', 'gelu_new'],
  ['swish', 'silu'],
  ['leakyrelu', 'leaky_relu'],
  ['square', 'quadratic'],
  ['relu_6', 'relu6'],
  ['hardsigmoid', 'hard_sigmoid'],
  ['hardswish', 'hard_swish'],
  ['hard_silu', 'hard_swish'],
]);

/** The canonical name, or null when the function is not known. */
export function activationName(name: string): string | null {
  const lower = name.trim().toLowerCase();
  const canonical = ALIASES.get(lower) ?? lower;
  return ACTIVATIONS.has(canonical) ? canonical : null;
}

export function activate<T>(ops: Ops<T>, name: string, x: T): T {
  const f = activationNamed(name);
  if (!f) throw new Error(`internal: no activation '${name}'`);
  return f(ops, x);
}
