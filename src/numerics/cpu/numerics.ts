/** The float64 backend: always there, the reference for every other one. */
import type { Numerics } from '../types';
import { fisherGramOfRowsAsync } from './fisher-gram';
import { gramOfRowsAsync } from './gram';
import { cpuOps } from './ops';

export function cpuNumerics(): Numerics {
  const ops = cpuOps();
  return {
    name: 'cpu-f64',
    device: 'CPU float64',
    ops,
    async gram(x, signal) {
      const [rows, d] = x.shape as [number, number];
      return gramOfRowsAsync(await ops.read(x), rows, d, signal);
    },
    async fisherGram(a, delta, positions, signal) {
      const [rows, p] = a.shape as [number, number];
      const [, q] = delta.shape as [number, number];
      return fisherGramOfRowsAsync(await ops.read(a), await ops.read(delta), rows / positions, positions, p, q, signal);
    },
    dispose() {},
  };
}
