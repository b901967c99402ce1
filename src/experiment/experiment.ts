/** A recipe that runs from the command line and from the page: no files, one seed, plain data. */
import type { TensorOps } from '../numerics/ops';

export interface ExperimentContext {
  readonly ops: TensorOps;
  readonly seed: number;
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
}

export interface ExperimentResult {
  /** What --json prints. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The same for people: a header row and rows under it. */
  readonly table: readonly (readonly string[])[];
  /** One sentence under the table. */
  readonly summary: string;
}

export interface Experiment {
  readonly name: string;
  /** What it shows, in one line. */
  readonly title: string;
  run(context: ExperimentContext): Promise<ExperimentResult>;
}
