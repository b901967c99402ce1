/** What a sampling takes, before it is run. */
import type { LlcRequest } from './llc-record';

/** The chains of the calibration, and their part of the steps of the others. */
export const PILOT_CHAINS = 2;
export const PILOT_PART = 4;
/** Steps of the sweep: one and its halvings. */
const SWEPT = 7;
/** Gradients that find the largest curvature. */
const POWER_STEPS = 13;

/** Seconds of one core, for a row of the probe and a weight; for a row, whatever the weights; for a weight and a step of a chain. */
const ROW_WEIGHT = 1e-8;
const ROW = 4e-6;
const WEIGHT = 6e-8;

/** A walk holds seven numbers for each weight, and the tape more: beyond this a page runs out of memory. */
export const MOST_WEIGHTS = 2 ** 24;
/** Bytes for each weight of a network that one chain walks on: those seven, the weights as they were read, and those of the tape. */
export const WALK_BYTES = 9 * 8;

export interface LlcCost {
  /** Evaluations of the loss and its gradient. */
  readonly steps: number;
  /** The same in forward and backward passes over all samples. */
  readonly passes: number;
  /** To within a factor of three or so. */
  readonly seconds: number;
}

/** @param passSeconds of one pass over all samples, where it is known from an earlier run. */
export function llcCost(
  { chains, burnIn, draws, step, gammas, batch }: LlcRequest,
  { weights, samples, positions }: { weights: number; samples: number; positions: number },
  passSeconds: number | null = null,
): LlcCost {
  const pilots = (step === null ? SWEPT : gammas.length > 1 ? 1 : 0) + gammas.length - 1;
  const [ofChain, ofPilot] = [burnIn + draws + 1, Math.ceil(burnIn / PILOT_PART) + Math.ceil(draws / PILOT_PART) + 1];
  const steps = chains * ofChain + pilots * PILOT_CHAINS * ofPilot + (step === null ? POWER_STEPS : 0);
  const passes = (steps * Math.min(batch ?? samples, samples)) / samples;
  const pass = passSeconds ?? samples * positions * (weights * ROW_WEIGHT + ROW);
  return { steps, passes, seconds: passes * pass + (passSeconds === null ? steps * weights * WEIGHT : 0) };
}
