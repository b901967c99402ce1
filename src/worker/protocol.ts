/** The worker seam: one map from method to arguments, events and result. Everything here can be cloned. */
import type { AnalysisEvent, OpenedSummary } from '../analysis/events';
import type { Fetching, Kept } from '../analysis/remote';
import type { ExperimentBackend, ExperimentOrder } from '../analysis/experiment-order';
import type { ExperimentRecord, ExperimentSummary } from '../analysis/experiment-record';
import type { LlcProgress, LlcRecord, LlcRequest } from '../analysis/llc-record';
import type { Report } from '../analysis/report';
import type { Request } from '../analysis/request';
import type { TraceEvent } from '../analysis/trace';
import type { TraceAsk } from '../analysis/trace-plan';
import type { Trajectory } from '../analysis/trajectory';

export interface Methods {
  /** Files of one drop (paths travel beside them, for folders). */
  open: { args: { files: { file: Blob; name: string }[] }; event: never; result: OpenedSummary };
  /** One address; ids begin with `prefix`. An event for each file that is about to be fetched. */
  openRemote: { args: { address: string; prefix: string }; event: Fetching; result: OpenedSummary };
  /** What is kept of remote files between visits, after forgetting it where `clear` is set. */
  kept: { args: { clear: boolean }; event: never; result: Kept };
  /** The experiments that there are. */
  experiments: { args: null; event: never; result: ExperimentSummary[] };
  experiment: { args: { order: ExperimentOrder; backend: ExperimentBackend }; event: ExperimentProgress; result: ExperimentRecord };
  /** The defaults and verdict again, with the person's choices and the chosen probe (null = the built-in one). */
  inspect: { args: { id: string; probe: string | null; request: Partial<Request> }; event: never; result: OpenedSummary['checkpoints'][number] };
  /** Runs an analysis of one open checkpoint; `probe` is the id of a dropped probe or null for the built-in one. */
  analyze: { args: { id: string; probe: string | null; request: Request }; event: AnalysisEvent; result: Report };
  /** Several checkpoints of one run, one after the other, or points on a line through one. */
  trace: { args: TraceAsk & { probe: string | null }; event: TraceEvent; result: Trajectory };
  /** Samples the local learning coefficient of one open checkpoint: in float64, or on the GPU where the request names it. */
  llc: { args: { id: string; probe: string | null; request: Partial<Request>; llc: Partial<LlcRequest> }; event: LlcProgress; result: LlcRecord };
}

export type Method = keyof Methods;

export interface ExperimentProgress {
  done: number;
  total: number;
}

export type ToWorker =
  | { type: 'call'; call: number; method: Method; args: unknown }
  | { type: 'cancel'; call: number };

export interface WireError {
  name: string;
  message: string;
  code: string | null;
  file: string | null;
  tensor: string | null;
  stack: string | null;
}

export type FromWorker =
  | { type: 'event'; call: number; event: unknown }
  | { type: 'result'; call: number; result: unknown }
  | { type: 'error'; call: number; error: WireError };

/** What the page holds of the engine. */
export interface Client {
  open(files: readonly { file: Blob; name: string }[], signal?: AbortSignal): Promise<OpenedSummary>;
  openRemote(address: string, tell: (what: Fetching) => void, signal: AbortSignal): Promise<OpenedSummary>;
  kept(clear: boolean): Promise<Kept>;
  experiments(): Promise<ExperimentSummary[]>;
  /** Cancelled as an analysis is, even where the recipe does not look at its signal. */
  experiment(
    args: Methods['experiment']['args'],
    onProgress: (progress: ExperimentProgress) => void,
    signal: AbortSignal,
  ): Promise<ExperimentRecord>;
  inspect(id: string, request: Partial<Request>, probe: string | null): Promise<OpenedSummary['checkpoints'][number]>;
  /**
   * Rejects with AbortError as soon as `signal` aborts (the engine is stopped behind it, and restarted if it does not answer);
   * events that came before stay valid.
   */
  analyze(
    args: Methods['analyze']['args'],
    onEvent: (event: AnalysisEvent) => void,
    signal: AbortSignal,
  ): Promise<Report>;
  /** The same for a trajectory. */
  trace(args: Methods['trace']['args'], onEvent: (event: TraceEvent) => void, signal: AbortSignal): Promise<Trajectory>;
  /** Cancelled as an analysis is. */
  llc(args: Methods['llc']['args'], onProgress: (progress: LlcProgress) => void, signal: AbortSignal): Promise<LlcRecord>;
}
