/** Saved experiment records, read back as the hostile input that they are. */
import { InputError } from '../base/errors';
import { EXPERIMENT_SCHEMA, ExperimentRecord } from './experiment-record';

/** @throws InputError naming the field that is wrong, or the version that is too new. */
export function parseExperiment(text: string, file: string): ExperimentRecord {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new InputError('experiment-json', `${file} is not readable JSON: it may be cut short. Export the experiment again.`, { file });
  }
  const schema = (data as { schema?: unknown } | null)?.schema;
  if (typeof schema === 'number' && schema > EXPERIMENT_SCHEMA) {
    throw new InputError('experiment-version', `${file} is an experiment of version ${schema}; this version of Deadreckon reads up to ${EXPERIMENT_SCHEMA}. Open it with a newer one.`, { file });
  }
  const parsed = ExperimentRecord.safeParse(data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw wrong(file, issue.path.map(String).join('.').slice(0, 100) || 'the top level', issue.message.slice(0, 200));
  }
  const record = parsed.data;
  for (const [i, { series }] of record.plots.entries()) {
    for (const [j, { x, y, error, labels }] of series.entries()) {
      const odd = Object.entries({ y, error, labels }).find(([, list]) => list && list.length !== x.length);
      if (odd) throw wrong(file, `plots.${i}.series.${j}.${odd[0]}`, `it has ${odd[1]!.length} entries where x has ${x.length}`);
    }
  }
  return record;
}

function wrong(file: string, where: string, why: string): InputError {
  return new InputError('experiment-schema', `${file} looks like an experiment of Deadreckon, but ${where} is not as expected (${why}).`, { file });
}
