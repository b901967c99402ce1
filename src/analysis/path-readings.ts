/** Readings along a trajectory, at the cut in view: one value for each point, null where there is none. */
import { logDeterminant } from '../spectrum/readings/log-det-plus';
import { rereadSpectrum, type Cut } from './reread';
import type { Side } from './report';
import { fittedPath, type PathFit } from './slopes';
import { withoutResiduals, type PathSpectrum, type Trajectory } from './trajectory';

/** Readings that have a value for each point, in the order in which they are offered. */
export const PATH_READINGS = ['logDetPlus', 'lambdaPlusMin', 'sigmaMin', 'deficit', 'rank', 'stableRank', 'trace', 'lambdaMax'] as const;
export type PathReading = (typeof PATH_READINGS)[number];

export interface AlongPoint {
  readonly value: number | null;
  readonly limitedBy: 'floor' | 'samples' | null;
}

const none: AlongPoint = { value: null, limitedBy: null };

/**
 * log det+ and the smallest eigenvalue are those of the fit: over the same number of eigenvalues at every point, so that neither jumps
 * where an eigenvalue reaches the floor; beyond that point they have no value. All others are as each spectrum reads them.
 */
export function readingAlong(trajectory: Trajectory, reading: PathReading, fit: Pick<PathFit, 'layer' | 'side' | 'kept'>, cut: Cut): AlongPoint[] {
  const { layer, side, kept } = fit;
  if (kept > 0 && (reading === 'logDetPlus' || reading === 'lambdaPlusMin')) {
    return fittedPath(trajectory, fit, cut).map((s) => {
      if (!s || s.rank === null || s.rank < kept) return none;
      const value = reading === 'logDetPlus' ? logDeterminant(s.eigenvalues, kept) : s.eigenvalues[kept - 1]!;
      return { value, limitedBy: null };
    });
  }
  return trajectory.points.map(({ spectra }) => {
    const spectrum = spectrumOf(spectra, layer, side);
    const found = spectrum && rereadSpectrum(withoutResiduals(spectrum), cut).readings.find((r) => r.name === reading);
    return found ? { value: found.value, limitedBy: found.limitedBy } : none;
  });
}

export function spectrumOf(spectra: readonly PathSpectrum[], layer: string, side: Side): PathSpectrum | undefined {
  return spectra.find(({ tap }) => tap.layer === layer && tap.side === side);
}
