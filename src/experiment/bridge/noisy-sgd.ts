/** Mini-batch SGD on fresh samples with noisy labels, y = T x + e. */
import type { Random } from '../../base/random';
import type { Steps } from '../../numerics/stepwise';
import { ChainGradient } from './chain-gradient';
import { pack, unpack } from './pack';
import { drawMoments } from './samples';
import type { Bridge, Chain } from './setting';

export interface SgdOptions {
  /** Learning rate: one step is this much time of the flow. */
  readonly rate: number;
  readonly batch: number;
}

/** The chain after each of the ascending times = steps * rate. */
export function* noisySgd(start: Chain, bridge: Bridge, moments: readonly number[], { rate, batch }: SgdOptions, random: Random): Steps<Chain[]> {
  const { depth, width } = bridge;
  const gradient = new ChainGradient(depth, width);
  const weights = pack(start);
  const slope = new Float64Array(weights.length);
  const covariance = new Float64Array(width * width);
  const cross = new Float64Array(width * width);
  const chains: Chain[] = [];
  let taken = 0;
  for (const end of moments) {
    for (const steps = Math.round(end / rate); taken < steps; taken++) {
      drawMoments(random, bridge, batch, covariance, cross);
      gradient.at(weights, covariance, cross, slope);
      for (let k = 0; k < weights.length; k++) weights[k]! -= rate * slope[k]!;
      yield;
    }
    chains.push(unpack(weights, depth, width));
  }
  return chains;
}
