/** Leading eigenpairs by block power (subspace) iteration with deflation (Bauer 1957; Saad 2011, ch. 5). */
import { addCombination, innerProducts, laneDot, orthonormalize, projectOut, randomBlock } from './blocks';
import { settled, type IterationOptions, type RitzPairs } from './lanczos';
import type { Steps } from './stepwise';
import { symmetricEigenSteps } from './symmetric-eigen';
import type { BlockOperator } from './types';

/**
 * Four pairs after four, each block sought orthogonal to `known` and to those before. Linear convergence in the ratio of eigenvalues four
 * apart, in the memory of one block beside the result: the slow check of Lanczos. `products` counts for each block; one that ran
 * out of them is returned with the residuals it had reached.
 */
export function* powerIterationSteps(operator: BlockOperator, options: IterationOptions): Steps<RitzPairs> {
  const n = operator.dimension;
  const count = Math.min(options.count, n);
  const found: { value: number; residual: number }[] = [];
  const blocks: Float64Array[] = [];
  for (let first = 0; first < count; first += 4) {
    const beside = [...options.known, ...blocks];
    let { block: v, live } = randomBlock(n, beside, options.random);
    const image = new Float64Array(4 * n);
    for (let done = 1; ; done++) {
      yield* operator.apply(v, image);
      projectOut(image, beside);
      // Rayleigh-Ritz in the block: lanes become Ritz vectors, largest first.
      const turn = yield* symmetricEigenSteps(innerProducts(v, image), 4, { vectors: true });
      const c = new Float64Array(16);
      for (let i = 0; i < 4; i++) for (let k = 0; k < 4; k++) c[4 * k + i] = turn.vectors![4 * i + k]!;
      const ritz = combination(v, c);
      const mapped = combination(image, c);
      const rest = mapped.slice();
      addCombination(rest, ritz, diagonal(turn.values), -1);
      const residuals = [0, 1, 2, 3].map((lane) => Math.sqrt(laneDot(rest, lane, rest, lane)));
      const wanted = Math.min(4, count - first, live.filter(Boolean).length);
      const largest = found[0]?.value ?? turn.values[0]!;
      const good = residuals.slice(0, wanted).every((r, i) => settled(turn.values[i]!, r, largest, options.tolerance));
      if (good || done === options.products) {
        for (let i = 0; i < wanted; i++) found.push({ value: turn.values[i]!, residual: residuals[i]! });
        blocks.push(ritz);
        break;
      }
      v = mapped;
      live = orthonormalize(v, beside, 0, options.random).live;
      yield;
    }
  }
  return { values: Float64Array.from(found, (f) => f.value), residuals: Float64Array.from(found, (f) => f.residual), blocks };
}

function combination(a: Float64Array, c: Float64Array): Float64Array {
  const out = new Float64Array(a.length);
  addCombination(out, a, c, 1);
  return out;
}

function diagonal(values: Float64Array): Float64Array {
  const c = new Float64Array(16);
  values.forEach((x, i) => (c[5 * i] = x));
  return c;
}
