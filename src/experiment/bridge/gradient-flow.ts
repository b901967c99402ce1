/** Gradient flow of the population loss, by the classical Runge-Kutta method of order four. */
import type { Steps } from '../../numerics/stepwise';
import { times } from '../matrices';
import { ChainGradient } from './chain-gradient';
import { curvature, pace } from './pace';
import { pack, unpack } from './pack';
import type { Bridge, Chain } from './setting';

/** Longest step times the curvature: within the region of stability, 2.78. */
const LONGEST = 2;

/** The chain at each of the ascending times. */
export function* gradientFlow(start: Chain, bridge: Bridge, moments: readonly number[]): Steps<Chain[]> {
  const { depth, width, covariance, teacher } = bridge;
  const gradient = new ChainGradient(depth, width);
  const cross = times(teacher, covariance, width, width, width);
  const weights = pack(start);
  const slopes = Array.from({ length: 4 }, () => new Float64Array(weights.length));
  const between = new Float64Array(weights.length);
  const longest = LONGEST / curvature(bridge);
  const chains: Chain[] = [];
  let time = 0;
  for (const end of moments) {
    while (time < end) {
      const step = Math.min(pace(time, bridge, longest), end - time);
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
