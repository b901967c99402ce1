/** Name, size and changes -> the finished record: what the command line and the page both call. */
import { APP } from '../analysis/app';
import type { ExperimentOrder } from '../analysis/experiment-order';
import { EXPERIMENT_SCHEMA, type ExperimentRecord, type ExperimentSummary } from '../analysis/experiment-record';
import { InputError } from '../base/errors';
import type { Numerics } from '../numerics/types';
import { fieldsOf, readProtocol } from './experiment';
import { EXPERIMENTS } from './recipes/registry';

export interface ExperimentMeans {
  readonly numerics: Numerics;
  readonly signal: AbortSignal;
  progress(done: number, total: number): void;
}

export function experimentList(): ExperimentSummary[] {
  return EXPERIMENTS.map((e) => ({ name: e.name, title: e.title, claim: e.claim, fields: fieldsOf(e) }));
}

/** @throws InputError for a name that is none, or a protocol out of range. */
export async function runExperiment({ name, size, changes, seed }: ExperimentOrder, { numerics, signal, progress }: ExperimentMeans): Promise<ExperimentRecord> {
  const found = EXPERIMENTS.find((e) => e.name === name);
  if (!found) throw new InputError('experiment', `There is no experiment '${name}'; there are: ${EXPERIMENTS.map((e) => e.name).join(', ')}.`);
  const protocol = readProtocol(found, size, changes);
  const start = performance.now();
  const { data, table, summary, plots } = await found.run({ numerics, protocol, seed, signal, progress });
  const { name: backend, device } = numerics;
  return {
    kind: 'deadreckon-experiment',
    schema: EXPERIMENT_SCHEMA,
    name,
    title: found.title,
    claim: found.claim,
    protocol,
    seed,
    ...data,
    table: table.map((row) => [...row]),
    summary,
    plots: [...plots],
    provenance: { app: APP, backend, device, seconds: (performance.now() - start) / 1000 },
  };
}
