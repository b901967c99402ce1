/** Which variant of a family of kernels is the fastest on this adapter: a race on problems that fit into a budget. */
import { Random } from '../base/random';
import { gramOfIntegers } from '../numerics/exact/integer-gram';
import { climb } from './climb';
import { exactGramOnGpu, residueVariants } from './exact-gram';
import { gramOnGpu, gramVariants } from './gram';
import type { KernelQueue } from './kernel-queue';
import { supportedVariants } from './variants';

/** Rows and columns of a matrix whose Gram is made. */
export type GramSize = readonly [rows: number, columns: number];

export const gramWork = ([rows, columns]: GramSize) => rows * columns ** 2;

/** The first is all latency; from the second on, four or eight times as many operations each. */
const SIZES: readonly GramSize[] = [[16, 16], [32, 64], [64, 128], [128, 256], [256, 512], [1024, 512], [2048, 1024]];
/** On a software adapter the worst variant takes 100 ms for a single tile. */
const SOFTWARE_SIZES: readonly GramSize[] = [[32, 64]];

interface Race {
  readonly variants: readonly string[];
  run(variant: string, x: GPUBuffer, size: GramSize): Promise<unknown>;
}

const races = {
  exactGram: (queue: KernelQueue): Race => ({
    variants: supportedVariants(queue, residueVariants),
    run: async (name, x, [rows, columns]) =>
      gramOfIntegers(await exactGramOnGpu(queue, x, rows, columns, { variant: residueVariants[name as keyof typeof residueVariants] })),
  }),
  gram: (queue: KernelQueue): Race => ({
    variants: supportedVariants(queue, gramVariants),
    run: (name, x, [rows, columns]) => gramOnGpu(queue, x, rows, columns, undefined, gramVariants[name as keyof typeof gramVariants]),
  }),
};

export type FamilyName = keyof typeof races;

export interface Tuned {
  /** rows * columns^2 operations per second of the winner, from rows on the GPU to a finished Gram. */
  readonly rate: number;
  /** Milliseconds that the race took. */
  readonly spent: number;
}

/** Sets the family's entry of `queue.tuning` by a race of about `budget` milliseconds, compilation not counted. */
export async function tune(queue: KernelQueue, family: FamilyName, budget: number, now = () => performance.now()): Promise<Tuned> {
  const { variants, run } = races[family](queue);
  const uploaded = async (size: GramSize) => {
    const x = queue.upload(rowsLikeTaps(size), 'tuning');
    await queue.guard(queue.device.queue.onSubmittedWorkDone());
    return { jobs: variants.map((variant) => () => run(variant, x, size)), release: () => queue.buffers.release(x) };
  };
  // Compiles every variant, and lets the driver finish what it put off until the first dispatch.
  const first = await uploaded([16, 16]);
  for (const job of first.jobs) await job();
  first.release();
  const sizes = queue.software ? SOFTWARE_SIZES : SIZES;
  const { size, times, spent } = await climb({ sizes, work: gramWork, at: uploaded, budget, now });
  const best = Math.min(...times);
  queue.tuning = { ...queue.tuning, [family]: variants[times.indexOf(best)]! };
  return { rate: (1000 * gramWork(size)) / best, spent };
}

/** Normal numbers, as many bits wide as taps are; a block of them over and over, for making them takes longer than a Gram of them. */
export function rowsLikeTaps([rows, columns]: GramSize): Float32Array {
  const random = new Random(1);
  const block = Float32Array.from({ length: Math.min(4099, rows * columns) }, () => random.normal());
  const values = new Float32Array(rows * columns);
  for (let i = 0; i < values.length; i += block.length) values.set(block.subarray(0, values.length - i), i);
  return values;
}
