/** Saved LLC records (one, a list, or a list with its comparison: what `cli llc --json` writes), read back. */
import { InputError } from '../base/errors';
import { LLC_SCHEMA, LlcRecord } from './llc-record';
import { checkSaved, readJson } from './saved';

const LLC = { code: 'llc', noun: 'LLC', one: 'an LLC', ours: 'an LLC of Deadreckon', version: LLC_SCHEMA, schema: LlcRecord };
const MOST_RECORDS = 10_000;

/** @throws InputError naming the field that is wrong, or the version that is too new. */
export function parseLlc(text: string, file: string): LlcRecord[] {
  const data = readJson(text, file, LLC);
  const listed = (data as { records?: unknown } | null)?.records ?? data;
  const all: unknown[] = Array.isArray(listed) ? listed : [listed];
  if (all.length > MOST_RECORDS) throw new InputError('llc-size', `${file} holds ${all.length} records; at most ${MOST_RECORDS} are read.`, { file });
  return all.map((one) => checkSaved(one, file, LLC));
}
