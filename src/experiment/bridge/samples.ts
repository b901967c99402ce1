/** Inputs and noisy labels of the bridge: drawn, or a few rows that have the moments of the population exactly. */
import type { Random } from '../../base/random';
import { multiply, type MatrixView } from '../../numerics/cpu/matmul';
import type { Bridge } from './setting';

/** Rows are samples, [count, width] each. */
export interface Samples {
  readonly count: number;
  readonly inputs: Float64Array;
  readonly targets: Float64Array;
}

/** x ~ N(0, S), y = T x + e, e ~ N(0, noise I). */
export function drawSamples(random: Random, bridge: Bridge, count: number): Samples {
  const { width, noise } = bridge;
  const inputs = product(random.normals(count * width), bridge.root, count, width);
  const deviation = Math.sqrt(noise);
  return labelled(bridge, count, inputs, random.normals(count * width).map((e) => deviation * e));
}

/**
 * 2 width rows whose second moments are those of the population: rows of sqrt(2 width) S^(1/2) without label noise, then as many of
 * noise sqrt(2 width noise) I at x = 0. So E[x x^T] = S, E[e e^T] = noise I, E[x e^T] = 0, and the Grams of all taps are exact.
 */
export function populationSamples(bridge: Bridge): Samples {
  const { width, root, noise } = bridge;
  const count = 2 * width;
  const inputs = new Float64Array(count * width);
  inputs.set(root.map((x) => Math.sqrt(count) * x));
  const errors = new Float64Array(count * width);
  for (let i = 0; i < width; i++) errors[(width + i) * width + i] = Math.sqrt(count * noise);
  return labelled(bridge, count, inputs, errors);
}

/** The teacher is symmetric: T x of every row is X T. */
function labelled({ teacher, width }: Bridge, count: number, inputs: Float64Array, errors: Float64Array): Samples {
  return { count, inputs, targets: product(inputs, teacher, count, width).map((y, k) => y + errors[k]!) };
}

/** X A of rows X [count, width] and A [width, width]. */
function product(rows: Float64Array, matrix: Float64Array, count: number, width: number): Float64Array {
  const out = new Float64Array(rows.length);
  multiply(plain(rows, width), plain(matrix, width), out, 0, count, width, width);
  return out;
}

/**
 * Writes the second moments E[x x^T] and E[y x^T] of a batch of `count` >= width fresh samples, drawn from their own law: of the rows X = Q A^T R^T
 * only A is needed, lower triangular with normal entries below a diagonal of chi variates with count - i degrees of freedom (Bartlett 1933), and
 * of their noise its normal part along the columns of Q. The same distribution as `drawSamples`, at a cost that does not grow with the batch.
 */
export function drawMoments(random: Random, { width: n, root, teacher, noise }: Bridge, count: number, covariance: Float64Array, cross: Float64Array): void {
  const triangle = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) triangle[i * n + j] = random.normal();
    triangle[i * n + i] = Math.sqrt(2 * gamma(random, (count - i) / 2));
  }
  const factor = product(root, triangle, n, n);
  const transposed = { values: factor, offset: 0, rowStride: 1, columnStride: n };
  multiply(plain(factor, n), transposed, covariance, 0, n, n, n);
  multiply(plain(teacher, n), plain(covariance, n), cross, 0, n, n, n);
  const deviation = Math.sqrt(noise);
  const errors = new Float64Array(n * n);
  multiply(plain(random.normals(n * n).map((e) => deviation * e), n), transposed, errors, 0, n, n, n);
  for (let k = 0; k < n * n; k++) {
    covariance[k]! /= count;
    cross[k] = (cross[k]! + errors[k]!) / count;
  }
}

/** A gamma variate of this shape >= 1 and scale 1 (Marsaglia & Tsang 2000). */
function gamma(random: Random, shape: number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random.uniform()) < x ** 2 / 2 + d * (1 - v + Math.log(v))) return d * v;
  }
}

const plain = (values: Float64Array, width: number): MatrixView => ({ values, offset: 0, rowStride: width, columnStride: 1 });
