/** What an analysis says while it runs. */
import { InputError } from '../base/errors';
import type { Direction } from '../direction/types';
import type { ExperimentRecord } from './experiment-record';
import type { LlcRecord } from './llc-record';
import type { CheckpointSummary, Layer, MemoryRoute, ModelSummary, NormReading, ProbeSummary, Report, Skipped, Spectrum } from './report';
import type { Request } from './request';
import type { Trajectory } from './trajectory';

export type Phase = 'read' | 'forward' | 'gram' | 'eigen' | 'directions';

export type AnalysisEvent =
  /** First: a report with layers and probe but no spectra yet. Spectra that follow belong to it. */
  | { type: 'started'; report: Report }
  | { type: 'progress'; phase: Phase; layer: string | null; done: number; total: number; secondsLeft: number | null }
  | { type: 'spectrum'; spectrum: Spectrum }
  | { type: 'direction'; direction: Direction }
  | { type: 'skipped'; skipped: Skipped };

/** What is known about a checkpoint before anything is computed. */
export interface Inspection {
  /** Handle within the engine; valid until it restarts (the client reopens by itself). */
  id: string;
  checkpoint: CheckpointSummary;
  model: ModelSummary;
  layers: Layer[];
  /** Layers or tensors that will not be analysed, with reasons. */
  skipped: Skipped[];
  /** The request with every default filled in for this model (no nulls left where a default is known). */
  request: Request;
  /** What the built-in probe would be. */
  probe: ProbeSummary;
  /** Rough cost in seconds of one core; small ones run at once. */
  cost: number;
  runsAtOnce: boolean;
  /** What a run of the network will take, and how it is run; absent where there is none. */
  memory?: MemoryRoute;
  /** Every norm of a network, from its parameters alone. */
  norms?: NormReading[];
  /** Training step that the file records, where it does. */
  step?: number;
  /** What the network is run on; absent where there is none to run. */
  takes?: 'vector' | 'tokens';
  /** Whether side files are fetched from where it came from when a probe needs them. */
  fetches?: boolean;
}

/** Dropped files that a network can be run on: `inputs` with optional `targets`, pictures, or text. */
export interface ProbeFile {
  id: string;
  kind: 'arrays' | 'pictures' | 'text';
  name: string;
  fingerprint: string;
  description: string;
  /** 0 where that is not known before it meets a network. */
  samples: number;
}

export interface OpenedExperiment {
  file: string;
  record: ExperimentRecord;
}

export interface OpenedLlc {
  file: string;
  record: LlcRecord;
}

/** What a drop turned into, for the page. */
export interface OpenedSummary {
  checkpoints: Inspection[];
  probes: ProbeFile[];
  /** Records of experiments that were run elsewhere. */
  experiments: OpenedExperiment[];
  /** Local learning coefficients that were sampled elsewhere. */
  llcs: OpenedLlc[];
  /** Snapshots of finished analyses. */
  reports: Report[];
  /** Finished or stopped trajectories. */
  trajectories: Trajectory[];
  /** Base names of side files that say how text or pixels become inputs. */
  sideFiles: string[];
  refusals: { file: string; tensor: string | null; code: string; message: string }[];
}

/**
 * Why a network is not run on a dropped probe by itself; null where it is. `sideFiles`: all of them so far. `look` inspects the network with the probe:
 * whether there is a tokenizer where the network came from is only known once it was asked for.
 */
export async function whyUnfit(
  { name, kind }: ProbeFile,
  { takes, fetches }: Pick<Inspection, 'takes' | 'fetches'>,
  sideFiles: readonly string[],
  look: () => Promise<unknown>,
): Promise<string | null> {
  if (kind === 'arrays') return null;
  if (takes === undefined) return `${name}: there is no network here to run on it.`;
  if (kind === 'pictures') return takes === 'vector' ? null : `${name}: pictures do not fit a network that takes token ids.`;
  if (takes === 'vector') return `${name}: text does not fit a network that takes vectors.`;
  if (sideFiles.includes('tokenizer.json')) return null;
  const missing = `${name} is text: to run the network on it, drop its tokenizer.json too.`;
  if (!fetches) return missing;
  try {
    await look();
    return null;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.code === 'no-tokenizer' ? missing : error.message;
  }
}

/** Several drops as one. */
export function joined(parts: readonly OpenedSummary[]): OpenedSummary {
  return {
    checkpoints: parts.flatMap((part) => part.checkpoints),
    probes: parts.flatMap((part) => part.probes),
    experiments: parts.flatMap((part) => part.experiments),
    llcs: parts.flatMap((part) => part.llcs),
    reports: parts.flatMap((part) => part.reports),
    trajectories: parts.flatMap((part) => part.trajectories),
    sideFiles: parts.flatMap((part) => part.sideFiles),
    refusals: parts.flatMap((part) => part.refusals),
  };
}
