/** What an unbalanced start does: it dies exponentially, and no slope in log t is to be read off it. */
import type { Random } from '../../base/random';
import { fitLine } from '../../numerics/line-fit';
import { runBreathing } from '../../numerics/stepwise';
import type { Numerics } from '../../numerics/types';
import { gradientFlow } from './gradient-flow';
import { ChainReader } from './read-chain';
import { populationSamples } from './samples';
import { drawBridge, imbalance, unbalancedStart, type BridgeOptions } from './setting';
import { tapSlopes, type Decay } from './slopes';
import { readTrajectory } from './trajectory';

export interface Control {
  readonly depth: 2;
  /** a_1^2 - a_2^2 of the dead direction, which the flow conserves. */
  readonly imbalance: number;
  /** Of log det+ on the gradient side, from the product pipeline. */
  readonly decay: Decay;
  /** d log det+ / dt there; and -2 lambda_min(A_1) at the end, with which the last factor's dead column dies. */
  readonly rate: number;
  readonly predicted: number;
}

/** Dead entries 0.6 and 0.27: the gap a_1^2 - a_2^2 is 0.29. */
const START = { size: 0.4, ratio: 1.5 };
/** After the transient, and before the floor. */
const TIMES = [12, 16, 20, 24, 28, 32, 36, 40];

export async function unbalancedControl(random: Random, options: Omit<BridgeOptions, 'depth' | 'deficit'>, numerics: Numerics, signal: AbortSignal): Promise<Control> {
  const bridge = drawBridge(random, { ...options, depth: 2, deficit: 1 });
  const start = unbalancedStart(bridge, START.size, START.ratio);
  const chains = await runBreathing(gradientFlow(start, bridge, TIMES), signal);
  const reader = await ChainReader.open(numerics, 2, options.width);
  const trajectory = await readTrajectory('flow', bridge, TIMES, chains, populationSamples(bridge), reader, signal);
  const [activation, gradient] = (['activation', 'gradient'] as const).map((side) => tapSlopes(trajectory).find((t) => t.side === side)!);
  return {
    depth: 2,
    imbalance: imbalance([start[0]!, start[1]!], options.width),
    decay: gradient!.decay,
    rate: fitLine(gradient!.moments, gradient!.volumes).slope,
    predicted: -2 * activation!.smallest.at(-1)!,
  };
}
