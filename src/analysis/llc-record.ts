/** A local learning coefficient that was read by sampling, as plain data: what `cli llc --json` prints, and what the page draws and opens. */
import { z } from 'zod';

/** Raised when a field changes meaning. */
export const LLC_SCHEMA = 1;

const sentence = z.string().max(4000);
const count = z.int().min(0);

/** What a person asks of the sampler; null means that it is chosen. */
export const LlcRequest = z.object({
  chains: z.int().min(1).max(1000).default(4),
  burnIn: z.int().min(0).max(100_000_000).default(500),
  draws: z.int().min(2).max(100_000_000).default(1500),
  /** eps; null: by a calibration sweep. */
  step: z.number().positive().nullable().default(null),
  /** Localisation; several: the sweep chooses among them. */
  gammas: z.array(z.number().min(0)).min(1).max(8).default([1]),
  /** n beta; null: n / log n. */
  nbeta: z.number().positive().nullable().default(null),
  /** Metropolis-Hastings adjustment of each step. */
  adjusted: z.boolean().default(false),
  preconditioner: z.enum(['none', 'rmsprop']).default('none'),
  /** Samples of a minibatch; null: all at every step. */
  batch: z.int().min(1).max(1_000_000).nullable().default(null),
  /** Of the chains; null: that of the probe. Another one repeats the sampling on the same probe. */
  seed: z.int().min(0).max(4294967295).nullable().default(null),
});

const Blocks = z.object({ length: count, means: z.array(z.number()).max(512) });

const CalibrationRow = z.object({
  step: z.number(),
  gamma: z.number(),
  llc: z.number().nullable(),
  standardError: z.number().nullable(),
  acceptance: z.number().nullable(),
  problems: z.array(sentence).max(32),
});

export const LlcRecord = z.object({
  kind: z.literal('deadreckon-llc'),
  schema: z.int(),
  checkpoint: z.object({ name: z.string().max(400), format: z.string().max(64), fingerprint: z.string().max(100) }),
  model: z.object({ title: z.string().max(400), architecture: z.string().max(64), parameters: count }),
  probe: z.object({ description: sentence, samples: count, positions: count, seed: count, loss: z.enum(['mse', 'ce']), labels: z.enum(['targets', 'own']) }),
  settings: z.object({
    chains: count,
    burnIn: count,
    draws: count,
    step: z.number(),
    gamma: z.number(),
    nbeta: z.number(),
    adjusted: z.boolean(),
    preconditioner: z.enum(['none', 'rmsprop']),
    batch: count.nullable(),
    seed: count,
  }),
  llc: z.number().nullable(),
  standardError: z.number().nullable(),
  effectiveDraws: z.number().nullable(),
  acceptance: z.number().nullable(),
  initialLoss: z.number().nullable(),
  /** Forward and backward passes over all samples, with those of the calibration. */
  passes: z.number().min(0),
  /** Why this step size; null where it was given. */
  calibration: z.object({ sentence, passes: z.number().min(0), rows: z.array(CalibrationRow).max(64) }).nullable(),
  /** Values are n beta (loss - initial loss). */
  chains: z
    .array(
      z.object({
        mean: z.number().nullable(),
        acceptance: z.number().nullable(),
        divergedAt: count.nullable(),
        effectiveDraws: z.number().nullable(),
        opening: Blocks,
        trace: Blocks,
      }),
    )
    .max(1000),
  problems: z.array(sentence).max(32),
  provenance: z.object({ app: z.string().max(400), backend: z.string().max(64), device: sentence, createdAt: z.string().max(64), seconds: z.number().min(0) }),
});

/** How far a sampling is. */
export interface LlcProgress {
  /** Between 0 and 1. */
  part: number;
  phase: 'calibration' | 'chains';
}

export type LlcRequest = z.infer<typeof LlcRequest>;
export type LlcRecord = z.infer<typeof LlcRecord>;
