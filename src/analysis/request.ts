/** What a person asks for: plain data, carried by links and reports. Every null means "the default for this model". */
import { z } from 'zod';
import { MOST_DIGITS } from '../spectrum/floor';

export const LOSSES = ['mse', 'ce'] as const;
export const FISHERS = ['empirical', 'sampled', 'exact'] as const;
export { MOST_DIGITS };
export const BACKENDS = ['auto', 'cpu-f64', 'webgpu'] as const;

export const Request = z.object({
  /** Seed of the probe, of sampled labels and of iteration starts. */
  seed: z.int().min(0).max(4294967295).default(0),
  /** Samples N of a built-in probe, or how many rows of a dropped one to use (from the first). */
  samples: z.int().min(1).max(1_000_000).nullable().default(null),
  /** Positions T of a built-in token probe. */
  positions: z.int().min(1).max(65_536).nullable().default(null),
  loss: z.enum(LOSSES).nullable().default(null),
  fisher: z.enum(FISHERS).nullable().default(null),
  /** Comma-separated globs of layer names; empty = all. */
  layers: z.string().max(4000).default(''),
  backend: z.enum(BACKENDS).default('auto'),
  /** What the person overrides about the model: {activation: 'gelu'}. */
  choices: z.record(z.string().max(32), z.string().max(64)).default({}),
  /** Relative cut: eigenvalues under threshold * largest count as dead even above the floor. 0 = the floor alone. */
  threshold: z.number().min(0).max(1).default(0),
  /** Significant digits that an eigenvalue above the floor should be known to; null = 9 after a float64 pass, else 1. */
  digits: z.int().min(1).max(MOST_DIGITS).nullable().default(null),
  /** Also build the N x N Gram of per-sample parameter gradients of every layer. */
  parameter: z.boolean().default(false),
  /** Also the gradient side of every layer. Without it only the activations are read, by one pass up to the last selected layer. */
  gradients: z.boolean().default(true),
  /** Gigabytes (1e9 bytes) of memory that the analysis may take; null = the part of the machine's that analysis/memory.ts says. */
  memory: z.number().positive().max(1e6).nullable().default(null),
  /** Also the order and the verdict of the dead directions of the whole network. */
  directions: z.boolean().default(false),
  /** Blocks of samples for the jackknife error bars; 0 or 1 = none, null = 5 where it is cheap. */
  folds: z.int().min(0).max(20).nullable().default(null),
});

export type Request = z.infer<typeof Request>;
export type Loss = (typeof LOSSES)[number];
export type Fisher = (typeof FISHERS)[number];
export type Backend = (typeof BACKENDS)[number];

export const defaultRequest: Request = Request.parse({});
