/** G = X^T X on the GPU: float32 within a block of rows, float64 over the blocks. */
import type { Dispatch, Kernel } from './kernel';
import { kernels } from './kernel';
import type { KernelQueue } from './kernel-queue';
import { upperTileRanges } from '../numerics/tile-ranges';

/**
 * Rows summed in float32. Any order, fusion or association of B products keeps each entry of a block within
 * gamma_B sqrt(G_ii G_jj), gamma_B = B u / (1 - B u), u = 2^-24 (Higham 2002, 3.1): 3.1e-5 for B = 512. Blocks are added in float64.
 */
export const GRAM_BLOCK_ROWS = 512;

/** Multiply-adds of one dispatch on a GPU: a few ms. */
const GPU_WORK = 2 ** 32;

/** Which kernel, the side of its tiles, and the multiply-adds that keep a dispatch on SwiftShader near 100 ms. */
interface Variant {
  readonly kernel: Kernel;
  readonly side: number;
  readonly softwareWork: number;
}

export const gramVariants = {
  /** Tiles through workgroup memory, for GPUs. */
  shared: { kernel: kernels.gram, side: 64, softwareWork: 2 ** 24 },
  /** No barrier, large register tiles over four lanes, for software adapters. */
  quad: { kernel: kernels.gramQuad, side: 32, softwareWork: 2 ** 26 },
} as const satisfies Record<string, Variant>;

/**
 * X [rows, columns] float32 in a storage buffer -> X^T X [columns, columns], float64 sums of float32 block Grams, symmetric.
 * NaN and infinities of X come out as they fall. The same bits for the same X and adapter.
 */
export async function gramOnGpu(
  queue: KernelQueue,
  x: GPUBuffer,
  rows: number,
  columns: number,
  signal?: AbortSignal,
  variant: Variant = queue.software && queue.supports(gramVariants.quad.kernel) ? gramVariants.quad : gramVariants.shared,
): Promise<Float64Array> {
  const total = new Float64Array(columns * columns);
  const { side } = variant;
  const tiles = Math.ceil(columns / side);
  const block = async (firstRow: number): Promise<Float32Array> => {
    const endRow = Math.min(rows, firstRow + GRAM_BLOCK_ROWS);
    const g = queue.storage(((tiles * (tiles + 1)) / 2) * side * side, 'gram tiles');
    try {
      await queue.run(blockDispatches(variant, { x, g }, { columns, firstRow, endRow, tiles }, queue.software), signal);
      return await queue.read(g);
    } finally {
      queue.buffers.release(g);
    }
  };
  // Two blocks at a time: the GPU makes one while the other is read and added, in the order of the rows.
  const pending: Promise<Float32Array>[] = [];
  try {
    for (let firstRow = 0; firstRow < rows; firstRow += GRAM_BLOCK_ROWS) {
      const next = block(firstRow);
      next.catch(() => undefined);
      pending.push(next);
      if (pending.length === 2) addTiles(total, await pending.shift()!, columns, side);
    }
    for (const last of pending) addTiles(total, await last, columns, side);
  } finally {
    // After an abort or an error the caller's buffer is still in use until these are done.
    await Promise.allSettled(pending);
  }
  for (let i = 0; i < columns; i++) for (let j = 0; j < i; j++) total[i * columns + j] = total[j * columns + i]!;
  return total;
}

/** The block of rows, cut into ranges of tile rows. */
function* blockDispatches(
  { kernel, side, softwareWork }: Variant,
  buffers: { x: GPUBuffer; g: GPUBuffer },
  block: { columns: number; firstRow: number; endRow: number; tiles: number },
  software: boolean,
): Iterable<Dispatch> {
  const { tiles } = block;
  const perTile = (block.endRow - block.firstRow) * side * side;
  const budget = (software ? softwareWork : GPU_WORK) / perTile;
  for (const { first, count } of upperTileRanges(tiles, budget)) {
    yield { kernel, buffers, params: { ...block, firstTileRow: first }, grid: [tiles, count] };
  }
}

/** Adds the packed upper tiles to the upper half of `total`. */
function addTiles(total: Float64Array, packed: Float32Array, columns: number, side: number): void {
  const tiles = Math.ceil(columns / side);
  let tile = 0;
  for (let i = 0; i < tiles; i++) {
    for (let j = i; j < tiles; j++, tile += side * side) {
      const endColumn = Math.min(columns, (j + 1) * side);
      for (let row = i * side; row < Math.min(columns, (i + 1) * side); row++) {
        let from = tile + (row - i * side) * side;
        for (let at = row * columns + j * side; at < row * columns + endColumn; at++) total[at] = total[at]! + packed[from++]!;
      }
    }
  }
}
