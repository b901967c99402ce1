/** Trains a network of each width and seed, reads it before and after, and samples it. */
import { InputError } from '../../base/errors';
import { Random } from '../../base/random';
import { defaultNbeta, estimateLlc, type LlcEstimate } from '../../llc/estimate';
import type { LossModel } from '../../llc/loss-model';
import { networkLoss } from '../../llc/network-loss';
import type { Weights } from '../../model/types';
import type { Ops, TensorOps } from '../../numerics/ops';
import { sizeOf } from '../../numerics/shape';
import type { Numerics } from '../../numerics/types';
import { adamw } from '../training';
import { initialWeights, layoutOf, logits, sizeFor, splitPairs, tensorsAt, weightCount, type Pairs, type Size } from './network';
import { readingPasses, readLayers, type LayerReading } from './readings';

export interface SweepProtocol {
  readonly modulus: number;
  readonly widths: readonly number[];
  readonly trainFraction: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly seeds: number;
  readonly chains: number;
  readonly stepSize: number;
  readonly localisation: number;
  /** The larger LLC budget, in readings. */
  readonly budget: number;
}

/** One width and seed. */
export interface Point {
  readonly width: number;
  readonly seed: number;
  readonly weights: number;
  readonly trainLoss: number;
  readonly trainAccuracy: number;
  readonly testAccuracy: number;
  /** Readings of the network as it was initialised, and as it was trained; each takes `passes`. */
  readonly untrained: readonly LayerReading[];
  readonly trained: readonly LayerReading[];
  readonly passes: number;
  /** Of the trained network, at the cost of one reading and at `budget` times that. */
  readonly llc: { readonly same: SampledLlc; readonly larger: SampledLlc };
}

export type SampledLlc = Pick<LlcEstimate, 'llc' | 'standardError' | 'passes' | 'problems'>;

/** Nanda et al. 2023. */
const BETAS = [0.9, 0.98] as const;
const EPSILON = 1e-8;
/** Part of a chain that is thrown away. */
const BURN_IN = 0.5;

export interface SweepMeans {
  readonly numerics: Numerics;
  readonly seed: number;
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
}

/** @throws AbortError; InputError where training diverges. */
export async function sweep(protocol: SweepProtocol, { numerics, seed, signal, progress }: SweepMeans): Promise<Point[]> {
  const { modulus, widths, seeds, steps, budget } = protocol;
  const sizes = widths.map((width) => sizeFor(modulus, width));
  const passes = readingPasses({ modulus });
  const costs = sizes.map((size) => weightCount(layoutOf(size)));
  const total = seeds * costs.reduce((sum, cost) => sum + cost * (steps + (3 + budget) * passes), 0);
  let done = 0;
  const points: Point[] = [];
  for (let s = 0; s < seeds; s++) {
    for (const [i, size] of sizes.entries()) {
      const random = new Random(seed).split(`network ${s}`);
      const pass = (count = 1) => progress((done += count * costs[i]!), total);
      points.push({ ...(await onePoint(protocol, size, random, numerics, signal, pass)), seed: s });
    }
  }
  progress(total, total);
  return points;
}

async function onePoint(protocol: SweepProtocol, size: Size, random: Random, numerics: Numerics, signal: AbortSignal, pass: (count?: number) => void): Promise<Omit<Point, 'seed'>> {
  const { steps, learningRate, weightDecay, trainFraction, chains, stepSize, localisation, budget } = protocol;
  const { ops } = numerics;
  const { train, test } = splitPairs(size.modulus, trainFraction, random.split('pairs'));
  const objective = await lossOn(ops, size, train);
  const initial = initialWeights(size, random.split(`weights of ${size.width}`));
  const w = await adamw(objective, initial, { steps, learningRate, weightDecay, betas: BETAS, epsilon: EPSILON, signal, progress: () => pass() });
  const trainLoss = await objective.loss(w);
  if (!Number.isFinite(trainLoss)) {
    throw new InputError('protocol', `Training at d_model ${size.width} diverged: its loss is no number any more. Set a smaller learning rate.`);
  }

  const passes = readingPasses(size);
  const untrained = await readLayers(numerics, size, initial, signal);
  pass(passes);
  const trained = await readLayers(numerics, size, w, signal);
  pass(passes);

  const sample = async (readings: number): Promise<SampledLlc> => {
    // The first pass of a chain is at the weights themselves.
    const each = Math.max(2, Math.floor((readings * passes) / chains) - 1);
    const burnIn = Math.floor(BURN_IN * each);
    const walk = { step: stepSize, gamma: localisation, nbeta: defaultNbeta(objective.samples), adjusted: false, preconditioner: 'none', box: null } as const;
    let before = 0;
    const progress = (steps: number) => {
      pass(steps - before);
      before = steps;
    };
    const settings = { ...walk, burnIn, draws: each - burnIn, chains, seed: random.split(`chains of ${size.width}`).seed };
    const { llc, standardError, passes: spent, problems } = await estimateLlc(objective, w, settings, { signal, progress });
    return { llc, standardError, passes: spent, problems };
  };
  return {
    width: size.width,
    weights: objective.dimension,
    trainLoss,
    trainAccuracy: await accuracy(ops, size, w, train),
    testAccuracy: await accuracy(ops, size, w, test),
    untrained,
    trained,
    passes,
    llc: { same: await sample(1), larger: await sample(budget) },
  };
}

/** The mean loss of the logits at '=' over these pairs, all of them at every step. */
export function lossOn(ops: TensorOps, size: Size, pairs: Pairs): Promise<LossModel> {
  const parameters = new Map([...layoutOf(size)].map(([name, shape]) => [name, { values: new Float64Array(sizeOf(shape)), shape }]));
  const network = { forward: <T>(on: Ops<T>, weights: Weights<T>) => logits(on, size, weights, pairs), layers: [], outputs: size.modulus, input: { kind: 'vector', width: 0 } as const };
  // The pairs are in the pass already.
  const inputs = { kind: 'vector', values: new Float64Array(0), samples: pairs.sums.length, width: 0 } as const;
  return networkLoss(network, parameters, { inputs, targets: { kind: 'labels', labels: pairs.sums } }, { loss: 'ce', batch: null }, ops);
}

/** The part of the pairs whose largest logit is that of their sum. */
async function accuracy(ops: TensorOps, size: Size, w: Float64Array, pairs: Pairs): Promise<number> {
  const { modulus } = size;
  const output = ops.scope(() => {
    const weights = tensorsAt(ops, layoutOf(size), w);
    return logits(ops, size, (name) => weights.get(name)!, pairs);
  });
  const values = await ops.read(output);
  ops.dispose(output);
  const right = pairs.sums.filter((sum, i) => {
    const row = values.subarray(i * modulus, (i + 1) * modulus);
    return row.every((x) => x <= row[sum]!);
  });
  return right.length / pairs.sums.length;
}
