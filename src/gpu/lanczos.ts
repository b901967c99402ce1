/**
 * Leading eigenpairs by Lanczos with full reorthogonalisation in float32 on the GPU; the tridiagonal problem is solved in float64.
 * One start vector sees one vector of each eigenspace: after a breakdown a fresh one finds the rest (Parlett, The Symmetric
 * Eigenvalue Problem, 13). For spectra whose head is wanted; dead directions are the tail and need the dense solver.
 */
import { Random } from '../base/random';
import { symmetricEigen } from '../numerics/symmetric-eigen';
import type { KernelQueue } from './kernel-queue';
import type { GpuOperator } from './operator';
import { addTransposed, checkedPair, eigenPairs, normalize, project, storeRandom } from './vectors';
import type { EigenPair, EigenPairs } from './vectors';

export interface LanczosOptions {
  /** How many leading pairs. */
  readonly count: number;
  readonly seed: number;
  /** Residual over the largest value at which a pair is good. Float32 reaches about 1e-6. */
  readonly tolerance?: number;
  /** Stored vectors at most; the dimension is always enough. */
  readonly steps?: number;
}

/** A new vector shorter than this times |A| is rounding: what was found is an invariant subspace. */
const BREAKDOWN = 2 ** -20;
/** Steps between looks at the tridiagonal matrix. */
const LOOK = 8;

export async function lanczosOnGpu(
  queue: KernelQueue,
  operator: GpuOperator,
  { count, seed, tolerance = 1e-5, steps = 10 * count + 100 }: LanczosOptions,
  signal?: AbortSignal,
): Promise<EigenPairs> {
  const d = operator.dimension;
  const most = Math.min(d, Math.max(steps, count));
  const random = new Random(seed);
  const vectors = queue.storage((most + 1) * d, 'Lanczos vectors');
  const w = queue.storage(d, 'Lanczos residual');
  // First and second orthogonalisation, then the norm: one read a step.
  const coefficients = queue.storage(2 * most + 1, 'Lanczos coefficients');
  const first = { buffer: coefficients, offset: 0 };
  const second = { buffer: coefficients, offset: most };
  const norm = { buffer: coefficients, offset: 2 * most };
  const diagonal: number[] = [];
  const offDiagonal: number[] = [];
  try {
    await storeRandom(queue, random, { vectors, row: 0 }, d, w, { h: first, norm });
    let size = 0;
    for (let j = 0; j < most; j++) {
      const used = j + 1;
      const next = normalize(w, { vectors, row: used }, d, norm);
      const twice = [...project(vectors, used, d, w, first), ...project(vectors, used, d, w, second), next];
      await queue.run([...operator.apply({ vectors, row: j }, w), twice], signal);
      const h = await queue.read(coefficients);
      diagonal.push(h[j]! + h[most + j]!);
      let beta = h[2 * most]!;
      size = Math.max(size, Math.abs(diagonal[j]!), beta);
      if (used === most) break;
      if (beta <= BREAKDOWN * size) {
        beta = 0;
        await storeRandom(queue, random, { vectors, row: used }, d, w, { h: first, norm });
      }
      offDiagonal.push(beta);
      if (used >= count && used % LOOK === 0 && settled(diagonal, offDiagonal, beta, count, tolerance)) break;
    }
    const used = diagonal.length;
    const ritz = tridiagonalEigen(diagonal, offDiagonal.slice(0, used - 1));
    const pairs: EigenPair[] = [];
    const weights = queue.storage(used, 'Ritz weights');
    const found = queue.storage(d, 'Ritz vector');
    try {
      for (let i = 0; i < Math.min(count, used); i++) {
        signal?.throwIfAborted();
        queue.device.queue.writeBuffer(weights, 0, Float32Array.from(ritz.vectors.subarray(i * used, (i + 1) * used)));
        const x = { buffer: weights, offset: 0 };
        const combine = addTransposed({ a: vectors, columns: d, firstRow: 0, endRow: used, x, y: w, scale: 1, beta: 0 });
        await queue.run([[combine, normalize(w, { vectors: found, row: 0 }, d, norm)]]);
        pairs.push(await checkedPair(queue, operator, { vectors: found, row: 0 }, w));
      }
    } finally {
      queue.buffers.release(weights, found);
    }
    return eigenPairs(pairs, tolerance, used + pairs.length);
  } finally {
    queue.buffers.release(vectors, w, coefficients);
  }
}

/**
 * Whether the leading `count` Ritz pairs have residuals beta |s_last| within the tolerance. Right after a breakdown (beta = 0) the
 * fresh vector has shown nothing yet.
 */
function settled(diagonal: number[], offDiagonal: number[], beta: number, count: number, tolerance: number): boolean {
  if (beta === 0) return false;
  const m = diagonal.length;
  const { values, vectors } = tridiagonalEigen(diagonal, offDiagonal.slice(0, m - 1));
  const limit = 0.1 * tolerance * Math.abs(values[0]!);
  for (let i = 0; i < count; i++) if (beta * Math.abs(vectors[i * m + m - 1]!) > limit) return false;
  return true;
}

function tridiagonalEigen(diagonal: number[], offDiagonal: number[]): { values: Float64Array; vectors: Float64Array } {
  const m = diagonal.length;
  const t = new Float64Array(m * m);
  diagonal.forEach((value, i) => (t[i * m + i] = value));
  offDiagonal.forEach((value, i) => (t[i * m + i + 1] = t[(i + 1) * m + i] = value));
  const { values, vectors } = symmetricEigen(t, m, { vectors: true });
  return { values, vectors: vectors! };
}
