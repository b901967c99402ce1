/** Gradient flow of the population loss, by the classical Runge-Kutta method of order four. */
import type { Steps } from '../../numerics/stepwise';
import { times } from '../matrices';
import { ChainGradient } from './chain-gradient';
import { pack, unpack } from './pack';
import type { Bridge, Chain } from './setting';

/**
 * Step over 1/c, c = depth * the largest eigenvalue of S: about the largest curvature, so that 1 is within the region of stability (2.78).
 * It starts short and grows with time: errors of the first transient would leave the chain unbalanced by as much, and an unbalanced chain
 * dies exponentially once its dead singular values are smaller than that.
 */
const STEP = { most: 2, first: 0.02, growth: 0.01 };

/** The chain at each of the ascending times. */
export function* gradientFlow(start: Chain, bridge: Bridge, moments: readonly number[]): Steps<Chain[]> {
  const { depth, width, covariance, teacher } = bridge;
  const gradient = new ChainGradient(depth, width);
  const cross = times(teacher, covariance, width, width, width);
  const weights = pack(start);
  const slopes = Array.from({ length: 4 }, () => new Float64Array(weights.length));
  const between = new Float64Array(weights.length);
  const scale = 1 / (depth * bridge.steepest);
  const chains: Chain[] = [];
  let time = 0;
  for (const end of moments) {
    while (time < end) {
      const step = Math.min(STEP.most * scale, STEP.first * scale + STEP.growth * time, end - time);
      rungeKutta(step);
      // The last step ends on the moment itself.
      time = end - time <= step ? end : time + step;
      yield;
    }
    chains.push(unpack(weights, depth, width));
  }
  return chains;

  function rungeKutta(step: number): void {
    const [a, b, c, d] = slopes as [Float64Array, Float64Array, Float64Array, Float64Array];
    gradient.at(weights, covariance, cross, a);
    gradient.at(moved(step / 2, a), covariance, cross, b);
    gradient.at(moved(step / 2, b), covariance, cross, c);
    gradient.at(moved(step, c), covariance, cross, d);
    for (let k = 0; k < weights.length; k++) weights[k]! -= (step / 6) * (a[k]! + 2 * (b[k]! + c[k]!) + d[k]!);
  }

  function moved(step: number, slope: Float64Array): Float64Array {
    for (let k = 0; k < weights.length; k++) between[k] = weights[k]! - step * slope[k]!;
    return between;
  }
}
