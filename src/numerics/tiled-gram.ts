/** The Gram of a tap that is kept in tiles: the sum of those of some of its rows at a time. */
import { addToGram } from './cpu/gram';
import type { Tensor, TensorOps } from './ops';
import { TooLargeError, type Tiled } from './tiles';
import type { Gram } from './types';

/**
 * @param x [rows, d] of `ops`; it may be disposed of as soon as this returns its promise.
 * @param most Values of the rows that `gram` takes at a time.
 */
export async function gramOfTiles(ops: TensorOps, x: Tiled, most: number, gram: (rows: Tensor) => Promise<Gram>): Promise<Gram> {
  const [rows, d] = x.shape as [number, number];
  const step = Math.floor(most / d);
  if (step === 0) throw new TooLargeError(x.shape, most);
  const held = ops.reshape(x, x.shape);
  try {
    let sum: Gram | null = null;
    for (let begin = 0; begin < rows; begin += step) {
      const some = ops.slice(held, [begin, 0], [Math.min(step, rows - begin), d]);
      try {
        const part = await gram(some);
        sum = sum ? addToGram(sum, part) : part;
      } finally {
        ops.dispose(some);
      }
    }
    return sum!;
  } finally {
    ops.dispose(held);
  }
}
