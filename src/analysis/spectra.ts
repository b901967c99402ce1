/** Gram matrices, by blocks of samples -> spectra with floors, readings and jackknife errors. */
import { addGrams, addToGram, subtractGrams } from '../numerics/cpu/gram';
import type { Gram, Solver } from '../numerics/types';
import { floorOf, spectralNoise, type Noise } from '../spectrum/floor';
import { readAll, viewSpectrum } from '../spectrum/read';
import type { SpectrumView } from '../spectrum/types';
import { gramHash } from './fingerprint';
import type { Spectrum, Tap } from './report';

/** Sums Grams chunk by chunk into blocks; the order of summation is fixed, so the same run gives the same bits. */
export class GramBlocks {
  private readonly blocks: (Gram | null)[];

  constructor(count: number) {
    this.blocks = new Array<Gram | null>(count).fill(null);
  }

  /** `gram` is given up. */
  add(block: number, gram: Gram): void {
    const before = this.blocks[block] ?? null;
    this.blocks[block] = before ? addToGram(before, gram) : gram;
  }

  /** The whole, and the whole without each block. Null when nothing was added. */
  finish(): { total: Gram; without: Gram[] } | null {
    const filled = this.blocks.filter((b): b is Gram => b !== null);
    if (filled.length === 0) return null;
    const total = filled.reduce((a, b) => addGrams(a, b));
    return { total, without: filled.length > 1 ? filled.map((b) => subtractGrams(total, b)) : [] };
  }
}

export interface SpectrumJob {
  tap: Tap;
  total: Gram;
  without: readonly Gram[];
  /** Width of the tap and its rows where the Gram is not [width, width] summed over rows (dual Grams, weights). */
  dimension?: number;
  rows?: number;
  tapRoundoff: number;
  /** How much larger the roundoff of the tap is than that of one operation; 1 where nothing cancels. */
  cancellation?: number;
  /** Digits that an eigenvalue should be known to to be read. */
  digits: number;
  threshold: number;
}

/** Solves one spectrum and its folds. */
export async function solveSpectrum(job: SpectrumJob, solver: Solver, signal?: AbortSignal): Promise<Spectrum> {
  const { tap, total, digits, threshold } = job;
  const dimension = job.dimension ?? total.dimension;
  const rows = job.rows ?? total.rows;
  const sampleLimited = tap.side !== 'weight' && tap.side !== 'parameter' && rows < dimension;
  const whole = await solver.eigenvalues(total, { signal });
  const view = (values: ArrayLike<number>, gram: Gram, method: { roundoff: number }): { noise: Noise; floor: number; digits: number; view: SpectrumView } => {
    const noise = spectralNoise({
      lambdaMax: values[0] ?? 0,
      trace: Array.from(values).reduce((sum, value) => sum + value, 0),
      dimension: gram.dimension,
      tapRoundoff: job.tapRoundoff,
      cancellation: job.cancellation ?? 1,
      gramRoundoff: method.roundoff,
    });
    const above = floorOf(noise, digits);
    return { noise, ...above, view: viewSpectrum(values, dimension, rows, above.floor, threshold, sampleLimited) };
  };
  const read = view(whole.values, total, whole);
  const folds: SpectrumView[] = [];
  for (const gram of job.without) {
    const fold = await solver.eigenvalues(gram, { residuals: false, signal });
    folds.push(view(fold.values, gram, fold).view);
  }
  return {
    tap,
    gram: await gramHash(total),
    dimension,
    rows,
    eigenvalues: Array.from(whole.values),
    residuals: Array.from(whole.residuals, (r) => (Number.isNaN(r) ? null : r)),
    floor: read.floor,
    digits: read.digits,
    noise: read.noise,
    covers: total.dimension < dimension ? 'head' : whole.covers,
    rank: read.view.rank,
    deficit: read.view.rank === null ? null : dimension - read.view.rank,
    sampleLimited,
    method: whole.method,
    readings: readAll(read.view, folds),
  };
}
