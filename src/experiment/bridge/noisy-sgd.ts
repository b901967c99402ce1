/** Mini-batch SGD on fresh samples with noisy labels, y = T x + e. */
import type { Random } from '../../base/random';
import type { Steps } from '../../numerics/stepwise';
import { ChainGradient } from './chain-gradient';
import { pace } from './pace';
import { pack, unpack } from './pack';
import { drawMoments } from './samples';
import type { Bridge, Chain } from './setting';

export interface SgdOptions {
  /** Learning rate after the warm-up (pace.ts): one step is this much time of the flow. */
  readonly rate: number;
  readonly batch: number;
}

/** The chain at each of the ascending times = sum of learning rates. */
export function* noisySgd(start: Chain, bridge: Bridge, moments: readonly number[], { rate, batch }: SgdOptions, random: Random): Steps<Chain[]> {
  const { depth, width } = bridge;
  const gradient = new ChainGradient(depth, width);
  const weights = pack(start);
  const slope = new Float64Array(weights.length);
  const covariance = new Float64Array(width * width);
  const cross = new Float64Array(width * width);
  const chains: Chain[] = [];
  let time = 0;
  for (const end of moments) {
    while (time < end) {
      const step = Math.min(pace(time, bridge, rate), end - time);
      drawMoments(random, bridge, batch, covariance, cross);
      gradient.at(weights, covariance, cross, slope);
      for (let k = 0; k < weights.length; k++) weights[k]! -= step * slope[k]!;
      // The last step ends on the moment itself.
      time = end - time <= step ? end : time + step;
      yield;
    }
    chains.push(unpack(weights, depth, width));
  }
  return chains;
}
