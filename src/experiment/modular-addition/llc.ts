/** The local learning coefficient of one objective by plain full-batch SGLD, with its cost in passes. */
import { breathe } from '../../base/breathe';
import { Random } from '../../base/random';
import type { Objective } from '../objective';

export interface LlcSettings {
  /** n of n beta = n / ln n. */
  readonly samples: number;
  /** Gradients per chain, and how many of them are thrown away first. */
  readonly steps: number;
  readonly burnIn: number;
  /** epsilon of dw = -(epsilon / 2) (n beta grad + gamma (w - w0)) + N(0, epsilon). */
  readonly stepSize: number;
  /** gamma */
  readonly localisation: number;
  readonly chains: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  /** After each pass. */
  progress?(): void;
}

export interface Llc {
  /** Null where a chain diverged. */
  readonly llc: number | null;
  /** Of the mean over chains; null with one chain. */
  readonly standardError: number | null;
  /** Forward and backward passes over all samples. */
  readonly passes: number;
}

/** n beta (mean loss along the chains - loss at w0) (Lau et al. 2023, 2308.12108). Every chain begins at w0, where its first loss is read. */
export async function llc(objective: Pick<Objective, 'evaluate' | 'passes'>, w0: Float64Array, settings: LlcSettings): Promise<Llc> {
  const { samples, steps, burnIn, stepSize, localisation, chains, seed, signal, progress } = settings;
  const nBeta = samples / Math.log(samples);
  const passes = chains * steps * objective.passes;
  const gradient = new Float64Array(w0.length);
  const values: number[] = [];
  for (let chain = 0; chain < chains; chain++) {
    const random = new Random(seed).split(`chain ${chain}`);
    const w = w0.slice();
    let start = 0;
    let sum = 0;
    for (let step = 0; step < steps; step++) {
      await breathe(signal);
      const loss = await objective.evaluate(w, gradient);
      if (step === 0) start = loss;
      if (step >= burnIn) sum += loss;
      for (let i = 0; i < w.length; i++) {
        const drift = nBeta * gradient[i]! + localisation * (w[i]! - w0[i]!);
        w[i]! += -0.5 * stepSize * drift + Math.sqrt(stepSize) * random.normal();
      }
      progress?.();
    }
    values.push(nBeta * (sum / (steps - burnIn) - start));
  }
  if (!values.every(Number.isFinite)) return { llc: null, standardError: null, passes };
  const mean = values.reduce((a, b) => a + b, 0) / chains;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (chains - 1);
  return { llc: mean, standardError: chains > 1 ? Math.sqrt(variance / chains) : null, passes };
}
