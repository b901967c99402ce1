/** `experiment`: the recipes by name. */
import { EXPERIMENTS } from '../experiment/recipes/registry';
import type { Numerics } from '../numerics/types';
import { type ExperimentCommand, UsageError } from './arguments';
import { grid } from './table';

export interface ExperimentOutput {
  /** Null for the list of experiments. */
  data: Readonly<Record<string, unknown>> | null;
  table: readonly (readonly string[])[];
  summary: string;
}

/** @throws UsageError for a name that is none. */
export async function runExperiment(
  command: ExperimentCommand,
  open: () => Promise<Numerics>,
  signal: AbortSignal,
  say: (percent: number) => void,
): Promise<ExperimentOutput> {
  if (command.name === null) return { data: null, table: EXPERIMENTS.map(({ name, title }) => [name, title]), summary: '' };
  const experiment = EXPERIMENTS.find((e) => e.name === command.name);
  if (!experiment) throw new UsageError(`there is no experiment '${command.name}'; there are: ${EXPERIMENTS.map((e) => e.name).join(', ')}`);
  const numerics = await open();
  let last = 0;
  const progress = (done: number, total: number) => {
    const percent = Math.floor((20 * done) / total) * 5;
    if (percent > last) say((last = percent));
  };
  try {
    return await experiment.run({ ops: numerics.ops, seed: command.seed, signal, progress });
  } finally {
    numerics.dispose();
  }
}

export function experimentText({ table, summary }: ExperimentOutput): string {
  return [...grid(table, 1), ...(summary ? ['', summary] : [])].join('\n') + '\n';
}
