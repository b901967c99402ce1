/** The float64 backend: always there, the reference for every other one. */
import type { Gram, Numerics } from '../types';
import { fisherGramOfRowsAsync } from './fisher-gram';
import { gramOfRowsAsync } from './gram';
import { engine } from '../workspace';
import { cpuOps, cpuValues, whileHeld } from './ops';
import type { Multiply } from './products';

/** X^T X of the rows of X, wherever it is computed. */
export type GramOfRows = (x: Float64Array, rows: number, d: number, signal?: AbortSignal) => Promise<Gram>;

/** @param gramOfRows computes Grams here, or hands them to workers, and `product` matrix products; the bits are the same. */
export function cpuNumerics(gramOfRows: GramOfRows = gramOfRowsAsync, product?: Multiply): Numerics {
  const ops = cpuOps(product);
  return {
    name: 'cpu-f64',
    device: `CPU float64, ${engine().name}`,
    ops,
    gram(x, signal) {
      const [rows, d] = x.shape as [number, number];
      return whileHeld([x], () => gramOfRows(cpuValues(x), rows, d, signal));
    },
    fisherGram(a, delta, positions, signal) {
      const [rows, p] = a.shape as [number, number];
      const [, q] = delta.shape as [number, number];
      return whileHeld([a, delta], () => fisherGramOfRowsAsync(cpuValues(a), cpuValues(delta), rows / positions, positions, p, q, signal));
    },
    dispose() {},
  };
}
