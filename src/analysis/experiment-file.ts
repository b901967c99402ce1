/** Saved experiment records, read back. */
import { EXPERIMENT_SCHEMA, ExperimentRecord } from './experiment-record';
import { checkSaved, readJson, wrongField } from './saved';

const EXPERIMENT = { code: 'experiment', noun: 'experiment', one: 'an experiment', ours: 'an experiment of Deadreckon', version: EXPERIMENT_SCHEMA, schema: ExperimentRecord };

/** @throws InputError naming the field that is wrong, or the version that is too new. */
export function parseExperiment(text: string, file: string): ExperimentRecord {
  const record = checkSaved(readJson(text, file, EXPERIMENT), file, EXPERIMENT);
  for (const [i, { series }] of record.plots.entries()) {
    for (const [j, { x, y, error, labels }] of series.entries()) {
      const odd = Object.entries({ y, error, labels }).find(([, list]) => list && list.length !== x.length);
      if (odd) throw wrongField(file, EXPERIMENT, `plots.${i}.series.${j}.${odd[0]}`, `it has ${odd[1]!.length} entries where x has ${x.length}`);
    }
  }
  return record;
}
