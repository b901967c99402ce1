/** What looks for dead directions: a detector proposes, the arc-lifted order decides. */
import { Random } from '../../base/random';
import type { Parameters } from '../../model/symmetries/symmetry';
import type { Model, ModelLayer } from '../../model/types';
import type { DecayedUnits } from '../decayed-units';
import type { Candidate } from '../types';

/** Both factors of the gradient of a dense layer over the probe. */
export interface LayerTaps {
  readonly layer: ModelLayer;
  readonly rows: number;
  /** [rows, inputs], with a last column of ones where the layer has a bias. */
  readonly inputs: Float64Array;
  readonly width: number;
  /** [rows, layer.width]: derivative of the loss by the pre-activation. */
  readonly gradients: Float64Array;
}

export interface Site {
  readonly model: Pick<Model, 'layers' | 'symmetries' | 'spaces' | 'norms'>;
  readonly parameters: Parameters;
  readonly loss: 'mse' | 'ce';
  /** Units whose last weights were set to zero before: `parameters` are without them. */
  readonly decayed: DecayedUnits | null;
  readonly taps: readonly LayerTaps[];
  /** For directions that are one of many: a detector draws from its own branch. */
  readonly random: Random;
}

export interface Detector {
  readonly key: string;
  /** For people. */
  readonly title: string;
  /** At most this many for one layer or space; the rest is like them. */
  find(site: Site): Iterable<Candidate>;
}

/** Candidates of one kind at one place: of many equal ones, the first. */
export const AT_ONE_PLACE = 16;
/** Generators of one family of symmetries that are read as a sample: the audit counts all of them. */
export const OF_ONE_FAMILY = 4;
