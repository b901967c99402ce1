/** A spectrum read again under another threshold or to other digits: floor, ranks and readings change, eigenvalues do not. */
import { floorOf } from '../spectrum/floor';
import { readAll, viewSpectrum } from '../spectrum/read';
import type { Spectrum } from './report';

/** Where a spectrum is cut. `digits` null = those it was computed for. */
export interface Cut {
  threshold: number;
  digits: number | null;
}

/** Error bars are kept only where the reading stays what it was. */
export function rereadSpectrum(s: Spectrum, { threshold, digits }: Cut): Spectrum {
  const above = digits === null ? { floor: s.floor, digits: s.digits } : floorOf(s.noise, digits);
  const view = viewSpectrum(s.eigenvalues, s.dimension, s.rows, above.floor, threshold, s.sampleLimited);
  const readings = readAll(view, []).map((reading) => {
    const before = s.readings.find((r) => r.name === reading.name);
    return { ...reading, uncertainty: before && before.value === reading.value ? before.uncertainty : null };
  });
  return { ...s, ...above, rank: view.rank, deficit: s.dimension - view.rank, readings };
}
