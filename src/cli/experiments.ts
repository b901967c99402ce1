/** `experiment`: the recipes by name. */
import type { ExperimentRecord } from '../analysis/experiment-record';
import { InputError } from '../base/errors';
import { experimentList, runExperiment } from '../experiment/run-experiment';
import type { Numerics } from '../numerics/types';
import type { ExperimentCommand } from './arguments';
import { grid } from './table';
import { UsageError } from './words';

/** @throws UsageError for a name that is none, or a setting out of range. */
export async function experimentRecord(
  { name, size, changes, seed }: ExperimentCommand & { name: string },
  open: () => Promise<Numerics>,
  signal: AbortSignal,
  say: (percent: number) => void,
): Promise<ExperimentRecord> {
  const numerics = await open();
  let last = 0;
  const progress = (done: number, total: number) => {
    const percent = Math.floor((20 * done) / total) * 5;
    if (percent > last) say((last = percent));
  };
  try {
    return await runExperiment({ name, size, changes, seed }, { numerics, signal, progress });
  } catch (error) {
    if (error instanceof InputError && (error.code === 'experiment' || error.code === 'protocol')) throw new UsageError(error.message);
    throw error;
  } finally {
    numerics.dispose();
  }
}

export function experimentText({ table, summary }: ExperimentRecord): string {
  return [...grid(table, 1), '', summary].join('\n') + '\n';
}

/** Names, and under each its settings: small and full. */
export function experimentsText(): string {
  return experimentList()
    .flatMap(({ name, title, fields }) => [
      `${name}: ${title}`,
      ...fields.map(({ key, label, small, full }) => `    --set ${key}=${String(small)}   ${label}${String(full) === String(small) ? '' : ` (full: ${String(full)})`}`),
    ])
    .join('\n') + '\n';
}
