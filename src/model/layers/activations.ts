/** Nonlinearities by the names that users know, each written once over the primitives. */
import type { Ops } from '../../numerics/ops';

type Activation = <T>(ops: Ops<T>, x: T) => T;

/** x^3 by two products. */
function cube<T>(ops: Ops<T>, x: T): T {
  return ops.mul(ops.mul(x, x), x);
}

export const ACTIVATIONS: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ['linear', (_, x) => x],
  ['relu', (ops, x) => ops.unary('relu', x)],
  // torch's default slope.
  ['leaky_relu', (ops, x) => ops.add(ops.affine(ops.unary('relu', x), 0.99, 0), ops.affine(x, 0.01, 0))],
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
]);

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
]);

/** The canonical name, or null when the function is not known. */
export function activationName(name: string): string | null {
  const lower = name.trim().toLowerCase();
  const canonical = ALIASES.get(lower) ?? lower;
  return ACTIVATIONS.has(canonical) ? canonical : null;
}

export function activate<T>(ops: Ops<T>, name: string, x: T): T {
  const f = ACTIVATIONS.get(name);
  if (!f) throw new Error(`internal: no activation '${name}'`);
  return f(ops, x);
}
