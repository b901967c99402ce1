/** A chain as plain data: another thread builds the model again from what was read of its checkpoint, and walks the same bits. */
import { heldCheckpoint, type HeldCheckpoint } from '../checkpoint/held';
import { chainRandom, type ChainTask } from '../llc/estimate';
import { runChain, type ChainHooks, type ChainResult } from '../llc/chain';
import { networkLoss, type NetworkLossSettings } from '../llc/network-loss';
import { recogniseModel } from '../model/recognise';
import type { Choices } from '../model/types';
import { cpuNumerics } from '../numerics/cpu/numerics';
import type { Probe } from '../probe/types';

export type { ChainHooks, ChainResult };

export interface ChainJob {
  readonly checkpoint: HeldCheckpoint;
  readonly choices: Choices;
  readonly probe: Pick<Probe, 'inputs' | 'targets'>;
  readonly loss: NetworkLossSettings;
  readonly task: ChainTask;
}

/** Workers that walk chains in float64. */
export interface ChainWorkers {
  readonly size: number;
  chain(job: ChainJob, hooks: ChainHooks): Promise<ChainResult>;
}

export async function runChainJob({ checkpoint, choices, probe, loss, task: { settings, index, initialLoss } }: ChainJob, hooks: ChainHooks): Promise<ChainResult> {
  const { model } = await recogniseModel(heldCheckpoint(checkpoint), choices);
  if (!model) throw new Error(`${checkpoint.name}: its network was not recognised again`);
  const numerics = cpuNumerics();
  try {
    const network = await networkLoss(model, await model.parameters(), probe, loss, numerics.ops);
    return await runChain(network, network.start, initialLoss, settings, chainRandom(settings.seed, index), hooks);
  } finally {
    numerics.dispose();
  }
}
