/** What a person asks of an experiment: name, size, changes of its protocol and seed, as plain data that fits into a link. */
import { z } from 'zod';
import { PROTOCOL_SIZES, Protocol, type ProtocolField, type ProtocolValue } from './experiment-record';

/** Numbers in one list of a protocol. */
const MOST_VALUES = 64;
const MOST_CHANGES = 64;

/** No `auto`: a recipe cannot be priced before it runs. */
export const EXPERIMENT_BACKENDS = ['cpu-f64', 'webgpu'] as const;

export const ExperimentOrder = z.object({
  name: z.string().regex(/^[a-z0-9-]{1,64}$/),
  size: z.enum(PROTOCOL_SIZES),
  /** Settings that differ from the size's own. */
  changes: Protocol.refine((changes) => Object.keys(changes).length <= MOST_CHANGES, `more than ${MOST_CHANGES} settings`),
  seed: z.int().min(0).max(4294967295),
});

export type ExperimentOrder = z.infer<typeof ExperimentOrder>;
export type ExperimentBackend = (typeof EXPERIMENT_BACKENDS)[number];

/** What is wrong with a value, as the predicate of a sentence ('is one integer from 0 to 100, not 3.5'); null where nothing is. */
export function valueComplaint({ small, least, most, integer }: Omit<ProtocolField, 'key' | 'label' | 'full'>, value: ProtocolValue): string | null {
  const list = typeof small !== 'number';
  // One number is a list of one.
  const values = typeof value === 'number' ? [value] : value;
  const inRange = values.every((v) => v >= least && v <= most && (!integer || Number.isInteger(v)));
  if (inRange && values.length > 0 && values.length <= MOST_VALUES && (list || values.length === 1)) return null;
  const kind = integer ? 'integer' : 'number';
  const wanted = list ? `a list of ${kind}s` : `one ${kind}`;
  return `is ${wanted} from ${least} to ${most}, not ${values.join(', ') || 'empty'}`;
}

export function sameValue(a: ProtocolValue | undefined, b: ProtocolValue | undefined): boolean {
  const [x, y] = [a, b].map((v) => (typeof v === 'number' ? [v] : v));
  return x === y || (x !== undefined && y !== undefined && x.length === y.length && x.every((v, i) => v === y[i]));
}
