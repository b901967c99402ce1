/**
 * Leading eigenpairs by power iteration, one after the other, each kept orthogonal to those before it (deflation). Slow where
 * eigenvalues lie close, and simple: the check of Lanczos.
 */
import { Random } from '../base/random';
import type { KernelQueue } from './kernel-queue';
import type { GpuOperator } from './operator';
import { checkedPair, eigenPairs, normalize, project, storeRandom } from './vectors';
import type { EigenPair, EigenPairs } from './vectors';

export interface PowerOptions {
  /** How many leading pairs. */
  readonly count: number;
  readonly seed: number;
  /** Residual over the largest value at which a pair is good. */
  readonly tolerance?: number;
  /** Products A v for one pair at most. */
  readonly iterations?: number;
}

/** Products between looks at the residual. */
const LOOK = 8;

export async function powerIterationOnGpu(
  queue: KernelQueue,
  operator: GpuOperator,
  { count, seed, tolerance = 1e-5, iterations = 2000 }: PowerOptions,
  signal?: AbortSignal,
): Promise<EigenPairs> {
  const d = operator.dimension;
  const most = Math.min(count, d);
  const random = new Random(seed);
  const vectors = queue.storage(most * d, 'power iteration vectors');
  const w = queue.storage(d, 'power iteration image');
  const coefficients = queue.storage(most + 1, 'power iteration coefficients');
  const h = { buffer: coefficients, offset: 0 };
  const norm = { buffer: coefficients, offset: most };
  const pairs: EigenPair[] = [];
  let products = 0;
  try {
    for (let row = 0; row < most; row++) {
      const v = { vectors, row };
      await storeRandom(queue, random, v, d, w, { h, norm });
      let pair = await checkedPair(queue, operator, v, w);
      products++;
      const largest = () => Math.abs(pairs[0]?.value ?? pair.value);
      for (let done = 0; done < iterations && pair.residual > tolerance * largest(); done += LOOK) {
        for (let i = 0; i < LOOK; i++) {
          const deflate = project(vectors, row, d, w, h);
          await queue.run([...operator.apply(v, w), [...deflate, ...deflate, normalize(w, v, d, norm)]], signal);
        }
        products += LOOK + 1;
        // Nothing is left beside the pairs before: any vector orthogonal to them belongs to the eigenvalue 0.
        if ((await queue.read(coefficients))[most] === 0) {
          await storeRandom(queue, random, v, d, w, { h, norm });
          pair = await checkedPair(queue, operator, v, w);
          break;
        }
        pair = await checkedPair(queue, operator, v, w);
      }
      pairs.push(pair);
    }
    return eigenPairs(pairs, tolerance, products);
  } finally {
    queue.buffers.release(vectors, w, coefficients);
  }
}
