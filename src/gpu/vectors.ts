/** The vector steps that Lanczos and power iteration share, as dispatches, and the check of what they found. */
import type { Random } from '../base/random';
import type { Dispatch } from './kernel';
import { kernels } from './kernel';
import type { KernelQueue } from './kernel-queue';
import type { GpuOperator, StoredVector } from './operator';

/** Elements of a buffer from `offset`. */
export interface Span {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

/** y = scale A x, a [rows, columns] */
export function matvec(m: { a: GPUBuffer; rows: number; columns: number; x: Span; y: Span; scale: number }): Dispatch {
  const { a, rows, columns, x, y, scale } = m;
  const wide = Math.min(rows, 65535);
  const params = { rows, columns, xOffset: x.offset, yOffset: y.offset, scale };
  return { kernel: kernels.matvec, buffers: { a, x: x.buffer, y: y.buffer }, params, grid: [wide, Math.ceil(rows / wide)] };
}

/** y = beta y + scale A^T x over a range of rows of a [.., columns] */
export function addTransposed(m: {
  a: GPUBuffer;
  columns: number;
  firstRow: number;
  endRow: number;
  x: Span;
  y: GPUBuffer;
  scale: number;
  beta: number;
}): Dispatch {
  const { a, columns, firstRow, endRow, x, y, scale, beta } = m;
  const params = { columns, firstRow, endRow, xOffset: x.offset, scale, beta };
  return { kernel: kernels.matvecTransposed, buffers: { a, x: x.buffer, y }, params, grid: [Math.ceil(columns / 64), 1] };
}

/** v[row] = w / |w|; |w| goes to `norm`. */
export function normalize(w: GPUBuffer, { vectors, row }: StoredVector, dimension: number, norm: Span): Dispatch {
  const params = { dimension, row, normAt: norm.offset };
  return { kernel: kernels.normalize, buffers: { w, v: vectors, norm: norm.buffer }, params, grid: [1, 1] };
}

/** h = V w and w = w - V^T h over the first `count` stored vectors: w loses its part along them. */
export function project(vectors: GPUBuffer, count: number, dimension: number, w: GPUBuffer, h: Span): Dispatch[] {
  if (count === 0) return [];
  return [
    matvec({ a: vectors, rows: count, columns: dimension, x: { buffer: w, offset: 0 }, y: h, scale: 1 }),
    addTransposed({ a: vectors, columns: dimension, firstRow: 0, endRow: count, x: h, y: w, scale: -1, beta: 1 }),
  ];
}

/** A random unit vector, orthogonal to the vectors stored before `row`, as vector `row`. */
export async function storeRandom(
  queue: KernelQueue,
  random: Random,
  { vectors, row }: StoredVector,
  dimension: number,
  w: GPUBuffer,
  scratch: { h: Span; norm: Span },
): Promise<void> {
  const start = Float32Array.from({ length: dimension }, () => random.normal());
  queue.device.queue.writeBuffer(w, 0, start);
  const orthogonal = project(vectors, row, dimension, w, scratch.h);
  await queue.run([[...orthogonal, ...orthogonal, normalize(w, { vectors, row }, dimension, scratch.norm)]]);
}

export interface EigenPair {
  /** Rayleigh quotient v.Av / v.v in float64. */
  readonly value: number;
  /** |A v - value v|, A v by float32. */
  readonly residual: number;
  readonly vector: Float32Array;
}

/** Leading eigenpairs, values descending. */
export interface EigenPairs {
  readonly pairs: readonly EigenPair[];
  /** Every residual is at most `tolerance` times the largest value. */
  readonly converged: boolean;
  /** Products A v that were made. */
  readonly products: number;
}

/** What the iteration claims about a stored vector, checked by one more product. */
export async function checkedPair(queue: KernelQueue, operator: GpuOperator, v: StoredVector, w: GPUBuffer): Promise<EigenPair> {
  const d = operator.dimension;
  await queue.run(operator.apply(v, w));
  const image = await queue.read(w, d);
  const vector = await queue.read(v.vectors, d, v.row * d);
  let vv = 0;
  let vAv = 0;
  for (let i = 0; i < d; i++) {
    vv += vector[i]! * vector[i]!;
    vAv += vector[i]! * image[i]!;
  }
  const value = vv > 0 ? vAv / vv : 0;
  let squares = 0;
  for (let i = 0; i < d; i++) squares += (image[i]! - value * vector[i]!) ** 2;
  return { value, residual: Math.sqrt(squares), vector };
}

/** Sorts and judges. */
export function eigenPairs(pairs: EigenPair[], tolerance: number, products: number): EigenPairs {
  const sorted = pairs.toSorted((a, b) => b.value - a.value);
  const largest = Math.abs(sorted[0]?.value ?? 0);
  return { pairs: sorted, converged: sorted.every((pair) => pair.residual <= tolerance * largest), products };
}
