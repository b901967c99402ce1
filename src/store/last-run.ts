/** What a bundled example gave when it last ran in this browser: real numbers or nothing. */
import { z } from 'zod';
import { agrees, type Example } from '../analysis/example';
import type { Report } from '../analysis/report';
import type { Environment } from './environment';

const LastRun = z.object({
  agrees: z.boolean(),
  /** The spectrum that shows the answer. */
  spectrum: z.object({ eigenvalues: z.array(z.number()).max(4096), rank: z.int().min(0) }),
});
export type LastRun = z.infer<typeof LastRun>;

const key = (id: string) => `deadreckon.example.${id}`;

/** Keeps the verdict of a finished run; nothing where a spectrum that the verdict needs is missing. */
export function rememberRun(example: Example, report: Report, environment: Environment): void {
  const verdict = agrees(example, report);
  const { layer, side } = example.focus;
  const spectrum = report.spectra.find((s) => s.tap.layer === layer && s.tap.side === side);
  if (verdict === null || !spectrum || spectrum.rank === null) return;
  const eigenvalues = spectrum.eigenvalues.slice(0, 4096).map((x) => Number(x.toPrecision(4)));
  environment.remember(
    key(example.id),
    JSON.stringify({ agrees: verdict, spectrum: { eigenvalues, rank: spectrum.rank } } satisfies LastRun),
  );
}

export function recallRun(id: string, environment: Environment): LastRun | null {
  const text = environment.recall(key(id));
  if (text === null) return null;
  try {
    return LastRun.parse(JSON.parse(text));
  } catch {
    return null; // Another version of the page wrote something else there.
  }
}
