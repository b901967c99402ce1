/** Saved reports, read back as the hostile input that they are. */
import { InputError } from '../base/errors';
import { REPORT_SCHEMA, Report } from './report';

/** @throws InputError naming the field that is wrong, or the version that is too new. */
export function parseReport(text: string, file: string): Report {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new InputError('report-json', `${file} is not readable JSON: it may be cut short. Export the report again.`, { file });
  }
  const schema = (data as { schema?: unknown } | null)?.schema;
  if (typeof schema === 'number' && schema > REPORT_SCHEMA) {
    throw new InputError('report-version', `${file} is a report of version ${schema}; this version of Deadreckon reads up to ${REPORT_SCHEMA}. Open it with a newer one.`, { file });
  }
  const parsed = Report.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const where = issue.path.map(String).join('.').slice(0, 100) || 'the top level';
  throw new InputError('report-schema', `${file} looks like a Deadreckon report, but ${where} is not as expected (${issue.message.slice(0, 200)}).`, { file });
}
