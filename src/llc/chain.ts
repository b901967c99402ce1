/** One chain: burn-in, draws, and what is kept of them. */
import { breathe } from '../base/breathe';
import type { Random } from '../base/random';
import { LangevinWalk, type LangevinSettings } from './langevin';
import type { LossModel } from './loss-model';

export interface ChainSettings extends LangevinSettings {
  readonly burnIn: number;
  readonly draws: number;
}

/** Values are n beta (loss - initial loss): their mean over the draws is the LLC. */
export interface ChainResult {
  /** NaN where the chain diverged. */
  readonly mean: number;
  /** Of single draws. */
  readonly variance: number;
  readonly draws: number;
  /** Means of `length` successive values each: of the burn-in, and of the draws. */
  readonly opening: Blocks;
  readonly trace: Blocks;
  /** Mean Metropolis-Hastings acceptance probability over the draws; null where losses are of minibatches, which say nothing about it. */
  readonly acceptance: number | null;
  /** The step, from 1 and with the burn-in, at which the loss was no number any more. */
  readonly divergedAt: number | null;
  /** Forward and backward passes over all samples. */
  readonly passes: number;
}

export interface Blocks {
  readonly length: number;
  readonly means: Float64Array;
}

export interface ChainHooks {
  readonly signal?: AbortSignal;
  /** Steps done; called every few milliseconds. */
  progress?(steps: number): void;
}

const MOST_BLOCKS = 512;
/** Milliseconds between two looks at the outside. */
const BREATH = 15;
/** A loss above this many times n beta = 1 is a divergence: it would overflow within a few more steps. */
const OVERFLOW = 1e100;

/** @param initialLoss over all samples at `start`. */
export async function runChain(
  model: LossModel,
  start: Float64Array,
  initialLoss: number,
  settings: ChainSettings,
  random: Random,
  { signal, progress }: ChainHooks = {},
): Promise<ChainResult> {
  const { burnIn, draws, nbeta } = settings;
  const walk = new LangevinWalk(start, settings, random.split('steps'));
  const batches = random.split('batches');
  const opening = new BlockMeans(burnIn);
  const trace = new BlockMeans(draws);
  let evaluations = 1;
  let divergedAt: number | null = null;
  const first = model.evaluate(walk.proposal, walk.proposalGradient, batches);
  walk.begin(typeof first === 'number' ? first : await first);
  signal?.throwIfAborted();
  let last = performance.now();
  for (let k = 0; k < burnIn + draws; k++) {
    if (k === burnIn) walk.restartCounts();
    if (walk.propose()) {
      const loss = model.evaluate(walk.proposal, walk.proposalGradient, batches);
      walk.arrive(typeof loss === 'number' ? loss : await loss);
      evaluations++;
    }
    if (!(Math.abs(walk.loss) < OVERFLOW)) {
      divergedAt = k + 1;
      break;
    }
    if (k < burnIn && settings.preconditioner === 'rmsprop') walk.adapt();
    (k < burnIn ? opening : trace).add(nbeta * (walk.loss - initialLoss));
    if (k % 16 === 0 && performance.now() - last > BREATH) {
      progress?.(k + 1);
      await breathe(signal);
      last = performance.now();
    }
  }
  const alive = divergedAt === null;
  return {
    mean: alive ? trace.mean : NaN,
    variance: alive ? trace.variance : NaN,
    draws,
    opening: opening.blocks(),
    trace: trace.blocks(),
    acceptance: alive && model.passes === 1 ? walk.accepted / walk.counted : null,
    divergedAt,
    passes: evaluations * model.passes,
  };
}

/** Running mean and variance, and the means of at most 512 blocks. */
class BlockMeans {
  private readonly length: number;
  private readonly means: number[] = [];
  private inBlock = 0;
  private count = 0;
  private sum = 0;
  private running = 0;
  private squares = 0;

  constructor(total: number) {
    this.length = Math.max(1, Math.ceil(total / MOST_BLOCKS));
  }

  add(value: number): void {
    this.count++;
    // Welford: the trace may stand far from zero.
    const before = value - this.running;
    this.running += before / this.count;
    this.squares += before * (value - this.running);
    this.sum += value;
    if (++this.inBlock < this.length) return;
    this.means.push(this.sum / this.length);
    this.sum = 0;
    this.inBlock = 0;
  }

  get mean(): number {
    return this.count === 0 ? NaN : this.running;
  }

  get variance(): number {
    return this.count < 2 ? NaN : this.squares / (this.count - 1);
  }

  /** A last block that is not full is left out. */
  blocks(): Blocks {
    return { length: this.length, means: Float64Array.from(this.means) };
  }
}
