/** Every layer of a network as the product reads it, in powers of ten. */
import { runModel } from '../../analysis/model-taps';
import { solveSpectrum } from '../../analysis/spectra';
import { breathe } from '../../base/breathe';
import { InputError } from '../../base/errors';
import { inlineSolver } from '../../numerics/solver';
import type { Numerics } from '../../numerics/types';
import { defaultDigits } from '../../spectrum/floor';
import { allPairs, layoutOf, probeOf, tappedModel, tensorsAt, type Size } from './network';

export type TapSide = 'activation' | 'gradient';

export interface LayerReading {
  readonly layer: string;
  readonly side: TapSide;
  /** Width of the tap, and how many of its eigenvalues stand above the floor. */
  readonly dimension: number;
  readonly live: number;
  /** log10 of the smallest singular value of X / sqrt(rows); null where there are dead directions: it is somewhere below the floor. */
  readonly sigmaMin: number | null;
  /** log10 of the smallest eigenvalue above the floor. */
  readonly lambdaPlusMin: number;
  /** Sum of log10 of the eigenvalues above the floor. */
  readonly logDetPlus: number;
  /** log10 of the mean of these eigenvalues: with cross-entropy they all shrink as the fit gets better (science.md §6). */
  readonly scale: number;
  /** Mean of log10(eigenvalue / that mean), at most 0: what is left of log det+ for each live dimension once scale is out of it. */
  readonly shape: number;
  /** log10 of the smallest positive eigenvalue that arithmetic gave, whether it means anything or not. */
  readonly unfloored: number;
}

/** Passes of one reading: the exact Fisher takes a backward pass for each of p labels over one forward pass. */
export function readingPasses({ modulus }: Pick<Size, 'modulus'>): number {
  return modulus;
}

/**
 * Reads all layers on all pairs with the exact Fisher: labels of the data would make what is already fitted look dead (science.md §0.1).
 * @throws AbortError between passes and between spectra; InputError where a tap is dead as a whole.
 */
export async function readLayers(numerics: Numerics, size: Size, w: Float64Array, signal: AbortSignal): Promise<LayerReading[]> {
  const { ops } = numerics;
  const model = await tappedModel(size);
  const weights = tensorsAt(ops, layoutOf(size), w);
  const settings = { loss: 'ce', fisher: 'exact', seed: 0, folds: 0, parameter: false, gradients: true } as const;
  const readings: LayerReading[] = [];
  try {
    const { grams } = await runModel(model, weights, probeOf(size.modulus, allPairs(size.modulus)), model.layers, settings, numerics, {
      progress: () => {},
      skip: (layer, side, reason) => {
        throw new Error(`internal: ${layer}, ${side}: ${reason}`);
      },
      signal,
    });
    for (const { layer, side, total, cancellation } of grams) {
      await breathe(signal);
      if ('values' in total || (side !== 'activation' && side !== 'gradient')) throw new Error(`internal: a tap of ${layer} that was not asked for`);
      const digits = defaultDigits(ops.roundoff, cancellation);
      const job = { tap: { layer, side }, total, without: [], tapRoundoff: ops.roundoff, cancellation, digits, threshold: 0 };
      const { eigenvalues, rank, dimension } = await solveSpectrum(job, inlineSolver, signal);
      if (!rank) throw new InputError('protocol', `At d_model ${size.width} no eigenvalue of ${layer} (${side}) stands above the floor: nothing is left to read. Train for fewer steps.`);
      readings.push({ layer, side, dimension, ...inPowersOfTen(eigenvalues, rank) });
    }
  } finally {
    ops.dispose(...weights.values());
  }
  return readings;
}

/** @param eigenvalues descending, of which the first `live` stand above the floor. */
export function inPowersOfTen(eigenvalues: readonly number[], live: number): Omit<LayerReading, 'layer' | 'side' | 'dimension'> {
  const alive = eigenvalues.slice(0, live);
  const logDetPlus = alive.reduce((sum, x) => sum + Math.log10(x), 0);
  const scale = Math.log10(alive.reduce((sum, x) => sum + x, 0) / live);
  const lambdaPlusMin = Math.log10(alive.at(-1)!);
  return {
    live,
    sigmaMin: live === eigenvalues.length ? lambdaPlusMin / 2 : null,
    lambdaPlusMin,
    logDetPlus,
    scale,
    shape: logDetPlus / live - scale,
    unfloored: Math.log10(eigenvalues.findLast((x) => x > 0)!),
  };
}
