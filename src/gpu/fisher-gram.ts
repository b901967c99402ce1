/** K_ij = sum_{t,s} (a_it . a_js)(delta_it . delta_js) on the GPU, float32: per-sample parameter gradients that are never made. */
import type { Dispatch } from './kernel';
import { kernels } from './kernel';
import type { KernelQueue } from './kernel-queue';
import { upperTileRanges } from '../numerics/tile-ranges';

/** Positions along a side of the kernel's tile. */
const SIDE = 32;

/** Multiply-adds of one dispatch: near 100 ms on SwiftShader (about 1e8 a second), a few ms on a GPU. */
const WORK = { software: 2 ** 23, gpu: 2 ** 31 };

export interface FisherShape {
  readonly samples: number;
  readonly positions: number;
  /** Width of `a`. */
  readonly p: number;
  /** Width of `delta`. */
  readonly q: number;
}

/**
 * a [samples * positions, p] and delta [samples * positions, q] float32 in storage buffers -> K [samples, samples], symmetric.
 * The same bits for the same input and adapter.
 */
export async function fisherGramOnGpu(
  queue: KernelQueue,
  a: GPUBuffer,
  delta: GPUBuffer,
  shape: FisherShape,
  signal?: AbortSignal,
): Promise<Float64Array> {
  const { samples } = shape;
  const k = queue.storage(samples * samples, 'fisher-gram');
  try {
    queue.clear(k);
    await queue.run(fisherDispatches({ a, delta, k }, shape, queue.software), signal);
    const K = Float64Array.from(await queue.read(k, samples * samples));
    for (let i = 0; i < samples; i++) for (let j = 0; j < i; j++) K[i * samples + j] = K[j * samples + i]!;
    return K;
  } finally {
    queue.buffers.release(k);
  }
}

/** Ranges of positions t, and within them ranges of tile rows: both in order, for the sums of K are made in that order. */
export function* fisherDispatches(
  buffers: { a: GPUBuffer; delta: GPUBuffer; k: GPUBuffer },
  shape: FisherShape,
  software: boolean,
): Iterable<Dispatch> {
  const { samples, positions, p, q } = shape;
  const perTile = Math.max(1, Math.floor(SIDE / positions));
  const tiles = Math.ceil(samples / perTile);
  const budget = software ? WORK.software : WORK.gpu;
  // One chunk of t in one tile of K meets every chunk of s.
  const chunk = SIDE * SIDE * (p + q) * Math.ceil(positions / SIDE);
  const chunks = Math.ceil(positions / SIDE);
  const chunksAtOnce = Math.min(chunks, Math.max(1, Math.floor(budget / chunk)));
  const tilesAtOnce = budget / (chunk * chunksAtOnce);
  for (let t = 0; t < positions; t += chunksAtOnce * SIDE) {
    const endPosition = Math.min(positions, t + chunksAtOnce * SIDE);
    for (const { first, count } of upperTileRanges(tiles, tilesAtOnce)) {
      const params = { samples, positions, p, q, perTile, firstTileRow: first, firstPosition: t, endPosition };
      yield { kernel: kernels.fisherGram, buffers, params, grid: [tiles, count] };
    }
  }
}
