/** The head of a spectrum by block Lanczos iteration with full reorthogonalisation (Golub & Underwood 1977; Parlett, ch. 13). */
import type { Random } from '../base/random';
import { addCombination, orthonormalize, projectOut, randomBlock } from './blocks';
import type { Steps } from './stepwise';
import { symmetricEigenSteps } from './symmetric-eigen';
import type { BlockOperator } from './types';

export interface IterationOptions {
  /** Leading pairs wanted; fewer come back where the dimension is smaller. */
  readonly count: number;
  readonly random: Random;
  /** A pair has converged when its residual is below this fraction of its value, or both are rounding. */
  readonly tolerance: number;
  /** Products with four vectors at most. */
  readonly products: number;
  /** Orthonormal blocks of known eigenvectors; the search is orthogonal to them. */
  readonly known: readonly Float64Array[];
}

/** Approximate eigenpairs, descending. */
export interface RitzPairs {
  readonly values: Float64Array;
  /** |A y - value y| as the iteration knows it. */
  readonly residuals: Float64Array;
  /** Unit vectors of values[4 k] ... values[4 k + 3] are the lanes of block k. */
  readonly blocks: readonly Float64Array[];
}

/** Whether a pair is known as asked: relative to its value, or as a zero of an operator of size `largest`. */
export function settled(value: number, residual: number, largest: number, tolerance: number): boolean {
  return residual <= tolerance * value || Math.abs(value) + residual <= NEGLIGIBLE * largest;
}

/** From one look at the projected problem to the next the basis grows by this much: looks cost its cube. */
const LOOK = 1.25;
/** A lane, or a value, below this part of |A| is rounding. */
export const NEGLIGIBLE = 2 ** -46;

/**
 * The `count` largest eigenvalues of `operator` on the complement of `known`. A block of four sees four copies of an eigenvalue, and
 * where it is exhausted the iteration goes on from fresh directions; further copies are found by searching again beside what is
 * known (spectrum-head.ts).
 */
export function* lanczosSteps(operator: BlockOperator, options: IterationOptions): Steps<RitzPairs> {
  const n = operator.dimension;
  const { known, random, tolerance } = options;
  const count = Math.min(options.count, n);
  const basis: Float64Array[] = [];
  /** Rows and columns of the projected matrix that belong to unit vectors. */
  const live: number[] = [];
  const projected = new Map<number, Float64Array[]>();
  let look = 2;
  let { block: next, live: alive } = randomBlock(n, known, random);
  for (;;) {
    alive.forEach((yes, lane) => yes && live.push(4 * basis.length + lane));
    basis.push(next);
    const image = new Float64Array(4 * n);
    yield* operator.apply(next, image);
    projectOut(image, known);
    projected.set(basis.length - 1, projectOut(image, basis));
    yield;
    const norm = largest(projected);
    const { factor, live: fresh } = orthonormalize(image, [...known, ...basis], NEGLIGIBLE * norm, random);
    yield;
    const last = basis.length === options.products || !fresh.includes(true);
    if (last || (live.length >= count && basis.length >= look)) {
      look = Math.ceil(LOOK * basis.length);
      const ritz = yield* ritzPairs(projected, live, factor, basis.length, count);
      if (last || ritz.residuals.every((r, i) => settled(ritz.values[i]!, r, norm, tolerance))) {
        return { values: ritz.values, residuals: ritz.residuals, blocks: yield* combine(basis, ritz.vectors, live, ritz.values.length) };
      }
    }
    next = image;
    alive = fresh;
  }
}

function largest(projected: ReadonlyMap<number, Float64Array[]>): number {
  let most = 0;
  for (const column of projected.values()) for (const block of column) for (const x of block) most = Math.max(most, Math.abs(x));
  return most;
}

/** Solves Q^T A Q, whose block column k is projected.get(k); residuals come from the coupling to the next block. */
function* ritzPairs(
  projected: ReadonlyMap<number, Float64Array[]>,
  live: readonly number[],
  coupling: Float64Array,
  blocks: number,
  count: number,
): Steps<{ values: Float64Array; residuals: Float64Array; vectors: Float64Array }> {
  const m = live.length;
  const matrix = new Float64Array(m * m);
  // The lower triangle is read: row i, column j <= i. Column block j holds rows up to block j; the matrix is symmetric.
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= i; j++) {
      const [row, column] = [live[j]!, live[i]!];
      matrix[i * m + j] = projected.get(column >> 2)![row >> 2]![4 * (row & 3) + (column & 3)]!;
    }
  }
  const { values, vectors } = yield* symmetricEigenSteps(matrix, m, { vectors: true });
  const kept = Math.min(count, m);
  const residuals = new Float64Array(kept);
  const tail = live.findIndex((i) => i >= 4 * (blocks - 1));
  for (let i = 0; i < kept; i++) {
    let sum = 0;
    for (let row = 0; row < 4; row++) {
      let entry = 0;
      for (let k = tail; k < m; k++) entry += coupling[4 * row + (live[k]! & 3)]! * vectors![i * m + k]!;
      sum += entry * entry;
    }
    residuals[i] = Math.sqrt(sum);
  }
  return { values: values.slice(0, kept), residuals, vectors: vectors! };
}

/** Ritz vectors from the rows of `vectors` [m, m], four to a block. */
function* combine(basis: readonly Float64Array[], vectors: Float64Array, live: readonly number[], count: number): Steps<Float64Array[]> {
  const m = live.length;
  const blocks: Float64Array[] = [];
  for (let first = 0; first < count; first += 4) {
    const block = new Float64Array(basis[0]!.length);
    for (const [k, q] of basis.entries()) {
      const c = new Float64Array(16);
      live.forEach((at, j) => {
        if (at >> 2 !== k) return;
        for (let lane = 0; lane < Math.min(4, count - first); lane++) c[4 * (at & 3) + lane] = vectors[(first + lane) * m + j]!;
      });
      addCombination(block, q, c, 1);
    }
    blocks.push(block);
    yield;
  }
  return blocks;
}
