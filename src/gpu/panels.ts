/** Rows for the kernels of software adapters, which read faster through a sampler than from a buffer: panels of columns in a texture. */
import { kernels } from './kernel';
import type { KernelQueue } from './kernel-queue';

/** Columns of a panel: the side of a tile. */
export const PANEL = 16;

/** Entries of one dispatch: some 10 ms on SwiftShader. */
const WORK = 2 ** 19;

/** Rows firstRow .. endRow - 1 of x [rows, columns]. */
export interface RowBlock {
  readonly columns: number;
  readonly firstRow: number;
  readonly endRow: number;
}

/** Rows of their texture. */
export function paddedRows({ firstRow, endRow }: RowBlock): number {
  return Math.ceil((endRow - firstRow) / 4) * 4;
}

/**
 * The rows, padded with zeros to a multiple of four, as a texture [panels, rows, 4] of four columns a texel: a panel's rows lie one
 * after the other, so that a tile reads two straight pieces of memory. The caller destroys it.
 */
export async function panelTexture(
  queue: KernelQueue,
  x: GPUBuffer,
  block: RowBlock,
  signal?: AbortSignal,
): Promise<GPUTexture> {
  const rows = paddedRows(block);
  const { columns } = block;
  const count = Math.ceil(columns / PANEL);
  const panels = queue.storage(count * rows * PANEL, 'panels');
  try {
    const step = Math.max(1, Math.floor(WORK / (PANEL * rows)));
    const dispatches = Array.from({ length: Math.ceil(count / step) }, (_, part) => ({
      kernel: kernels.panels,
      buffers: { x, panels },
      params: { ...block, rows, firstPanel: part * step },
      grid: [Math.ceil((4 * rows) / 64), Math.min(step, count - part * step)] as const,
    }));
    await queue.run(dispatches, signal);
    return await queue.texture(panels, 4 * rows, count, 'panels');
  } finally {
    queue.buffers.release(panels);
  }
}
