/** Chains -> the local learning coefficient, its uncertainty, and what is wrong with them (Lau et al. 2023, 2308.12108). */
import { Random } from '../base/random';
import { together } from '../base/together';
import { runChain, type ChainHooks, type ChainResult, type ChainSettings } from './chain';
import { problemsOf } from './health';
import type { LossModel } from './loss-model';
import { effectiveDraws, mean, scatter } from './moments';

export interface LlcSettings extends ChainSettings {
  readonly chains: number;
  readonly seed: number;
}

export interface LlcEstimate {
  /** n beta (mean loss - initial loss), averaged over the chains; null where one diverged. */
  readonly llc: number | null;
  /** Of the LLC: from the scatter of the chains' means, or from batches within where there is one chain. */
  readonly standardError: number | null;
  /** How many independent draws would know the mean as well as these; null without a value. */
  readonly effectiveDraws: number | null;
  readonly acceptance: number | null;
  readonly initialLoss: number;
  readonly passes: number;
  readonly chains: readonly ChainResult[];
  /** Sentences; none where the chains look right. */
  readonly problems: readonly string[];
}

/** n beta of the estimator, n / log n: the inverse temperature 1 / log n of WBIC (Watanabe 2013). */
export function defaultNbeta(samples: number): number {
  if (!(samples >= 2)) throw new RangeError(`${samples} samples: n / log n needs two or more`);
  return samples / Math.log(samples);
}

/** The stream of a chain belongs to its index: chains may run anywhere, in any order. */
export function chainRandom(seed: number, index: number): Random {
  return new Random(seed).split(`chain ${index}`);
}

/** One chain of an estimate. */
export interface ChainTask {
  readonly settings: LlcSettings;
  readonly index: number;
  readonly initialLoss: number;
}

/** Where chains run. */
export interface ChainHost {
  /** How many at a time. */
  readonly atOnce: number;
  run(task: ChainTask, hooks: ChainHooks): Promise<ChainResult>;
}

/** Chains where they are called for, one after another. */
export function chainsHere(model: LossModel, start: Float64Array): ChainHost {
  return {
    atOnce: 1,
    run: ({ settings, index, initialLoss }, hooks) => runChain(model, start, initialLoss, settings, chainRandom(settings.seed, index), hooks),
  };
}

/** All chains. Their values do not depend on where they run. The first that fails ends them all. */
export async function estimateLlc(
  model: LossModel,
  start: Float64Array,
  settings: LlcSettings,
  { signal, progress }: ChainHooks = {},
  host: ChainHost = chainsHere(model, start),
): Promise<LlcEstimate> {
  const initialLoss = await model.loss(start);
  const done = sumOf(settings.chains, progress);
  const one = async (index: number, stop: AbortSignal) => {
    const chain = await host.run({ settings, index, initialLoss }, { signal: stop, progress: (steps) => done(index, steps) });
    done(index, settings.burnIn + settings.draws);
    return chain;
  };
  return combine(await together(settings.chains, host.atOnce, one, signal), initialLoss, settings);
}

/** Tells the steps of several that run at a time as one number. */
export function sumOf(count: number, progress: ChainHooks['progress']): (index: number, steps: number) => void {
  const done = new Float64Array(count);
  return (index, steps) => {
    done[index] = steps;
    progress?.(done.reduce((sum, k) => sum + k, 0));
  };
}

export function combine(chains: readonly ChainResult[], initialLoss: number, settings: LlcSettings): LlcEstimate {
  const passes = chains.reduce((sum, c) => sum + c.passes, 0);
  const alive = Number.isFinite(initialLoss) && chains.every((c) => c.divergedAt === null);
  const accepted = chains.flatMap((c) => (c.acceptance === null ? [] : [c.acceptance]));
  const llc = alive ? mean(chains.map((c) => c.mean)) : null;
  const effective = chains.map(effectiveDraws);
  const standardError = llc === null ? null : chains.length > 1 ? scatter(chains.map((c) => c.mean)) / Math.sqrt(chains.length) : Math.sqrt(chains[0]!.variance / effective[0]!);
  const values = { llc, standardError, initialLoss, passes, chains, acceptance: alive && accepted.length > 0 ? mean(accepted) : null };
  const found = { ...values, effectiveDraws: alive ? effective.reduce((a, b) => a + b, 0) : null };
  return { ...found, problems: problemsOf(found, effective, settings) };
}
