/** Gram matrices, by blocks of samples -> spectra with floors, readings and jackknife errors. */
import { addGrams, addToGram, subtractGrams } from '../numerics/cpu/gram';
import type { EigenResult, Gram, Solver } from '../numerics/types';
import { floorOf, spectralNoise, type Noise } from '../spectrum/floor';
import { readAll, viewSpectrum } from '../spectrum/read';
import type { SpectrumView } from '../spectrum/types';
import { gramHash } from './fingerprint';
import type { GramHash, Spectrum, Tap } from './report';

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

export interface SpectrumJob extends SpectrumTerms {
  total: Gram;
  without: readonly Gram[];
  /** Width of the tap and its rows where the Gram is not [width, width] summed over rows (dual Grams, weights). */
  dimension?: number;
  rows?: number;
}

export interface SolvedJob extends SpectrumTerms {
  dimension: number;
  rows: number;
  /** Of the Gram. */
  side: number;
}

interface SpectrumTerms {
  tap: Tap;
  tapRoundoff: number;
  /** How much larger the roundoff of the tap is than that of one operation; 1 where nothing cancels. */
  cancellation?: number;
  /** Digits that an eigenvalue should be known to to be read. */
  digits: number;
  threshold: number;
}

/** Solves one spectrum and its folds. */
export async function solveSpectrum(job: SpectrumJob, solver: Solver, signal?: AbortSignal): Promise<Spectrum> {
  const { total, without, ...rest } = job;
  const folds: EigenResult[] = [];
  const whole = await solver.eigenvalues(total, { signal });
  for (const gram of without) folds.push(await solver.eigenvalues(gram, { residuals: false, signal }));
  const { dimension = total.dimension, rows = total.rows } = job;
  return solvedSpectrum({ ...rest, dimension, rows, side: total.dimension }, whole, folds, await gramHash(total));
}

/** Of a Gram [side, side], all of it and without each block of samples. */
export function solvedSpectrum(job: SolvedJob, whole: EigenResult, without: readonly EigenResult[], gram: GramHash): Spectrum {
  const { tap, dimension, rows, side, digits, threshold } = job;
  const sampleLimited = tap.side !== 'weight' && tap.side !== 'parameter' && rows < dimension;
  const view = ({ values, roundoff }: EigenResult): { noise: Noise; floor: number; digits: number; view: SpectrumView } => {
    const noise = spectralNoise({
      lambdaMax: values[0] ?? 0,
      trace: Array.from(values).reduce((sum, value) => sum + value, 0),
      dimension: side,
      tapRoundoff: job.tapRoundoff,
      cancellation: job.cancellation ?? 1,
      gramRoundoff: roundoff,
    });
    const above = floorOf(noise, digits);
    return { noise, ...above, view: viewSpectrum(values, dimension, rows, above.floor, threshold, sampleLimited) };
  };
  const read = view(whole);
  return {
    tap,
    gram,
    dimension,
    rows,
    eigenvalues: Array.from(whole.values),
    residuals: Array.from(whole.residuals, (r) => (Number.isNaN(r) ? null : r)),
    floor: read.floor,
    digits: read.digits,
    noise: read.noise,
    covers: side < dimension ? 'head' : whole.covers,
    rank: read.view.rank,
    deficit: read.view.rank === null ? null : dimension - read.view.rank,
    sampleLimited,
    method: whole.method,
    readings: readAll(read.view, without.map((fold) => view(fold).view)),
  };
}
