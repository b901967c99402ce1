/** Full-batch AdamW over one flat vector of weights, in float64. */
import { breathe } from '../base/breathe';
import { Random } from '../base/random';
import type { LossModel } from '../llc/loss-model';

export interface AdamWSettings {
  readonly steps: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly signal?: AbortSignal;
  /** After each step. */
  progress?(steps: number): void;
}

/**
 * Loshchilov & Hutter 2019 (Decoupled weight decay regularization, algorithm 2), with the decay multiplied by the learning rate as
 * torch.optim.AdamW has it. `w0` stays as it is.
 * @throws AbortError between steps.
 */
export async function adamw(objective: Pick<LossModel, 'evaluate'>, w0: Float64Array, settings: AdamWSettings): Promise<Float64Array> {
  const { steps, learningRate, weightDecay, betas: [beta1, beta2], epsilon, signal, progress } = settings;
  const w = w0.slice();
  const gradient = new Float64Array(w.length);
  const first = new Float64Array(w.length);
  const second = new Float64Array(w.length);
  // Full batches draw nothing.
  const undrawn = new Random(0);
  const kept = 1 - learningRate * weightDecay;
  for (let step = 1; step <= steps; step++) {
    await breathe(signal);
    await objective.evaluate(w, gradient, undrawn);
    const rate = learningRate / (1 - beta1 ** step);
    const correction = 1 / Math.sqrt(1 - beta2 ** step);
    for (let i = 0; i < w.length; i++) {
      const g = gradient[i]!;
      const m = (first[i] = beta1 * first[i]! + (1 - beta1) * g);
      const v = (second[i] = beta2 * second[i]! + (1 - beta2) * g * g);
      w[i] = kept * w[i]! - (rate * m) / (Math.sqrt(v) * correction + epsilon);
    }
    progress?.(step);
  }
  return w;
}
