/** What a sampler walks on: a mean loss with its gradient, whatever it is made of. */
import type { Random } from '../base/random';

export interface LossModel {
  /** Number of weights. */
  readonly dimension: number;
  /** n: the samples whose mean loss this is. */
  readonly samples: number;
  /** Forward and backward passes over all samples that one evaluation costs: less than 1 where it takes a minibatch. */
  readonly passes: number;
  /**
   * Mean loss at w [dimension]; its gradient goes into `gradient`. A minibatch is drawn from `random`. The values are a promise where
   * the device that makes them must be waited for.
   */
  evaluate(w: Float64Array, gradient: Float64Array, random: Random): number | Promise<number>;
  /** Mean loss over all samples. */
  loss(w: Float64Array): number | Promise<number>;
}
