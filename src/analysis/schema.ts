import { z } from 'zod';
import { Report } from './report';

/** The published JSON schema of a report (public/report.schema.json). */
export function reportJsonSchema(): object {
  return { title: 'Deadreckon report', ...z.toJSONSchema(Report, { target: 'draft-2020-12' }) };
}
