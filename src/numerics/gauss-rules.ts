/** Gauss and Gauss-Radau rules of a spectral measure, and the bounds that they give (Golub & Meurant 2010, ch. 6). */
import { implicitQL } from './implicit-ql';
import type { JacobiMatrix } from './lanczos-quadrature';
import { runAtOnce } from './stepwise';

/** Nodes, ascending, and their weights, which add up to 1. */
export interface Rule {
  readonly nodes: Float64Array;
  readonly weights: Float64Array;
}

/** Exact for degree 2 m - 1. Where f^(2m) < 0 on the support, as for log, it is an upper bound of the integral of f. */
export function gaussRule({ diagonal, offDiagonal }: JacobiMatrix): Rule {
  return rule(diagonal, offDiagonal.subarray(0, diagonal.length - 1));
}

/** How far an eigenvalue may be from each node of the Gauss rule: the residuals of the Ritz pairs, in the order of the nodes. */
export function nodeResiduals(jacobi: JacobiMatrix): Float64Array {
  const { values, last, beta } = fromTheEnd(jacobi);
  return Float64Array.from(values, (_, i) => Math.abs(beta * last[i]!));
}

/** Nodes, with the last components of their vectors, and the coupling to what was not computed. */
function fromTheEnd({ diagonal, offDiagonal }: JacobiMatrix): { values: Float64Array; last: Float64Array; beta: number } {
  const m = diagonal.length;
  const { values, first } = eigen(diagonal.slice().reverse(), offDiagonal.slice(0, m - 1).reverse());
  return { values, last: first, beta: offDiagonal[m - 1]! };
}

/** The rules of one measure with a node that may be chosen. */
export interface RadauRules {
  /**
   * Exact for degree 2 m, with a node at `at`. Where `at` is at or below the support and f^(2m + 1) > 0, as for log, it is a lower
   * bound. The Gauss rule itself where that is exact already.
   */
  withNode(at: number): Rule;
  /** The part of the measure at or below x lies between `low` and `high` (Chebyshev, Markov, Stieltjes). */
  massBelow(x: number): { low: number; high: number };
}

export function radauRules(jacobi: JacobiMatrix): RadauRules {
  const { diagonal, offDiagonal } = jacobi;
  const m = diagonal.length;
  const { values, last, beta } = fromTheEnd(jacobi);
  const complete = beta === 0 ? gaussRule(jacobi) : null;
  const withNode = (at: number): Rule => {
    if (complete) return complete;
    // The last diagonal entry is at + beta^2 (T - at)^-1_mm, taken from the eigenvectors of T, where nothing cancels.
    let correction = 0;
    for (let i = 0; i < m; i++) correction += (beta * last[i]!) ** 2 / (values[i]! - at);
    const extended = new Float64Array(m + 1);
    extended.set(diagonal);
    extended[m] = at + correction;
    return rule(extended, offDiagonal);
  };
  const massBelow = (x: number) => {
    const { nodes, weights } = withNode(x);
    // The node at x itself is the one next to it; it counts for the upper bound only.
    let own = 0;
    if (complete) own = nodes.findIndex((node) => node > x);
    else for (let i = 1; i < nodes.length; i++) if (Math.abs(nodes[i]! - x) < Math.abs(nodes[own]! - x)) own = i;
    const low = weights.subarray(0, own < 0 ? nodes.length : own).reduce((sum, w) => sum + w, 0);
    return { low, high: complete ? low : Math.min(1, low + weights[own]!) };
  };
  return { withNode, massBelow };
}

export function integrate({ nodes, weights }: Rule, f: (x: number) => number): number {
  let sum = 0;
  for (let i = 0; i < nodes.length; i++) sum += weights[i]! * f(nodes[i]!);
  return sum;
}

function rule(diagonal: Float64Array, offDiagonal: Float64Array): Rule {
  const { values, first } = eigen(diagonal, offDiagonal);
  return { nodes: values, weights: first.map((x) => x * x) };
}

/** Ascending eigenvalues of a tridiagonal matrix with the first components of their unit vectors. */
function eigen(diagonal: Float64Array, offDiagonal: Float64Array): { values: Float64Array; first: Float64Array } {
  const d = diagonal.slice();
  const z = new Float64Array(d.length);
  z[0] = 1;
  const rotate = (i: number, c: number, s: number) => {
    const [x, f] = [z[i]!, z[i + 1]!];
    z[i + 1] = s * x + c * f;
    z[i] = c * x - s * f;
  };
  runAtOnce(implicitQL(d, offDiagonal, rotate));
  const order = Array.from(d.keys()).sort((i, j) => d[i]! - d[j]!);
  return { values: Float64Array.from(order, (i) => d[i]!), first: Float64Array.from(order, (i) => z[i]!) };
}
