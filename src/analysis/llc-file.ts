/** Saved LLC records (one, a list, or a list with its comparison: what `cli llc --json` writes), read back. */
import { LLC_SCHEMA, LlcRecord } from './llc-record';
import { readAll } from './saved';

const LLC = { code: 'llc', noun: 'LLC', one: 'an LLC', ours: 'an LLC of Deadreckon', version: LLC_SCHEMA, schema: LlcRecord };

/** @throws InputError naming the field that is wrong, or the version that is too new. */
export function parseLlc(text: string, file: string): LlcRecord[] {
  return readAll(text, file, LLC);
}
