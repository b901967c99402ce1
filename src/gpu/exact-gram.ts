/**
 * The exact Gram on the GPU: X^T X of float32 rows as integers, by residues (numerics/exact/). Only u32 and i32 arithmetic and float32
 * sums of integers below 2^24 are used, so no association, fusion or rounding that WGSL allows can change one bit.
 */
import { InputError } from '../base/errors';
import { fixedPoint, gramBits } from '../numerics/exact/fixed-point';
import type { ColumnSpans, FixedPoint } from '../numerics/exact/fixed-point';
import { wordsFor } from '../numerics/exact/integer-gram';
import type { IntegerGram } from '../numerics/exact/integer-gram';
import { chineseRemainder, coprimeModuli, digitsOf } from '../numerics/exact/moduli';
import { upperTileRanges } from '../numerics/tile-ranges';
import type { TileRange } from '../numerics/tile-ranges';
import type { Dispatch, Kernel } from './kernel';
import { kernels } from './kernel';
import type { KernelQueue } from './kernel-queue';
import { PANEL } from './panels';
import { chosenVariant } from './variants';

/** Remainders within +-1023: the kernels' proofs. */
const LARGEST_MODULUS = 2047;
/** Rows whose products of remainders stay below 2^31. */
const MOST_ROWS = 2048;
/** Rows are padded with zeros to a multiple of this. */
const ROW_STEP = 16;
/** What column_span.wgsl says of a column with a NaN or an infinity. */
const NOT_FINITE = 1000;

interface ResidueVariant {
  readonly kernel: Kernel;
  readonly side: number;
  /** It reads panels in a texture instead of the rows of residues. */
  readonly panels: boolean;
}

export const residueVariants = {
  /** Tiles through workgroup memory, for GPUs. */
  shared: { kernel: kernels.residueGram, side: 64, panels: false },
  /** Register tiles over four lanes, loads through a sampler, for software adapters. */
  quad: { kernel: kernels.residueGramQuad, side: PANEL, panels: true },
} as const satisfies Record<string, ResidueVariant>;

export interface ExactGramOptions {
  readonly signal?: AbortSignal;
  readonly variant?: ResidueVariant;
  /** Rows made residues at a time, at most 2048; the result does not depend on it. */
  readonly chunkRows?: number;
  /** Bytes of the tiles that are made at a time; the result does not depend on it. */
  readonly bandBytes?: number;
}

/**
 * What dispatches may cost at most: multiply-adds, residues, terms of integers. On SwiftShader each is near 30 ms on two idle cores, which
 * leaves room for a busy machine below 200 ms; some ms on a GPU.
 */
export const DISPATCH_COSTS = {
  software: { products: 2 ** 26, residues: 2 ** 20, terms: 2 ** 21 },
  gpu: { products: 2 ** 33, residues: 2 ** 30, terms: 2 ** 30 },
};

/** X^T X of x [rows, columns] float32 in a storage buffer, as integers. Throws InputError `not-finite`. */
export async function exactGramOnGpu(
  queue: KernelQueue,
  x: GPUBuffer,
  rows: number,
  columns: number,
  options: ExactGramOptions = {},
): Promise<IntegerGram> {
  const fixed = fixedPoint(await spansOnGpu(queue, x, rows, columns, 'Column', options.signal), rows);
  const words = wordsFor(gramBits(fixed));
  const moduli = gpuModuli(gramBits(fixed));
  const limbs = new Uint32Array(((columns * (columns + 1)) / 2) * words);
  await residueGrams(queue, x, fixed, moduli, options, async ({ g, range, side, tiles, tilesOfBand }) => {
    const integers = await integersOnGpu(queue, g, tilesOfBand * side * side, moduli, words, options.signal);
    placeTiles(limbs, integers, { columns, tiles, words, side }, range);
  });
  return { dimension: columns, fixed, words, limbs };
}

/** Moduli for integers of so many bits with their sign. */
export function gpuModuli(bits: number): number[] {
  return coprimeModuli(LARGEST_MODULUS, bits + 1);
}

/** Upper tiles of a band of the Gram: g [moduli][tilesOfBand][side][side], entries in 0 .. m - 1. */
export interface ResidueBand {
  readonly g: GPUBuffer;
  readonly range: TileRange;
  readonly side: number;
  /** Along a side of the whole Gram. */
  readonly tiles: number;
  readonly tilesOfBand: number;
}

/**
 * X^T X modulo every modulus of x [fixed.rows, columns] float32, whose columns have `fixed.units`: band by band, while `visit` runs.
 * The bands cover all rows of tiles, or those of `within`.
 */
export async function residueGrams(
  queue: KernelQueue,
  x: GPUBuffer,
  fixed: FixedPoint,
  moduli: readonly number[],
  { signal, bandBytes = 2 ** 27, ...options }: ExactGramOptions & { readonly within?: TileRange },
  visit: (band: ResidueBand) => Promise<void>,
): Promise<void> {
  const { rows } = fixed;
  const columns = fixed.units.length;
  const variant = options.variant ?? residueVariant(queue, columns, moduli);
  const width = Math.ceil(columns / variant.side) * variant.side;
  const paddedRows = Math.ceil(rows / ROW_STEP) * ROW_STEP;
  // 64 MiB of residues at a time.
  const fitting = Math.floor(2 ** 25 / (moduli.length * width) / ROW_STEP) * ROW_STEP;
  const chunkRows = Math.max(ROW_STEP, Math.min(options.chunkRows ?? MOST_ROWS, MOST_ROWS, fitting, paddedRows));
  const tiles = width / variant.side;
  const bytesPerTile = 4 * variant.side ** 2 * moduli.length;
  const bands = [...upperTileRanges(tiles, Math.min(65535, bandBytes / bytesPerTile), options.within)];
  const largestBand = bands.reduce((most, band) => Math.max(most, tilesOf(band, tiles)), 0) * variant.side ** 2;

  const held: GPUBuffer[] = [];
  const hold = (buffer: GPUBuffer) => {
    held.push(buffer);
    return buffer;
  };
  let texture: GPUTexture | undefined;
  try {
    const costs = queue.software ? DISPATCH_COSTS.software : DISPATCH_COSTS.gpu;
    // A mantissa of 24 bits is shifted by at most bits - 24, 13 places a step.
    const steps = Math.max(0, Math.ceil((fixed.bits - 24) / 13));
    const plan: Plan = { variant, columns, width, tiles, moduli, steps, costs };
    const buffers: Buffers = {
      x,
      unit: hold(queue.upload(new Float32Array(Uint32Array.from(fixed.units, (unit) => unit + 150).buffer), 'units')),
      modulus: hold(queue.upload(moduliWithInverses(moduli), 'moduli')),
      w: hold(queue.storage((moduli.length * chunkRows * width) / 2, 'residues')),
      g: hold(queue.storage(moduli.length * largestBand, 'Gram of residues')),
    };
    for (const band of bands) {
      queue.clear(buffers.g);
      for (const chunk of chunksOf(rows, chunkRows)) {
        // One chunk of rows serves all bands.
        if (band === bands[0] || chunkRows < rows) {
          await queue.run(residueDispatches(plan, buffers, chunk), signal);
          texture?.destroy();
          if (variant.panels) texture = await queue.texture(buffers.w, 4 * chunk.pairs, moduli.length * tiles, 'residues');
        }
        await queue.run(productDispatches(plan, { buffers, ...(texture && { textures: { w: texture } }) }, chunk.pairs, band), signal);
      }
      await visit({ g: buffers.g, range: band, side: variant.side, tiles, tilesOfBand: tilesOf(band, tiles) });
    }
  } finally {
    texture?.destroy();
    queue.buffers.release(...held);
  }
}

/** The kernel for this adapter, or where panels of all moduli are beyond the largest texture, the one that needs none. */
export function residueVariant(queue: KernelQueue, columns: number, moduli: readonly number[]): ResidueVariant {
  const fits = Math.ceil(columns / PANEL) * moduli.length <= queue.device.limits.maxTextureDimension2D;
  const chosen = chosenVariant(queue, 'exactGram', residueVariants);
  return chosen.panels && !fits ? residueVariants.shared : chosen;
}

/** [moduli, 2] float32: m and 1 / m. */
export function moduliWithInverses(moduli: readonly number[]): Float32Array {
  return Float32Array.from(moduli.flatMap((m) => [m, 1 / m]));
}

/** The integers [entries, words] of remainders g [moduli][entries]; entries is a multiple of 256. */
export async function integersOnGpu(
  queue: KernelQueue,
  g: GPUBuffer,
  entries: number,
  moduli: readonly number[],
  words: number,
  signal?: AbortSignal,
): Promise<Uint32Array> {
  const { inverses, weights, product } = chineseRemainder(moduli);
  const digits = [...weights, -product].flatMap((weight) => digitsOf(weight, Math.ceil(words / 4) * 8, 16));
  const buffers = {
    g,
    modulus: queue.upload(moduliWithInverses(moduli), 'moduli'),
    inverse: queue.upload(Float32Array.from(inverses), 'inverses'),
    weight: queue.upload(new Float32Array(Uint32Array.from(digits).buffer), 'weights'),
    integer: queue.storage(words * entries, 'integers'),
  };
  try {
    const blocks = entries / 256;
    const { terms } = queue.software ? DISPATCH_COSTS.software : DISPATCH_COSTS.gpu;
    const step = Math.min(65535, Math.max(1, Math.floor(terms / (256 * moduli.length * words))));
    const dispatches = Array.from({ length: Math.ceil(blocks / step) }, (_, part): Dispatch => {
      const params = { moduli: moduli.length, entries, words, firstBlock: part * step };
      return { kernel: kernels.integers, buffers, params, grid: [1, Math.min(step, blocks - part * step)] };
    });
    await queue.run(dispatches, signal);
    return new Uint32Array((await queue.read(buffers.integer, words * entries)).buffer);
  } finally {
    queue.buffers.release(buffers.modulus, buffers.inverse, buffers.weight, buffers.integer);
  }
}

type Buffers = Readonly<Record<'x' | 'unit' | 'modulus' | 'w' | 'g', GPUBuffer>>;

interface Plan {
  readonly variant: ResidueVariant;
  readonly columns: number;
  /** Columns with the padding of the last tile. */
  readonly width: number;
  readonly tiles: number;
  readonly moduli: readonly number[];
  readonly steps: number;
  readonly costs: { products: number; residues: number };
}

interface Chunk {
  readonly firstRow: number;
  readonly endRow: number;
  /** Pairs of rows with the padding. */
  readonly pairs: number;
}

function chunksOf(rows: number, chunkRows: number): Chunk[] {
  return Array.from({ length: Math.ceil(rows / chunkRows) }, (_, part) => {
    const firstRow = part * chunkRows;
    const endRow = Math.min(rows, firstRow + chunkRows);
    return { firstRow, endRow, pairs: Math.ceil((endRow - firstRow) / ROW_STEP) * (ROW_STEP / 2) };
  });
}

function* residueDispatches(plan: Plan, buffers: Buffers, chunk: Chunk): Iterable<Dispatch> {
  const { columns, width, moduli, steps, costs, variant } = plan;
  const panel = variant.panels ? PANEL : width;
  const step = Math.max(1, Math.floor(costs.residues / (2 * width * moduli.length)));
  for (let firstPair = 0; firstPair < chunk.pairs; firstPair += step) {
    const params = { columns, width, panel, ...chunk, firstPair, moduli: moduli.length, steps };
    yield { kernel: kernels.residues, buffers, params, grid: [Math.ceil(width / 256), Math.min(step, chunk.pairs - firstPair)] };
  }
}

/** All moduli at once where that is little work; else some of them, or one of them over some rows of tiles. */
function* productDispatches(
  plan: Plan,
  resources: Pick<Dispatch, 'buffers' | 'textures'>,
  pairs: number,
  band: TileRange,
): Iterable<Dispatch> {
  const { variant, tiles, moduli, costs } = plan;
  const perTile = 2 * pairs * variant.side ** 2;
  const atOnce = Math.max(1, Math.floor(costs.products / (perTile * tilesOf(band, tiles))));
  for (let firstModulus = 0; firstModulus < moduli.length; firstModulus += atOnce) {
    const count = Math.min(atOnce, moduli.length - firstModulus);
    for (const range of upperTileRanges(tiles, costs.products / perTile / count, band)) {
      const params = { pairs, tiles, tilesOfBand: tilesOf(band, tiles), bandRow: band.first, firstTileRow: range.first, firstModulus };
      yield { kernel: variant.kernel, ...resources, params, grid: [tiles, range.count, count] };
    }
  }
}

/** Exponents of the columns. Throws InputError `not-finite`, in which a column has the name `noun`. */
export async function spansOnGpu(
  queue: KernelQueue,
  x: GPUBuffer,
  rows: number,
  columns: number,
  noun: 'Column' | 'Row',
  signal?: AbortSignal,
): Promise<ColumnSpans> {
  const span = queue.storage(2 * columns, 'spans of columns');
  try {
    queue.clear(span);
    const step = Math.max(64, Math.floor((queue.software ? DISPATCH_COSTS.software : DISPATCH_COSTS.gpu).residues / columns / 64) * 64);
    const dispatches: Dispatch[] = [];
    for (let firstRow = 0; firstRow < rows; firstRow += step) {
      const endRow = Math.min(rows, firstRow + step);
      const grid = [Math.ceil(columns / 64), Math.ceil((endRow - firstRow) / 64)] as const;
      dispatches.push({ kernel: kernels.columnSpan, buffers: { x, span }, params: { columns, firstRow, endRow }, grid });
    }
    await queue.run(dispatches, signal);
    const words = new Uint32Array((await queue.read(span, 2 * columns)).buffer);
    const column = (offset: number) => Uint32Array.from({ length: columns }, (_, j) => words[2 * j + offset]!);
    const [top, low] = [column(0), column(1)];
    const broken = top.indexOf(NOT_FINITE);
    if (broken >= 0) {
      throw new InputError(
        'not-finite',
        `${noun} ${broken} of a tap holds NaN or infinite values. A spectrum needs finite values: check the weights and the probe.`,
      );
    }
    return { end: Int32Array.from(top, (t) => (t === 0 ? 0 : t - 149)), begin: Int32Array.from(low, (b) => (b === 0 ? 0 : 277 - b)) };
  } finally {
    queue.buffers.release(span);
  }
}

function tilesOf({ first, count }: TileRange, tiles: number): number {
  return count * (tiles - first) - (count * (count - 1)) / 2;
}

/** The upper triangle of a band of tiles, to where its entries belong. */
function placeTiles(
  limbs: Uint32Array,
  integers: Uint32Array,
  { columns, tiles, words, side }: { columns: number; tiles: number; words: number; side: number },
  band: TileRange,
): void {
  let tile = 0;
  for (let i = band.first; i < band.first + band.count; i++) {
    for (let j = i; j < tiles; j++, tile += side * side) {
      for (let row = i * side; row < Math.min(columns, (i + 1) * side); row++) {
        const first = Math.max(row, j * side);
        const count = Math.min(columns, (j + 1) * side) - first;
        if (count <= 0) continue;
        const from = (tile + (row - i * side) * side + first - j * side) * words;
        const to = (row * columns - (row * (row - 1)) / 2 + first - row) * words;
        limbs.set(integers.subarray(from, from + count * words), to);
      }
    }
  }
}
