/**
 * K_ij = sum_{t,s} (a_it . a_js)(delta_it . delta_js) on the GPU as integers: per-sample parameter gradients that are never made. The
 * residue Grams of all positions are those of the exact Gram; their products are summed over positions, modulus by modulus.
 */
import { fisherBits, fisherFactor, gradientPoint, spansOfSamples } from '../numerics/exact/fisher-units';
import type { FisherFactor, FisherShape } from '../numerics/exact/fisher-units';
import { wordsFor } from '../numerics/exact/integer-gram';
import type { IntegerGram } from '../numerics/exact/integer-gram';
import { upperTileRanges } from '../numerics/tile-ranges';
import type { TileRange } from '../numerics/tile-ranges';
import { gpuModuli, integersOnGpu, moduliWithInverses, residueGrams, residueVariant, spansOnGpu } from './exact-gram';
import type { ExactGramOptions, ResidueBand } from './exact-gram';
import type { Dispatch } from './kernel';
import { kernels } from './kernel';
import type { KernelQueue } from './kernel-queue';

/** Entries are reconstructed in blocks of this. */
const ENTRY_STEP = 256;
/** Products of one dispatch: near 100 ms on SwiftShader, a few ms on a GPU. */
const COSTS = { software: 2 ** 20, gpu: 2 ** 28 };

/** a [samples * positions, p] and delta [samples * positions, q] float32 in storage buffers. Throws InputError `not-finite`. */
export async function exactFisherGramOnGpu(
  queue: KernelQueue,
  a: GPUBuffer,
  delta: GPUBuffer,
  shape: FisherShape,
  options: ExactGramOptions = {},
): Promise<IntegerGram> {
  const { samples, positions, p, q } = shape;
  const { signal, bandBytes = 2 ** 27 } = options;
  const held: GPUBuffer[] = [];
  try {
    const factors: Factor[] = [];
    for (const [values, width] of [[a, p], [delta, q]] as const) {
      const columns = await transposed(queue, values, samples * positions, width, signal);
      held.push(columns);
      const spans = await spansOnGpu(queue, columns, width, samples * positions, 'Row', signal);
      factors.push({ columns, width, ...fisherFactor(spansOfSamples(spans, positions), positions, width) });
    }
    const [left, right] = factors as [Factor, Factor];
    const fixed = gradientPoint(left.fixed, right.fixed, shape);
    const words = wordsFor(fisherBits(fixed, shape));
    const moduli = gpuModuli(fisherBits(fixed, shape));
    const limbs = new Uint32Array(entriesBefore(samples, samples) * words);
    const modulus = queue.upload(moduliWithInverses(moduli), 'moduli');
    held.push(modulus);
    const variant = options.variant ?? residueVariant(queue, samples * positions, moduli);
    const { side } = variant;
    for (const range of upperTileRanges(samples, bandBytes / (4 * moduli.length))) {
      const before = entriesBefore(range.first, samples);
      const count = entriesBefore(range.first + range.count, samples) - before;
      const entries = Math.ceil(count / ENTRY_STEP) * ENTRY_STEP;
      const k = queue.storage(moduli.length * entries, 'fisher-gram');
      try {
        queue.clear(k);
        const first = Math.floor((range.first * positions) / side);
        const within = { first, count: Math.ceil(((range.first + range.count) * positions) / side) - first };
        await residueGrams(queue, left.columns, pointOf(left), moduli, { ...options, variant, within }, (A) =>
          residueGrams(queue, right.columns, pointOf(right), moduli, { ...options, variant, bandBytes: Infinity, within: A.range }, (D) =>
            queue.run(blockDispatches({ a: A.g, d: D.g, modulus, k }, shape, range, A, moduli.length, entries, queue.software), signal),
          ),
        );
        const integers = await integersOnGpu(queue, k, entries, moduli, words, signal);
        limbs.set(integers.subarray(0, count * words), before * words);
      } finally {
        queue.buffers.release(k);
      }
    }
    return { dimension: samples, fixed, words, limbs };
  } finally {
    queue.buffers.release(...held);
  }
}

interface Factor extends FisherFactor {
  /** [width, samples * positions]. */
  readonly columns: GPUBuffer;
  readonly width: number;
}

/** The positions as columns of a matrix. */
const pointOf = ({ fixed, units, width }: Factor) => ({ ...fixed, rows: width, units });

async function transposed(queue: KernelQueue, x: GPUBuffer, rows: number, columns: number, signal?: AbortSignal): Promise<GPUBuffer> {
  const y = queue.storage(rows * columns, 'transposed');
  try {
    const step = Math.max(1, Math.min(65535, Math.floor((queue.software ? COSTS.software : COSTS.gpu) / rows)));
    const dispatches = Array.from({ length: Math.ceil(columns / step) }, (_, part): Dispatch => {
      const params = { rows, columns, firstColumn: part * step };
      return { kernel: kernels.transpose, buffers: { x, y }, params, grid: [Math.ceil(rows / 64), Math.min(step, columns - part * step)] };
    });
    await queue.run(dispatches, signal);
    return y;
  } catch (error) {
    queue.buffers.release(y);
    throw error;
  }
}

/** The positions of a band that belong to samples of `rows`, some of them at a time; all moduli at once where that is little work. */
export function* blockDispatches(
  buffers: Record<'a' | 'd' | 'modulus' | 'k', GPUBuffer>,
  { samples, positions }: FisherShape,
  rows: TileRange,
  { range, side, tiles, tilesOfBand }: Omit<ResidueBand, 'g'>,
  moduli: number,
  entries: number,
  software: boolean,
): Iterable<Dispatch> {
  const begin = Math.max(rows.first * positions, range.first * side);
  const end = Math.min((rows.first + rows.count) * positions, (range.first + range.count) * side);
  const budget = Math.floor((software ? COSTS.software : COSTS.gpu) / (samples * positions));
  const modulusStep = Math.max(1, Math.min(moduli, Math.floor(budget / (end - begin))));
  const step = Math.max(1, Math.floor(budget / modulusStep));
  const shared = { samples, positions, firstSample: rows.first, side, tiles, tilesOfBand, bandRow: range.first, entries };
  for (let firstModulus = 0; firstModulus < moduli; firstModulus += modulusStep) {
    for (let firstPosition = begin; firstPosition < end; firstPosition += step) {
      const endPosition = Math.min(end, firstPosition + step);
      const firstRow = Math.floor(firstPosition / positions);
      const grid = [Math.ceil(samples / 64), Math.ceil(endPosition / positions) - firstRow, Math.min(modulusStep, moduli - firstModulus)] as const;
      yield { kernel: kernels.fisherBlocks, buffers, params: { ...shared, firstRow, firstPosition, endPosition, firstModulus }, grid };
    }
  }
}

/** Entries of the upper triangle in the rows above row i. */
function entriesBefore(i: number, samples: number): number {
  return i * samples - (i * (i - 1)) / 2;
}
