/** An experiment that was run, as plain data: what `cli experiment NAME --json` prints, and what the page draws, saves and opens. */
import { z } from 'zod';

/** Raised when a field changes meaning. */
export const EXPERIMENT_SCHEMA = 1;

const text = z.string().max(4000);

export const ProtocolValue = z.union([z.number(), z.array(z.number()).max(64).readonly()]);
export const Protocol = z.record(z.string().max(64), ProtocolValue);
export const PROTOCOL_SIZES = ['small', 'full'] as const;

/** One setting of an experiment, for whoever shows a form. */
export const ProtocolField = z.object({
  key: z.string().max(64),
  label: text,
  small: ProtocolValue,
  full: ProtocolValue,
  least: z.number(),
  most: z.number(),
  integer: z.boolean(),
});

const Axis = z.object({ title: text, log: z.boolean() });

export const ExperimentPlot = z.object({
  title: text,
  x: Axis,
  y: Axis,
  series: z
    .array(
      z.object({
        name: text,
        x: z.array(z.number()).max(10_000),
        /** Null leaves a gap. */
        y: z.array(z.number().nullable()).max(10_000),
        /** Half width of each error bar. */
        error: z.array(z.number().nullable()).max(10_000).optional(),
        /** What each point is, for the one who points at it. */
        labels: z.array(text).max(10_000).optional(),
        /** 'dashed' is what theory or the paper says. */
        mark: z.enum(['points', 'line', 'dashed']),
      }),
    )
    .max(64),
});

export const ExperimentRecord = z.looseObject({
  kind: z.literal('deadreckon-experiment'),
  schema: z.int(),
  name: z.string().max(64),
  title: text,
  claim: text,
  protocol: Protocol,
  seed: z.number(),
  table: z.array(z.array(text).max(64)).max(10_000),
  summary: text,
  plots: z.array(ExperimentPlot).max(32),
  provenance: z.object({ app: text, backend: text, device: text, seconds: z.number().min(0) }),
});

/** One line of the list of experiments. */
export interface ExperimentSummary {
  readonly name: string;
  readonly title: string;
  readonly claim: string;
  readonly fields: readonly ProtocolField[];
}

export type ProtocolValue = z.infer<typeof ProtocolValue>;
export type Protocol = z.infer<typeof Protocol>;
export type ProtocolSize = (typeof PROTOCOL_SIZES)[number];
export type ProtocolField = z.infer<typeof ProtocolField>;
export type ExperimentPlot = z.infer<typeof ExperimentPlot>;
export type ExperimentRecord = z.infer<typeof ExperimentRecord>;
