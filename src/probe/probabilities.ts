/** Probabilities of classes from a row of logits. */
import { exp } from '../base/elementary';

/** sum_c exp(z_c - top) with the largest z as top. */
export function partition(logits: Float64Array): { top: number; sum: number } {
  let top = -Infinity;
  for (const z of logits) top = Math.max(top, z);
  let sum = 0;
  for (const z of logits) sum += exp(z - top);
  return { top, sum };
}

export function probabilitiesOf(logits: Float64Array): Float64Array {
  const { top, sum } = partition(logits);
  return logits.map((z) => exp(z - top) / sum);
}
