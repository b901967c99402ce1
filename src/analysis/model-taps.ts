/** Runs a model whose weights are at hand over a probe, and turns the taps of every layer into Gram matrices. */
import type { Model, ModelLayer } from '../model/types';
import type { Tensor } from '../numerics/ops';
import type { Numerics } from '../numerics/types';
import type { Probe } from '../probe/types';
import { parameterCount } from './chunks';
import type { TapGrams } from './layer-sums';
import type { RunHooks, RunSettings } from './run-settings';
import { sweep, type Swept } from './sweep';
import { wholePart } from './visits';

/** Runs it as one part. @returns Grams by layer and side, and what the sweep found. */
export async function runModel(
  model: Model,
  weights: ReadonlyMap<string, Tensor>,
  probe: Probe,
  layers: readonly ModelLayer[],
  settings: RunSettings,
  numerics: Numerics,
  hooks: RunHooks,
): Promise<Swept & { grams: TapGrams[] }> {
  const grams: TapGrams[] = [];
  const swept = { model, parts: [wholePart(model, layers)], parameters: parameterCount(weights), take: async () => weights, give() {} };
  const finished = async (found: TapGrams[]) => void grams.push(...found);
  return { ...(await sweep(swept, probe, settings, numerics, { ...hooks, finished })), grams };
}
