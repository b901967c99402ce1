/** The share link of an experiment: what to run, never a result. It is recomputed where it is opened. */
import { z } from 'zod';
import { EXPERIMENT_BACKENDS, ExperimentOrder } from './experiment-order';
import { packLink, readLink } from './link';

export const ExperimentLink = z.object({
  experiment: ExperimentOrder,
  backend: z.enum(EXPERIMENT_BACKENDS),
});

export type ExperimentLink = z.infer<typeof ExperimentLink>;

/** The fragment of a link, with its leading '#'. */
export function encodeExperimentLink(link: ExperimentLink): string {
  return packLink(link);
}

/** Null where an unpacked link is not one of an experiment. Throws InputError where it is one and a field is wrong. */
export function experimentOfLink(data: unknown): ExperimentLink | null {
  return typeof data === 'object' && data !== null && 'experiment' in data ? readLink(ExperimentLink, data) : null;
}
