/** Saved results, read back as the hostile input that they are. */
import type { z } from 'zod';
import { InputError } from '../base/errors';
import { REPORT_SCHEMA, Report } from './report';
import { TRAJECTORY_SCHEMA, Trajectory } from './trajectory';

export const parseReport = (text: string, file: string): Report => parse(text, file, 'report', REPORT_SCHEMA, Report);
export const parseTrajectory = (text: string, file: string): Trajectory => parse(text, file, 'trajectory', TRAJECTORY_SCHEMA, Trajectory);

/** @throws InputError naming the field that is wrong, or the version that is too new. */
function parse<T>(text: string, file: string, what: string, version: number, schema: z.ZodType<T>): T {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    throw new InputError(`${what}-json`, `${file} is not readable JSON: it may be cut short. Export the ${what} again.`, { file });
  }
  const given = (data as { schema?: unknown } | null)?.schema;
  if (typeof given === 'number' && given > version) {
    throw new InputError(`${what}-version`, `${file} is a ${what} of version ${given}; this version of Deadreckon reads up to ${version}. Open it with a newer one.`, { file });
  }
  const parsed = schema.safeParse(data);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const where = issue.path.map(String).join('.').slice(0, 100) || 'the top level';
  throw new InputError(`${what}-schema`, `${file} looks like a Deadreckon ${what}, but ${where} is not as expected (${issue.message.slice(0, 200)}).`, { file });
}
