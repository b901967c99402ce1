/** Series of smooth functions of a series, each from the differential equation that the function solves. */
import type { Ops, Unary } from './ops';

type Series<T> = readonly (T | null)[];

/** f(x) up to t^order for a series x whose constant term is there. */
export function seriesOf<T>(ops: Ops<T>, f: Exclude<Unary, 'relu' | 'step'>, x: readonly [T, ...(T | null)[]], order: number): (T | null)[] {
  const y: (T | null)[] = [ops.unary(f, x[0])];
  // k y_k = sum_{j >= 1} (j x_j) g_{k - j} where y' = g x', for a g that is made of y as y grows.
  const slopes = x.map((term, j) => (j === 0 || term === null ? null : ops.affine(term, j, 0)));
  const integrate = (k: number, g: Series<T>) => scaled(ops, convolved(ops, slopes, g, k, 1, k), 1 / k);
  switch (f) {
    case 'exp':
      for (let k = 1; k <= order; k++) y.push(integrate(k, y));
      break;
    case 'tanh':
    case 'sigmoid': {
      // g = 1 - y^2, or y - y^2.
      const first = f === 'tanh' ? ops.affine(ops.mul(y[0]!, y[0]!), -1, 1) : ops.mul(y[0]!, ops.affine(y[0]!, -1, 1));
      const g: (T | null)[] = [first];
      for (let k = 1; k <= order; k++) {
        y.push(integrate(k, g));
        const square = scaled(ops, convolved(ops, y, y, k, 0, k), -1);
        g.push(f === 'tanh' ? square : sum(ops, y[k]!, square));
      }
      break;
    }
    case 'erf': {
      const square = Array.from({ length: order + 1 }, (_, k) => scaled(ops, convolved(ops, x, x, k, 0, k), -1));
      const g = seriesOf(ops, 'exp', square as [T, ...(T | null)[]], order).map((term) => scaled(ops, term, 2 / Math.sqrt(Math.PI)));
      for (let k = 1; k <= order; k++) y.push(integrate(k, g));
      break;
    }
    case 'log':
      // x y' = x': x_0 k y_k = k x_k - sum_{0 < j < k} (j y_j) x_{k - j}
      for (let k = 1; k <= order; k++) {
        const known = convolved(ops, y.map((term, j) => (j === 0 ? null : scaled(ops, term, j))), x, k, 1, k - 1);
        const rest = sum(ops, x[k] ?? null, scaled(ops, known, -1 / k));
        y.push(rest === null ? null : ops.div(rest, x[0]));
      }
      break;
    case 'sqrt':
      for (let k = 1; k <= order; k++) {
        const rest = sum(ops, x[k] ?? null, scaled(ops, convolved(ops, y, y, k, 1, k - 1), -1));
        y.push(rest === null ? null : scaled(ops, ops.div(rest, y[0]!), 0.5));
      }
      break;
    case 'reciprocal':
      for (let k = 1; k <= order; k++) {
        const known = convolved(ops, x, y, k, 1, k);
        y.push(known === null ? null : scaled(ops, ops.mul(known, y[0]!), -1));
      }
  }
  return y;
}

/** sum_{from <= j <= to} a_j b_{k - j}, null where every product is zero. */
function convolved<T>(ops: Ops<T>, a: Series<T>, b: Series<T>, k: number, from: number, to: number): T | null {
  let total: T | null = null;
  for (let j = from; j <= to; j++) {
    const [p, q] = [a[j] ?? null, b[k - j] ?? null];
    if (p === null || q === null) continue;
    const part = ops.mul(p, q);
    total = total === null ? part : ops.add(total, part);
  }
  return total;
}

function scaled<T>(ops: Ops<T>, x: T | null, factor: number): T | null {
  return x === null ? null : ops.affine(x, factor, 0);
}

function sum<T>(ops: Ops<T>, a: T | null, b: T | null): T | null {
  return a === null ? b : b === null ? a : ops.add(a, b);
}
