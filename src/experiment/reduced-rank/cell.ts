/** One cell of the reduced-rank anchor: teacher, data and a trained student (paper A, reduced-rank regression). */
import type { Random } from '../../base/random';
import { breathe } from '../../base/breathe';
import { linearData, linearNetwork } from '../../llc/linear-network';
import type { LossModel } from '../../llc/loss-model';
import { randomOrthogonal, times, transposed } from '../matrices';

export interface ReducedRankCell {
  readonly inputs: number;
  readonly hidden: number;
  readonly outputs: number;
  readonly rank: number;
  readonly samples: number;
  /** [samples, inputs] and [samples, outputs]. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly model: LossModel;
  /** The trained weights: W_1 [hidden, inputs], then W_2 [outputs, hidden]. */
  readonly trained: Float64Array;
  /** Norm of the gradient there. */
  readonly gradient: number;
}

export interface ReducedRankSizes {
  inputs: number;
  hidden: number;
  outputs: number;
  rank: number;
  samples: number;
  /** Standard deviation of the noise of each output. */
  noise: number;
}

/**
 * x ~ N(0, 1), y = W* x + noise, W* of `rank` singular values 1 in random directions.
 * @param random the data: cells of one stream share inputs and noise, and teachers of lower rank are parts of those of higher rank.
 */
export async function reducedRankCell(sizes: ReducedRankSizes, random: Random, signal: AbortSignal): Promise<ReducedRankCell> {
  const { inputs, hidden, outputs, rank, samples, noise } = sizes;
  const left = randomOrthogonal(random.split('left'), outputs).subarray(0, rank * outputs);
  const right = randomOrthogonal(random.split('right'), inputs).subarray(0, rank * inputs);
  const teacher = times(transposed(right, rank, inputs), left, inputs, rank, outputs);
  const x = random.split('inputs').normals(samples * inputs);
  const errors = random.split('noise');
  const y = times(x, teacher, samples, inputs, outputs).map((value) => value + noise * errors.normal());
  const model = linearNetwork(linearData(x, y, inputs, outputs), hidden);
  const start = random.split(`student of width ${hidden}, rank ${rank}`).normals(model.dimension);
  for (let i = 0; i < start.length; i++) start[i]! /= Math.sqrt(i < hidden * inputs ? inputs : hidden);
  return { ...sizes, x, y, model, ...(await train(model, start, random, signal)) };
}

const RATE = 0.05;
const MOMENTUM = 0.95;
const MOST_STEPS = 20_000;
const CONVERGED = 1e-12;

/** Gradient descent with momentum on all samples. */
async function train(model: LossModel, w: Float64Array, random: Random, signal: AbortSignal): Promise<{ trained: Float64Array; gradient: number }> {
  const slope = new Float64Array(w.length);
  const velocity = new Float64Array(w.length);
  let gradient = Infinity;
  for (let step = 0; step < MOST_STEPS && gradient > CONVERGED; step++) {
    if (step % 1000 === 0) await breathe(signal);
    await model.evaluate(w, slope, random);
    let squares = 0;
    for (let i = 0; i < w.length; i++) {
      velocity[i] = MOMENTUM * velocity[i]! - RATE * slope[i]!;
      w[i]! += velocity[i]!;
      squares += slope[i]! ** 2;
    }
    gradient = Math.sqrt(squares);
  }
  return { trained: w, gradient };
}
