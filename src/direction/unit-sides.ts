/** The sides of the units of a hidden space: what writes into them, what gates them, what reads them; and how large each is. */
import type { HiddenSpace } from '../model/symmetries/spaces';
import type { Parameters, Port } from '../model/symmetries/symmetry';
import { lineOf } from './detectors/lines';
import { norm } from './scales';

export interface UnitSide {
  readonly name: 'incoming' | 'gate' | 'outgoing';
  readonly ports: readonly Port[];
  /** Norm of the weights of each unit, as a part of the largest unit's; 0 where all are zero. */
  readonly shares: readonly number[];
}

/** Null where coordinates are no units: nothing stands between writers and readers. */
export function unitSides(space: HiddenSpace, parameters: Parameters): UnitSide[] | null {
  if (space.activation === 'linear' && !space.gates) return null;
  const side = (name: UnitSide['name'], ports: readonly Port[]): UnitSide => {
    const sizes = Array.from({ length: space.width }, (_, i) => norm(lineOf(parameters, ports, i)));
    const largest = sizes.reduce((a, b) => Math.max(a, b), 0);
    return { name, ports, shares: sizes.map((size) => (size === 0 ? 0 : size / largest)) };
  };
  const gates = space.gates?.ports ?? [];
  return [side('incoming', space.writers), ...(gates.length > 0 ? [side('gate', gates)] : []), side('outgoing', space.readers)];
}
