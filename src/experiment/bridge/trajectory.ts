/** One run of a bridge: where its weights go, and the spectra of its hidden layers on the way. */
import type { Spectrum } from '../../analysis/report';
import type { Random } from '../../base/random';
import { runBreathing } from '../../numerics/stepwise';
import { gradientFlow } from './gradient-flow';
import { noisySgd, type SgdOptions } from './noisy-sgd';
import type { ChainReader } from './read-chain';
import { drawSamples, populationSamples, type Samples } from './samples';
import { analyticPath, balancedStart, imbalance, type Bridge, type Chain } from './setting';

/**
 * path: W(t) = W* + t D, read against the distance t. flow: gradient flow of the population loss. sgd: mini-batches of fresh samples with noisy
 * labels. Both start balanced and are read against time.
 */
export type Regime = 'path' | 'flow' | 'sgd';

export interface Trajectory {
  readonly regime: Regime;
  readonly bridge: Bridge;
  /** Distances or times in the order in which the dead directions die. */
  readonly moments: readonly number[];
  /** Of each moment: activation and gradient of the layers 1 .. L - 1. */
  readonly spectra: readonly Spectrum[][];
  /** The largest entry of W_{l+1}^T W_{l+1} - W_l W_l^T at the end: an exponential takes over once dead eigenvalues of W W^T are smaller. */
  readonly imbalance: number;
}

export interface RunOptions {
  readonly moments: readonly number[];
  /** Live-dead coupling of the start (setting.ts). */
  readonly coupling: number;
  readonly sgd: SgdOptions;
  /** Rows of the probe that SGD's weights are read on; the others are read on the population. */
  readonly probe: number;
}

export async function runTrajectory(regime: Regime, bridge: Bridge, random: Random, options: RunOptions, reader: ChainReader, signal: AbortSignal): Promise<Trajectory> {
  const { moments, coupling } = options;
  const chains = await (async (): Promise<Chain[]> => {
    if (regime === 'path') return moments.map(analyticPath(random.split('path'), bridge));
    const start = balancedStart(random.split('start'), bridge, coupling);
    const steps = regime === 'flow' ? gradientFlow(start, bridge, moments) : noisySgd(start, bridge, moments, options.sgd, random.split('batches'));
    return runBreathing(steps, signal);
  })();
  const samples = regime === 'sgd' ? drawSamples(random.split('probe'), bridge, options.probe) : populationSamples(bridge);
  return readTrajectory(regime, bridge, moments, chains, samples, reader, signal);
}

export async function readTrajectory(
  regime: Regime,
  bridge: Bridge,
  moments: readonly number[],
  chains: readonly Chain[],
  samples: Samples,
  reader: ChainReader,
  signal: AbortSignal,
): Promise<Trajectory> {
  const spectra: Spectrum[][] = [];
  for (const chain of chains) spectra.push(await reader.read(chain, samples, signal));
  return { regime, bridge, moments, spectra, imbalance: imbalance(chains.at(-1)!, bridge.width) };
}

/** `count` moments from one to the other, evenly spaced on a log axis. */
export function geometric(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from * (to / from) ** (i / (count - 1)));
}
