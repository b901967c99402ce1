/** The largest eigenvalues of an operator: those that converged, checked for missed copies. */
import { Random } from '../base/random';
import { addCombination, laneDot } from './blocks';
import { lanczosSteps, NEGLIGIBLE, settled, type RitzPairs } from './lanczos';
import type { Steps } from './stepwise';
import type { BlockOperator } from './types';

export interface HeadOptions {
  readonly count: number;
  readonly seed: number;
  /** |A v - lambda v| <= tolerance * lambda is asked of every value that is returned, unless it is a zero but for rounding. */
  readonly tolerance: number;
  /** Products with four vectors in the first search; a check takes at most half as many. */
  readonly products: number;
}

export interface SpectrumHead {
  /** Descending; fewer than asked for where the others did not converge. */
  readonly values: Float64Array;
  /** |A v - lambda v|, computed afresh. */
  readonly residuals: Float64Array;
}

interface Pair {
  value: number;
  residual: number;
  vector: Float64Array;
}

/** Searches beside what is known, before the head is cut to what they confirmed. */
const CHECKS = 6;

/**
 * Block Lanczos, then further searches from random starts in the complement of what was found, until one finds nothing larger than
 * the smallest known value: a copy of a multiple eigenvalue that the first search could not see is found there. Values that a search
 * leaves in doubt (a larger one has not converged) are not returned. A random start is blind to an eigenvector with probability zero;
 * after k products a value (1 + e) times larger than all that was seen is missed with probability at most 1.7 sqrt(n) exp(-(2 k - 1)
 * sqrt(e)) (Kuczynski & Wozniakowski 1992, for one vector; the block has four).
 */
export function* headSteps(operator: BlockOperator, options: HeadOptions): Steps<SpectrumHead> {
  const { count, tolerance, products } = options;
  const n = operator.dimension;
  const random = new Random(options.seed).split('head of the spectrum');
  const first = yield* lanczosSteps(operator, { count, random, tolerance, products, known: [] });
  const largest = first.values[0] ?? 0;
  let pairs = converged(first, largest, tolerance);
  /** Values up to here may have larger ones beside them. */
  let doubt = 0;
  for (let check = 0; check < CHECKS && pairs.length > 0 && pairs.length < n; check++) {
    const known = blocksOf(pairs, n);
    const ritz = yield* lanczosSteps(operator, { count: Math.min(4, n - pairs.length), random, tolerance, products: Math.ceil(products / 2), known });
    const fresh = converged(ritz, largest, tolerance);
    const smallest = pairs.at(-1)!.value;
    const missed = fresh.filter((pair) => pair.value > smallest + pair.residual + NEGLIGIBLE * largest);
    doubt = missed[0]?.value ?? (fresh.length === 0 ? ritz.values[0]! + ritz.residuals[0]! : 0);
    if (missed.length === 0) break;
    pairs = [...pairs, ...missed].sort((x, y) => y.value - x.value).slice(0, Math.max(count, pairs.length));
  }
  return yield* checked(operator, pairs.slice(0, count).filter((pair) => pair.value >= doubt));
}

/** The leading pairs up to the first that has not converged. */
function converged({ values, residuals, blocks }: RitzPairs, largest: number, tolerance: number): Pair[] {
  const pairs: Pair[] = [];
  for (let i = 0; i < values.length && settled(values[i]!, residuals[i]!, largest, tolerance); i++) {
    const block = blocks[i >> 2]!;
    const vector = new Float64Array(block.length / 4);
    for (let j = 0; j < vector.length; j++) vector[j] = block[4 * j + (i & 3)]!;
    pairs.push({ value: Math.max(0, values[i]!), residual: residuals[i]!, vector });
  }
  return pairs;
}

function blocksOf(pairs: readonly Pair[], n: number): Float64Array[] {
  return Array.from({ length: Math.ceil(pairs.length / 4) }, (_, k) => {
    const block = new Float64Array(4 * n);
    pairs.slice(4 * k, 4 * k + 4).forEach(({ vector }, lane) => vector.forEach((x, j) => (block[4 * j + lane] = x)));
    return block;
  });
}

/** Residuals by one more product each. */
function* checked(operator: BlockOperator, pairs: readonly Pair[]): Steps<SpectrumHead> {
  const residuals: number[] = [];
  const n = operator.dimension;
  for (const [k, v] of blocksOf(pairs, n).entries()) {
    const image = new Float64Array(4 * n);
    yield* operator.apply(v, image);
    const values = new Float64Array(16);
    pairs.slice(4 * k, 4 * k + 4).forEach((pair, lane) => (values[5 * lane] = pair.value));
    addCombination(image, v, values, -1);
    for (let lane = 0; lane < Math.min(4, pairs.length - 4 * k); lane++) residuals.push(Math.sqrt(laneDot(image, lane, image, lane)));
  }
  return { values: Float64Array.from(pairs, (p) => p.value), residuals: Float64Array.from(residuals) };
}
