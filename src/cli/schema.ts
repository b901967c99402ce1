/** Prints the JSON schema of reports: `npm run schema` writes it to public/report.schema.json. */
import { reportJsonSchema } from '../analysis/schema';

process.stdout.write(`${JSON.stringify(reportJsonSchema(), null, 1)}\n`);
