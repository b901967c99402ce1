/** Saved LLC records (one, a list, or a list with its comparison: what `cli llc --json` writes), read back as the hostile input that they are. */
import { InputError } from '../base/errors';
import { LLC_SCHEMA, LlcRecord } from './llc-record';

const MOST_RECORDS = 10_000;

/** @throws InputError naming the field that is wrong, or the version that is too new. */
export function parseLlc(text: string, file: string): LlcRecord[] {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new InputError('llc-json', `${file} is not readable JSON: it may be cut short. Export the LLC again.`, { file });
  }
  const listed = (data as { records?: unknown } | null)?.records ?? data;
  const all: unknown[] = Array.isArray(listed) ? listed : [listed];
  if (all.length > MOST_RECORDS) throw new InputError('llc-size', `${file} holds ${all.length} records; at most ${MOST_RECORDS} are read.`, { file });
  return all.map((one) => {
    const schema = (one as { schema?: unknown } | null)?.schema;
    if (typeof schema === 'number' && schema > LLC_SCHEMA) {
      throw new InputError('llc-version', `${file} is an LLC of version ${schema}; this version of Deadreckon reads up to ${LLC_SCHEMA}. Open it with a newer one.`, { file });
    }
    const parsed = LlcRecord.safeParse(one);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0]!;
    const where = issue.path.map(String).join('.').slice(0, 100) || 'the top level';
    throw new InputError('llc-schema', `${file} looks like an LLC of Deadreckon, but ${where} is not as expected (${issue.message.slice(0, 200)}).`, { file });
  });
}
