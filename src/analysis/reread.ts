/** A spectrum read again under another threshold: ranks and readings change, eigenvalues and floors do not. */
import { readAll, viewSpectrum } from '../spectrum/read';
import type { Spectrum } from './report';

/** Error bars are kept only where the reading stays what it was. */
export function rereadSpectrum(s: Spectrum, threshold: number): Spectrum {
  const view = viewSpectrum(s.eigenvalues, s.dimension, s.rows, s.floor, threshold, s.sampleLimited, s.estimate ?? null);
  const readings = readAll(view, []).map((reading) => {
    const before = s.readings.find((r) => r.name === reading.name);
    return { ...reading, uncertainty: before && before.value === reading.value ? before.uncertainty : null };
  });
  return { ...s, rank: view.rank, deficit: view.rank === null ? null : s.dimension - view.rank, readings };
}
