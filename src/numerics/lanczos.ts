/** The head of a spectrum by Lanczos iteration with full reorthogonalisation (Lanczos 1950; Parlett, ch. 13). */
import { Random } from '../base/random';
import { implicitQL } from './implicit-ql';
import { rotateRows } from './loops/vectors';
import { runAtOnce } from './stepwise';
import type { EigenResult, SymmetricOperator } from './types';
import { addScaled, dot, normalize } from './vector';

export interface IterationOptions {
  /** Leading pairs wanted; fewer come back where the dimension is smaller. */
  readonly count: number;
  readonly seed: number;
  /** A pair is accepted when its residual is below this fraction of |A|. */
  readonly tolerance?: number;
  /** Products with the operator (Lanczos: steps; power iteration: per pair) before the pairs are returned as they are. */
  readonly maxProducts?: number;
  readonly signal?: AbortSignal;
}

export interface EigenPairs extends EigenResult {
  /** Row i is the unit vector of values[i], [values.length, dimension]. */
  readonly vectors: Float64Array;
}

/**
 * The `count` algebraically largest eigenvalues of `operator`. Residuals are those of the returned pairs, computed afresh: a pair that
 * did not converge is returned with a residual that says so. A Krylov space meets each eigenspace in one direction, so where it is
 * exhausted the iteration goes on from a fresh orthogonal direction; copies of a multiple eigenvalue may still be missing.
 */
export async function lanczos(operator: SymmetricOperator, options: IterationOptions): Promise<EigenPairs> {
  const n = operator.dimension;
  const count = Math.min(options.count, n);
  const tolerance = options.tolerance ?? 1e-12;
  const limit = Math.min(n, options.maxProducts ?? Math.max(300, 4 * count));
  const random = new Random(options.seed).split('lanczos');
  const basis: Float64Array[] = [];
  const diagonal: number[] = [];
  const offDiagonal: number[] = [];
  let next = freshDirection(random, n, basis);
  let ritz = ritzPairs(diagonal, offDiagonal);
  while (basis.length < limit && next) {
    options.signal?.throwIfAborted();
    basis.push(next);
    const image = await operator.apply(next);
    diagonal.push(dot(image, 0, next, 0, n));
    const size = Math.sqrt(dot(image, 0, image, 0, n));
    orthogonalize(image, basis);
    const coupling = normalize(image);
    const exhausted = coupling <= size * n * 2 ** -52;
    const settled = exhausted || basis.length % 5 === 0 || basis.length === limit;
    if (basis.length >= count && settled) {
      ritz = ritzPairs(diagonal, offDiagonal);
      const norm = Math.max(Math.abs(ritz.values[0]!), Math.abs(ritz.values.at(-1)!));
      const open = (i: number) => Math.abs(coupling * ritz.lastComponent(i)) > tolerance * norm;
      if (!exhausted && !Array.from({ length: count }, (_, i) => i).some(open)) break;
    }
    offDiagonal.push(exhausted ? 0 : coupling);
    next = exhausted ? freshDirection(random, n, basis) : image;
  }
  const vectors = new Float64Array(count * n);
  for (let i = 0; i < count; i++) basis.forEach((q, k) => addScaled(vectors, i * n, ritz.component(i, k), q, 0, n));
  return finishPairs(operator, vectors, ritz.values.slice(0, count), 'Lanczos', options.signal);
}

/** Residuals by one more product each; descending order. */
export async function finishPairs(
  operator: SymmetricOperator,
  vectors: Float64Array,
  values: Float64Array,
  method: string,
  signal?: AbortSignal,
): Promise<EigenPairs> {
  const n = operator.dimension;
  const residuals = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    signal?.throwIfAborted();
    const v = vectors.slice(i * n, i * n + n);
    const r = (await operator.apply(v)).slice();
    addScaled(r, 0, -values[i]!, v, 0, n);
    residuals[i] = Math.sqrt(dot(r, 0, r, 0, n));
  }
  return { values, residuals, vectors, method, roundoff: 2 ** -53, covers: 'head' };
}

/** Takes the components along `basis` out of x, twice (Kahan & Parlett: twice is enough). */
export function orthogonalize(x: Float64Array, basis: readonly Float64Array[]): void {
  for (let pass = 0; pass < 2; pass++) {
    for (const q of basis) addScaled(x, 0, -dot(x, 0, q, 0, x.length), q, 0, x.length);
  }
}

/** A random unit vector orthogonal to `basis`, or null where the basis is complete. */
export function freshDirection(random: Random, n: number, basis: readonly Float64Array[]): Float64Array | null {
  if (basis.length >= n) return null;
  const x = random.normals(n);
  normalize(x);
  orthogonalize(x, basis);
  normalize(x);
  orthogonalize(x, basis);
  normalize(x);
  return x;
}

function ritzPairs(diagonal: readonly number[], offDiagonal: readonly number[]) {
  const m = diagonal.length;
  const d = Float64Array.from(diagonal);
  const z = new Float64Array(m * m);
  for (let i = 0; i < m; i++) z[i * m + i] = 1;
  runAtOnce(implicitQL(d, Float64Array.from(offDiagonal), (i, c, s) => rotateRows(z, m, i, c, s)));
  const order = Array.from(d.keys()).sort((i, j) => d[j]! - d[i]!);
  const component = (i: number, k: number) => z[order[i]! * m + k]!;
  return { values: Float64Array.from(order, (i) => d[i]!), component, lastComponent: (i: number) => component(i, m - 1) };
}
