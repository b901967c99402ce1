/** Symmetric operators whose matrix stays on the GPU, for Lanczos and power iteration. */
import type { Dispatch } from './kernel';
import { addTransposed, matvec } from './vectors';
import type { KernelQueue } from './kernel-queue';

/** A unit vector among others: `vectors` [.., dimension] float32, row `row`. */
export interface StoredVector {
  readonly vectors: GPUBuffer;
  readonly row: number;
}

export interface GpuOperator {
  readonly dimension: number;
  /** The dispatches of output = A v. */
  apply(v: StoredVector, output: GPUBuffer): Iterable<Dispatch>;
  dispose(): void;
}

/** Entries of A that one dispatch walks over on one pass: short on SwiftShader, and little on a GPU. */
const ENTRIES = { software: 2 ** 23, gpu: 2 ** 28 };

/** A dense symmetric matrix a [dimension, dimension], which stays its owner's. */
export function denseOperator(a: GPUBuffer, dimension: number): GpuOperator {
  return {
    dimension,
    apply: ({ vectors, row }, output) => {
      const v = { buffer: vectors, offset: row * dimension };
      return [matvec({ a, rows: dimension, columns: dimension, x: v, y: { buffer: output, offset: 0 }, scale: 1 })];
    },
    dispose: () => undefined,
  };
}

/** X^T X / rows by its factor x [rows, columns], which stays its owner's: X^T (X v), and no Gram is made. */
export function factorOperator(queue: KernelQueue, x: GPUBuffer, rows: number, columns: number): GpuOperator {
  const u = queue.storage(rows, 'factor times vector');
  const step = Math.max(1, Math.floor((queue.software ? ENTRIES.software : ENTRIES.gpu) / columns));
  return {
    dimension: columns,
    *apply({ vectors, row }, output) {
      const v = { buffer: vectors, offset: row * columns };
      yield matvec({ a: x, rows, columns, x: v, y: { buffer: u, offset: 0 }, scale: 1 / rows });
      for (let firstRow = 0; firstRow < rows; firstRow += step) {
        const endRow = Math.min(rows, firstRow + step);
        const from = { buffer: u, offset: 0 };
        yield addTransposed({ a: x, columns, firstRow, endRow, x: from, y: output, scale: 1, beta: firstRow === 0 ? 0 : 1 });
      }
    },
    dispose: () => queue.buffers.release(u),
  };
}
