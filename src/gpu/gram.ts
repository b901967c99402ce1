/** G = X^T X on the GPU: float32 within a block of rows, float64 over the blocks. */
import type { Dispatch, Kernel } from './kernel';
import { kernels } from './kernel';
import type { KernelQueue } from './kernel-queue';

/**
 * Rows summed in float32. Any order, fusion or association of B products keeps each entry of a block within
 * gamma_B sqrt(G_ii G_jj), gamma_B = B u / (1 - B u), u = 2^-24 (Higham 2002, 3.1): 3.1e-5 for B = 512. Blocks are added in float64.
 */
export const GRAM_BLOCK_ROWS = 512;

/** Multiply-adds of one dispatch: well under 200 ms on SwiftShader (about 1.5e9 a second), a few ms on a GPU. */
const WORK = { software: 2 ** 26, gpu: 2 ** 32 };

/** Which kernel, and the side of its tiles. */
interface Variant {
  readonly kernel: Kernel;
  readonly side: number;
}

export const gramVariants = {
  /** Tiles through workgroup memory, for GPUs. */
  shared: { kernel: kernels.gram, side: 64 },
  /** No barrier, large register tiles over four lanes, for software adapters. */
  quad: { kernel: kernels.gramQuad, side: 32 },
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
  const g = queue.storage(((tiles * (tiles + 1)) / 2) * side * side, 'gram tiles');
  try {
    for (let firstRow = 0; firstRow < rows; firstRow += GRAM_BLOCK_ROWS) {
      const endRow = Math.min(rows, firstRow + GRAM_BLOCK_ROWS);
      await queue.run(blockDispatches(variant, { x, g }, { columns, firstRow, endRow, tiles }, queue.software), signal);
      addTiles(total, await queue.read(g), columns, side);
    }
  } finally {
    queue.buffers.release(g);
  }
  for (let i = 0; i < columns; i++) for (let j = 0; j < i; j++) total[i * columns + j] = total[j * columns + i]!;
  return total;
}

/** The block of rows, cut into ranges of tile rows. */
function* blockDispatches(
  { kernel, side }: Variant,
  buffers: { x: GPUBuffer; g: GPUBuffer },
  block: { columns: number; firstRow: number; endRow: number; tiles: number },
  software: boolean,
): Iterable<Dispatch> {
  const { tiles } = block;
  const perTile = (block.endRow - block.firstRow) * side * side;
  const budget = Math.max(1, Math.floor((software ? WORK.software : WORK.gpu) / perTile));
  for (let first = 0; first < tiles; ) {
    let count = 0;
    for (let work = 0; first + count < tiles && (count === 0 || work + tiles - first - count <= budget); count++) work += tiles - first - count;
    yield { kernel, buffers, params: { ...block, firstTileRow: first }, grid: [tiles, count] };
    first += count;
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
