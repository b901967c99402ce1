/** Leading eigenpairs of a positive semidefinite operator by power iteration with deflation (von Mises; Hotelling). */
import { Random } from '../base/random';
import { finishPairs, freshDirection, orthogonalize } from './lanczos';
import type { EigenPairs, IterationOptions } from './lanczos';
import type { SymmetricOperator } from './types';
import { addScaled, dot, normalize } from './vector';

/**
 * The `count` largest eigenvalues, one after the other; each is sought orthogonally to those before. Linear convergence in the ratio
 * of neighbouring eigenvalues: a pair that ran out of products is returned with the residual it had reached.
 */
export async function powerIteration(operator: SymmetricOperator, options: IterationOptions): Promise<EigenPairs> {
  const n = operator.dimension;
  const count = Math.min(options.count, n);
  const tolerance = options.tolerance ?? 1e-10;
  const random = new Random(options.seed).split('power iteration');
  const found: { value: number; vector: Float64Array }[] = [];
  for (let i = 0; i < count; i++) {
    const known = found.map((pair) => pair.vector);
    let v = freshDirection(random, n, known)!;
    let value = 0;
    for (let k = 0; k < (options.maxProducts ?? 1000); k++) {
      options.signal?.throwIfAborted();
      const image = (await operator.apply(v)).slice();
      orthogonalize(image, known);
      value = dot(image, 0, v, 0, n);
      const rest = image.slice();
      addScaled(rest, 0, -value, v, 0, n);
      const residual = Math.sqrt(dot(rest, 0, rest, 0, n));
      if (residual <= tolerance * Math.max(value, found[0]?.value ?? 0)) break;
      normalize(image);
      v = image;
    }
    found.push({ value, vector: v });
  }
  // Unconverged neighbours may come out of order.
  found.sort((a, b) => b.value - a.value);
  const vectors = new Float64Array(count * n);
  found.forEach((pair, i) => vectors.set(pair.vector, i * n));
  return finishPairs(operator, vectors, Float64Array.from(found, (pair) => pair.value), 'power iteration', options.signal);
}
