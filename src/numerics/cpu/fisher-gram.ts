/**
 * Gram of per-sample parameter gradients of one dense layer, in float64 pairs.
 * Sample i has the gradient g_i = sum_t a_it delta_it^T [p, q], so K_ij = <g_i, g_j> = sum_{t,s} (a_it . a_js)(delta_it . delta_js).
 */
import { addProducts, productWords } from '../exact-products';
import type { PairMatrix, Vectors } from '../product-blocks';
import { productError, sumError } from '../double-double';
import { assertFinite } from '../finite';
import { exponentOf, largestMagnitude, scaledCopy } from '../scaling';
import { runAtOnce, runBreathing } from '../stepwise';
import type { Steps } from '../stepwise';
import type { Gram } from '../types';
import { inWorkspace } from '../workspace';
import type { Workspace } from '../workspace';
import { joinGramParts, pairMatrix } from './gram-parts';

type Matrix = Float64Array | Float32Array;

/** Positions whose inner products are held at a time: tiles of 128 x 128 pairs. */
const TILE_POSITIONS = 128;
/** Gradient entries held at a time where gradients are made: 32 MiB of pairs. */
const GRADIENT_ENTRIES = 2 ** 21;

/** K [samples, samples] from a [samples * positions, p] and delta [samples * positions, q]. */
export function fisherGramOfRows(a: Matrix, delta: Matrix, samples: number, positions: number, p: number, q: number): Gram {
  return runAtOnce(fisherGramSteps(a, delta, samples, positions, p, q));
}

/** `fisherGramOfRows` that lets events through and stops with AbortError. */
export function fisherGramOfRowsAsync(
  a: Matrix,
  delta: Matrix,
  samples: number,
  positions: number,
  p: number,
  q: number,
  signal?: AbortSignal,
): Promise<Gram> {
  return runBreathing(fisherGramSteps(a, delta, samples, positions, p, q), signal);
}

/** Takes the cheaper of the two orders of summation. */
export function* fisherGramSteps(a: Matrix, delta: Matrix, samples: number, positions: number, p: number, q: number): Steps<Gram> {
  assertFinite(a, samples * positions, p);
  assertFinite(delta, samples * positions, q);
  const ghost = (samples / 2) * positions * (p + q);
  const gradients = p * q * (1 + samples / (2 * positions));
  // Two factors of two matrices each: prescaled, no product of four entries leaves the range of float64.
  const exponentA = exponentOf(largestMagnitude(a));
  const exponentDelta = exponentOf(largestMagnitude(delta));
  const factors: Factors = { a: scaledCopy(a, -exponentA), delta: scaledCopy(delta, -exponentDelta), samples, positions, p, q };
  const [route, words] = ghost <= gradients ? [ghostSteps, ghostWords] : [gradientSteps, gradientWords];
  return yield* inWorkspace(2 * samples * samples + words(factors), function* (work) {
    const K = pairMatrix(samples, samples, work);
    yield* route(K, factors, work);
    const exponent = 2 * (exponentA + exponentDelta);
    const [hi, lo] = [scaledCopy(K.hi, exponent), scaledCopy(K.lo, exponent)];
    return joinGramParts([{ dimension: samples, rows: samples, from: 0, to: samples, hi, lo, stride: samples }]);
  });
}

/** Inputs [samples * positions, p] and gradients at the outputs [samples * positions, q] of a dense layer. */
interface Factors {
  readonly a: Float64Array;
  readonly delta: Float64Array;
  readonly samples: number;
  readonly positions: number;
  readonly p: number;
  readonly q: number;
}

/** Samples of a tile. */
function tileSamples(positions: number): number {
  return Math.max(1, Math.floor(TILE_POSITIONS / positions));
}

function ghostWords({ positions, p, q }: Factors): number {
  const side = tileSamples(positions) * positions;
  return 4 * side * side + productWords({ count: side, length: Math.max(p, q) }, { count: side });
}

/** No gradient is made: products of inner products over pairs of positions, tile by tile. */
function* ghostSteps(K: PairMatrix, { a, delta, samples, positions, p, q }: Factors, work: Workspace): Steps<void> {
  const step = tileSamples(positions);
  const side = step * positions;
  const A = pairMatrix(side, side, work);
  const D = pairMatrix(side, side, work);
  for (let i = 0; i < samples; i += step) {
    for (let j = i; j < samples; j += step) {
      const rows = Math.min(step, samples - i);
      const columns = Math.min(step, samples - j);
      for (const [tile, values, width] of [[A, a, p], [D, delta, q]] as const) {
        tile.hi.fill(0);
        tile.lo.fill(0);
        yield* addProducts(
          tile,
          rowVectors(values, i * positions, rows * positions, width),
          rowVectors(values, j * positions, columns * positions, width),
          1,
          work,
        );
      }
      for (let r = 0; r < rows; r++) {
        for (let c = i === j ? r : 0; c < columns; c++) {
          addEntryProducts(K, (i + r) * samples + j + c, A, D, r * positions * side + c * positions, positions);
        }
        yield;
      }
    }
  }
}

function rowVectors(values: Float64Array, first: number, count: number, width: number): Vectors {
  return { values, offset: first * width, count, length: width, vectorStride: width, componentStride: 1 };
}

/** K[at] += sum over one positions x positions block of A o D, in double-double. */
function addEntryProducts(K: PairMatrix, at: number, A: PairMatrix, D: PairMatrix, corner: number, positions: number): void {
  let hi = K.hi[at]!;
  let lo = K.lo[at]!;
  for (let t = 0; t < positions; t++) {
    for (let k = corner + A.rowAt(t), end = k + positions; k < end; k++) {
      const x = A.hi[k]!;
      const y = D.hi[k]!;
      const product = x * y;
      const sum = hi + product;
      lo += sumError(hi, product, sum) + (productError(x, y, product) + (x * D.lo[k]! + A.lo[k]! * y));
      hi = sum;
    }
  }
  K.hi[at] = hi + lo;
  K.lo[at] = lo - (K.hi[at]! - hi);
}

/** Input features whose gradients are held at a time. */
function bandWidth({ samples, p, q }: Factors): number {
  return Math.max(1, Math.min(p, Math.floor(GRADIENT_ENTRIES / (samples * q))));
}

function gradientWords(factors: Factors): number {
  const { samples, positions, q } = factors;
  const width = bandWidth(factors);
  const entries = width * q;
  const making = productWords({ count: width, length: positions }, { count: q });
  const gradients = { count: samples, length: entries };
  return 2 * samples * entries + Math.max(making, productWords(gradients, gradients));
}

/** Gradients are made as pairs, a band of input features at a time, and their Gram is summed over the bands. */
function* gradientSteps(K: PairMatrix, factors: Factors, work: Workspace): Steps<void> {
  const { a, delta, samples, positions, p, q } = factors;
  const band = bandWidth(factors);
  for (let first = 0; first < p; first += band) {
    const width = Math.min(band, p - first);
    const entries = width * q;
    const mark = work.mark();
    const hi = work.zeros(samples * entries);
    const lo = work.zeros(samples * entries);
    for (let i = 0; i < samples; i++) {
      const features: Vectors = {
        values: a, offset: i * positions * p + first, count: width, length: positions, vectorStride: 1, componentStride: p,
      };
      const deltas: Vectors = {
        values: delta, offset: i * positions * q, count: q, length: positions, vectorStride: 1, componentStride: q,
      };
      yield* addProducts({ hi, lo, rowAt: (row) => i * entries + row * q }, features, deltas, 1, work);
    }
    const gradients: Vectors = {
      values: hi, tails: lo, offset: 0, count: samples, length: entries, vectorStride: entries, componentStride: 1,
    };
    yield* addProducts(K, gradients, gradients, 1, work);
    work.reset(mark);
  }
}
