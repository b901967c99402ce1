/** G = X^T X on the GPU: float32 within a block of rows, float64 over the blocks. */
import { upperTileRanges } from '../numerics/tile-ranges';
import type { Dispatch, Kernel } from './kernel';
import { kernels } from './kernel';
import type { KernelQueue } from './kernel-queue';
import { PANEL, paddedRows, panelTexture } from './panels';
import type { RowBlock } from './panels';
import { chosenVariant } from './variants';

/**
 * Rows summed in float32. Any order, fusion or association of B products keeps each entry of a block within
 * gamma_B sqrt(G_ii G_jj), gamma_B = B u / (1 - B u), u = 2^-24 (Higham 2002, 3.1): 3.1e-5 for B = 512. Blocks are added in float64.
 */
export const GRAM_BLOCK_ROWS = 512;

/** Blocks of rows that are made together, to wait less often, while their tiles are less than 64 MiB: a texture takes 2048 rows. */
const BLOCKS_AT_ONCE = 4;
const FLOATS_AT_ONCE = 2 ** 24;

/** Multiply-adds of one dispatch on a GPU: a few ms. */
const GPU_WORK = 2 ** 32;

/** Which kernel, the side of its tiles, and the multiply-adds of a dispatch that take SwiftShader some 30 ms on two idle cores. */
interface Variant {
  readonly kernel: Kernel;
  readonly side: number;
  readonly softwareWork: number;
  /** It reads panels in a texture instead of the rows. */
  readonly panels: boolean;
}

export const gramVariants = {
  /** Tiles through workgroup memory, for GPUs. */
  shared: { kernel: kernels.gram, side: 64, softwareWork: 2 ** 24, panels: false },
  /** Register tiles over four lanes, loads through a sampler, for software adapters. */
  quad: { kernel: kernels.gramQuad, side: PANEL, softwareWork: 2 ** 26, panels: true },
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
  variant: Variant = chosenVariant(queue, 'gram', gramVariants),
): Promise<Float64Array> {
  const total = new Float64Array(columns * columns);
  const { side } = variant;
  const tiles = Math.ceil(columns / side);
  const floats = ((tiles * (tiles + 1)) / 2) * side * side;
  const chunkRows = GRAM_BLOCK_ROWS * Math.max(1, Math.min(BLOCKS_AT_ONCE, Math.floor(FLOATS_AT_ONCE / floats)));
  const chunk = async (firstRow: number): Promise<Float32Array[]> => {
    const rowsOfChunk = { columns, firstRow, endRow: Math.min(rows, firstRow + chunkRows) };
    const blocks = blocksOf(rowsOfChunk);
    const results = blocks.map(() => queue.storage(floats, 'gram tiles'));
    let texture: GPUTexture | undefined;
    try {
      if (variant.panels) texture = await panelTexture(queue, x, rowsOfChunk, signal);
      const dispatches = blocks.flatMap((block, b) => {
        const resources = { buffers: { x, g: results[b]! }, ...(texture && { textures: { x: texture } }) };
        return [...blockDispatches(variant, resources, block, rowsOfChunk, queue.software)];
      });
      await queue.run(dispatches, signal);
      return await Promise.all(results.map((g) => queue.read(g)));
    } finally {
      texture?.destroy();
      queue.buffers.release(...results);
    }
  };
  // Two chunks at a time: the GPU makes one while the other is read and added, in the order of the rows.
  const pending: Promise<Float32Array[]>[] = [];
  const addNext = async () => {
    for (const block of await pending.shift()!) addTiles(total, block, columns, side);
  };
  try {
    for (let firstRow = 0; firstRow < rows; firstRow += chunkRows) {
      const next = chunk(firstRow);
      next.catch(() => undefined);
      pending.push(next);
      if (pending.length === 2) await addNext();
    }
    if (pending.length > 0) await addNext();
  } finally {
    // After an abort or an error the caller's buffer is still in use until these are done.
    await Promise.allSettled(pending);
  }
  for (let i = 0; i < columns; i++) for (let j = 0; j < i; j++) total[i * columns + j] = total[j * columns + i]!;
  return total;
}

function blocksOf({ columns, firstRow, endRow }: RowBlock): RowBlock[] {
  return Array.from({ length: Math.ceil((endRow - firstRow) / GRAM_BLOCK_ROWS) }, (_, b) => {
    const first = firstRow + b * GRAM_BLOCK_ROWS;
    return { columns, firstRow: first, endRow: Math.min(endRow, first + GRAM_BLOCK_ROWS) };
  });
}

/** The block of rows, cut into ranges of tile rows. */
function* blockDispatches(
  { kernel, side, softwareWork }: Variant,
  resources: Pick<Dispatch, 'buffers' | 'textures'>,
  { columns, firstRow, endRow }: RowBlock,
  chunk: RowBlock,
  software: boolean,
): Iterable<Dispatch> {
  const tiles = Math.ceil(columns / side);
  const budget = (software ? softwareWork : GPU_WORK) / ((endRow - firstRow) * side * side);
  for (const { first, count } of upperTileRanges(tiles, budget)) {
    const params = { columns, firstRow, endRow, tiles, firstTileRow: first, textureRow: chunk.firstRow, textureRows: paddedRows(chunk) };
    yield { kernel, ...resources, params, grid: [tiles, count] };
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
