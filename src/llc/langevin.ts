/**
 * Stochastic gradient Langevin dynamics (Welling & Teh 2011) in the tempered, localised posterior
 * exp(-n beta L(w) - gamma |w - w0|^2 / 2) of the LLC estimator (Lau et al. 2023, 2308.12108):
 *   w' = w + (eps / 2) D(w) + N(0, eps),   D(w) = -n beta grad L(w) + gamma (w0 - w).
 * The acceptance probability of each step as a Metropolis-Hastings proposal (MALA, Roberts & Tweedie 1996) comes along; where the
 * walk is adjusted, steps are taken with it, and the draws carry no error of the step size.
 */
import { exp } from '../base/elementary';
import type { Random } from '../base/random';

export interface LangevinSettings {
  /** eps: the variance of a step along each weight. */
  readonly step: number;
  /** Strength of the localisation. */
  readonly gamma: number;
  /** n beta. */
  readonly nbeta: number;
  /** Accept or reject each step, so that the posterior is sampled exactly. Needs losses over all samples. */
  readonly adjusted: boolean;
  /**
   * rmsprop: eps is scaled per weight by the inverse root mean square of its gradient (Li et al. 2016), to the same mean. The scale is
   * learnt during the burn-in and then kept: a scale that moves with the walk would sample another posterior.
   */
  readonly preconditioner: 'none' | 'rmsprop';
  /** A uniform prior on |w_i| <= box: adjusted walks reject what is outside, others are reflected. Null: everywhere. */
  readonly box: number | null;
}

/** Forgetting of the mean square gradient, and the least scale beside the largest. */
const MEMORY = 0.99;
const STABILITY = 1e-3;

export class LangevinWalk {
  /** Where the loss is wanted next, and where its gradient goes. */
  proposal: Float64Array;
  proposalGradient: Float64Array;
  loss = NaN;
  /** Sum of acceptance probabilities, and of how many steps. */
  accepted = 0;
  counted = 0;

  private position: Float64Array;
  private gradient: Float64Array;
  private readonly scale: Float64Array;
  private readonly square: Float64Array;
  private noiseSquare = 0;
  private reflected = false;
  private adaptations = 0;

  constructor(
    private readonly start: Float64Array,
    private readonly settings: LangevinSettings,
    private readonly random: Random,
  ) {
    const d = start.length;
    this.position = start.slice();
    this.gradient = new Float64Array(d);
    this.proposal = start.slice();
    this.proposalGradient = new Float64Array(d);
    this.scale = new Float64Array(d).fill(settings.step);
    this.square = new Float64Array(d);
  }

  /** Takes the loss and gradient at the start. */
  begin(loss: number): void {
    this.loss = loss;
    this.gradient.set(this.proposalGradient);
  }

  /** Draws the next proposal. False: it lies outside the box and is rejected without a look at its loss. */
  propose(): boolean {
    const { start, position, gradient, proposal, scale, random } = this;
    const { gamma, nbeta, box, adjusted } = this.settings;
    let noise = 0;
    for (let i = 0; i < position.length; i++) {
      const xi = random.normal();
      const e = scale[i]!;
      proposal[i] = position[i]! + (e / 2) * (gamma * (start[i]! - position[i]!) - nbeta * gradient[i]!) + Math.sqrt(e) * xi;
      noise += xi * xi;
    }
    this.noiseSquare = noise;
    this.reflected = false;
    if (box === null || proposal.every((x) => Math.abs(x) <= box)) return true;
    if (adjusted) {
      this.counted++;
      return false;
    }
    this.reflected = true;
    proposal.forEach((x, i) => (proposal[i] = reflect(x, box)));
    return true;
  }

  /** Takes the loss at the proposal (its gradient was written), and moves there or stays. */
  arrive(loss: number): void {
    const { adjusted } = this.settings;
    const probability = this.reflected ? 1 : this.acceptance(loss);
    if (!this.reflected) {
      this.accepted += probability;
      this.counted++;
    }
    if (adjusted && !(this.random.uniform() < probability)) return;
    this.loss = loss;
    [this.position, this.proposal] = [this.proposal, this.position];
    [this.gradient, this.proposalGradient] = [this.proposalGradient, this.gradient];
  }

  /** Learns the scale of each weight's step from the gradient at the present point. */
  adapt(): void {
    const { gradient, square, scale } = this;
    const { step } = this.settings;
    const correction = 1 - MEMORY ** ++this.adaptations;
    let top = 0;
    for (let i = 0; i < square.length; i++) {
      square[i] = MEMORY * square[i]! + (1 - MEMORY) * gradient[i]! ** 2;
      top = Math.max(top, square[i]!);
    }
    if (!(top > 0) || !Number.isFinite(top)) return;
    const least = STABILITY * Math.sqrt(top / correction);
    let sum = 0;
    for (let i = 0; i < scale.length; i++) sum += scale[i] = 1 / (least + Math.sqrt(square[i]! / correction));
    const factor = (step * scale.length) / sum;
    for (let i = 0; i < scale.length; i++) scale[i]! *= factor;
  }

  /** From here on acceptance is counted anew: burn-in and scale are done. */
  restartCounts(): void {
    this.accepted = 0;
    this.counted = 0;
  }

  /** min(1, pi(w') q(w | w') / (pi(w) q(w' | w))). */
  private acceptance(loss: number): number {
    const { start, position, proposal, proposalGradient, scale } = this;
    const { gamma, nbeta } = this.settings;
    let backward = 0;
    let here = 0;
    let there = 0;
    for (let i = 0; i < position.length; i++) {
      const e = scale[i]!;
      const [from, to] = [position[i]! - start[i]!, proposal[i]! - start[i]!];
      const back = from - to + (e / 2) * (gamma * to + nbeta * proposalGradient[i]!);
      backward += (back * back) / e;
      here += from * from;
      there += to * to;
    }
    const exponent = nbeta * (this.loss - loss) + (gamma * (here - there) + this.noiseSquare - backward) / 2;
    // A loss that is no number is never accepted.
    return exponent >= 0 ? 1 : exp(exponent) || 0;
  }
}

/** Folds x into [-box, box]. */
function reflect(x: number, box: number): number {
  if (!Number.isFinite(x)) return x;
  const period = 4 * box;
  const y = (((x + box) % period) + period) % period;
  return y <= 2 * box ? y - box : 3 * box - y;
}
