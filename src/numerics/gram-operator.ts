/** G = X^T X as an operator on four vectors at a time: X is read once for all four, and G is never formed. */
import type { Steps } from './stepwise';
import type { BlockOperator } from './types';
import { inWorkspace } from './workspace';

/** A matrix X [rows, columns], row-major. */
export interface Factor {
  readonly values: Float64Array | Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** Entries of X that are taken to the loops at a time: they stay in the second-level cache. */
const PANEL = 2 ** 15;

/** Runs `body` with the operator X^T X / divisor of dimension X.columns; the operator lives as long as the body runs. */
export function* inGramOperator<R>(x: Factor, divisor: number, body: (operator: BlockOperator) => Steps<R>): Steps<R> {
  const { values, rows, columns } = x;
  const height = 4 * Math.max(1, Math.round(PANEL / (4 * columns)));
  return yield* inWorkspace((height + 8) * columns, function* (work) {
    const panel = work.zeros(height * columns);
    const input = work.array(4 * columns);
    const output = work.array(4 * columns);
    return yield* body({
      dimension: columns,
      *apply(v, image) {
        input.set(v);
        output.fill(0);
        for (let row = 0; row < rows; row += height) {
          const end = Math.min(row + height, rows);
          panel.set(values.subarray(row * columns, end * columns));
          const padded = 4 * Math.ceil((end - row) / 4);
          panel.fill(0, (end - row) * columns, padded * columns);
          work.loops.multiplyGram(panel, padded, columns, input, output);
          yield;
        }
        for (let i = 0; i < output.length; i++) image[i] = output[i]! / divisor;
      },
    });
  });
}

/** Sum of the squares of the entries: the trace of X^T X. */
export function squaredNorm({ values }: Factor): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return sum;
}
