/** What a run over a probe is told, and what it costs in passes. */
import type { Model } from '../model/types';
import { passes, type Fisher, type Loss } from '../probe/loss';
import { outputPositions, type Probe } from '../probe/types';
import type { Side } from './report';

export interface RunSettings {
  loss: Loss;
  fisher: Fisher;
  seed: number;
  /** Blocks of samples for the jackknife; 0 or 1 = none. */
  folds: number;
  parameter: boolean;
  /** Whether gradients are taken, or activations alone. */
  gradients: boolean;
}

export interface RunHooks {
  progress(layer: string | null, done: number, total: number): void;
  skip(layer: string, side: Side, reason: string): void;
  signal?: AbortSignal;
}

/** Whether there are parameter Grams, and why not where they were asked for. */
export function parameterGrams({ parameter, gradients, fisher }: RunSettings): boolean | string {
  if (!parameter) return false;
  if (!gradients) return 'it needs gradients, and activations alone were asked for';
  return fisher === 'exact' ? 'the exact Fisher has many gradients per sample; choose the empirical or sampled one' : true;
}

/** Rows that carry a loss, and why that is so. */
export function carriers(probe: Probe, { input }: Pick<Model, 'input'>): Float64Array {
  const carries = new Float64Array(probe.inputs.samples * outputPositions(probe.inputs, input)).fill(1);
  if (probe.targets?.kind === 'labels') probe.targets.labels.forEach((y, i) => (carries[i] = y < 0 ? 0 : 1));
  return carries;
}

/** Backward passes over the whole probe: what an exact Fisher costs. */
export function backwardPasses(model: Model, probe: Probe, fisher: Fisher): number {
  return passes({ fisher, outputs: model.outputs, carries: carriers(probe, model), positions: outputPositions(probe.inputs, model.input) });
}
