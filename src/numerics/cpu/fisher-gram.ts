/**
 * Gram of per-sample parameter gradients of one dense layer, in float64 pairs.
 * Sample i has the gradient g_i = sum_t a_it delta_it^T [p, q], so K_ij = <g_i, g_j> = sum_{t,s} (a_it . a_js)(delta_it . delta_js).
 */
import { addProducts } from '../exact-products';
import type { Vectors } from '../exact-products';
import { productError, sumError } from '../double-double';
import { exponentOf, largestMagnitude, scaledCopy } from '../scaling';
import { runAtOnce, runBreathing } from '../stepwise';
import type { Steps } from '../stepwise';
import type { Gram } from '../types';
import { assertFinite, finishedGram, pairMatrix } from './gram';

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
  const route = ghost <= gradients ? ghostSteps : gradientSteps;
  // Two factors of two matrices each: prescaled, no product of four entries leaves the range of float64.
  const exponentA = exponentOf(largestMagnitude(a));
  const exponentDelta = exponentOf(largestMagnitude(delta));
  const K = yield* route(scaledCopy(a, -exponentA), scaledCopy(delta, -exponentDelta), samples, positions, p, q);
  const exponent = 2 * (exponentA + exponentDelta);
  return finishedGram({ ...K, hi: scaledCopy(K.hi, exponent), lo: scaledCopy(K.lo, exponent) }, samples, samples);
}

/** No gradient is made: products of inner products over pairs of positions, tile by tile. */
function* ghostSteps(a: Float64Array, delta: Float64Array, samples: number, positions: number, p: number, q: number) {
  const K = pairMatrix(samples);
  const step = Math.max(1, Math.floor(TILE_POSITIONS / positions));
  const side = step * positions;
  const A = pairMatrix(side);
  const D = pairMatrix(side);
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
  return K;
}

function rowVectors(values: Float64Array, first: number, count: number, width: number): Vectors {
  return { values, offset: first * width, count, length: width, vectorStride: width, componentStride: 1 };
}

type Pairs = ReturnType<typeof pairMatrix>;

/** K[at] += sum over one positions x positions block of A o D, in double-double. */
function addEntryProducts(K: Pairs, at: number, A: Pairs, D: Pairs, corner: number, positions: number): void {
  let hi = K.hi[at]!;
  let lo = K.lo[at]!;
  for (let t = 0; t < positions; t++) {
    for (let k = corner + t * A.stride, end = k + positions; k < end; k++) {
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

/** Gradients are made as pairs, a band of input features at a time, and their Gram is summed over the bands. */
function* gradientSteps(a: Float64Array, delta: Float64Array, samples: number, positions: number, p: number, q: number) {
  const K = pairMatrix(samples);
  const band = Math.max(1, Math.min(p, Math.floor(GRADIENT_ENTRIES / (samples * q))));
  for (let first = 0; first < p; first += band) {
    const width = Math.min(band, p - first);
    const entries = width * q;
    const hi = new Float64Array(samples * entries);
    const lo = new Float64Array(samples * entries);
    for (let i = 0; i < samples; i++) {
      const features: Vectors = {
        values: a, offset: i * positions * p + first, count: width, length: positions, vectorStride: 1, componentStride: p,
      };
      const deltas: Vectors = {
        values: delta, offset: i * positions * q, count: q, length: positions, vectorStride: 1, componentStride: q,
      };
      yield* addProducts({ hi, lo, offset: i * entries, stride: q }, features, deltas, 1);
    }
    const gradients: Vectors = {
      values: hi, tails: lo, offset: 0, count: samples, length: entries, vectorStride: entries, componentStride: 1,
    };
    yield* addProducts(K, gradients, gradients, 1);
  }
  return K;
}
