/** The part of a report that holds directions: the zod schemas are its only definition (report.ts). */
import { z } from 'zod';

const name = z.string().max(100_100);
const count = z.int().min(0);
const sentence = z.string().max(4000);
const order = z.int().min(1).max(100).nullable();

export const VERDICTS = ['regular', 'singular', 'gauge', 'flat fibre', 'unresolved'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The directional Fisher F_u(t) along the straight line, with the divergence beside it. */
export const Sweep = z.object({
  /** Ascending in t. `estimate`: sqrt(t^2 F / (2 KL)), which tends to the order; null under the floor. */
  points: z.array(z.object({ t: z.number(), fisher: z.number(), divergence: z.number(), estimate: z.number().nullable() })).max(1000).readonly(),
  /** F_u at or under this is roundoff. */
  floor: z.number(),
  /** First and last t of the fit; null where too few points were left. */
  window: z.tuple([z.number(), z.number()]).readonly().nullable(),
  slope: z.number().nullable(),
  /** Of the slope. */
  interval: z.tuple([z.number(), z.number()]).readonly().nullable(),
  /** 1 + slope / 2 where the interval holds exactly one whole number. */
  order,
  estimate: z.number().nullable(),
});

export const Direction = z.object({
  /** Registry key: 'dead-unit', 'spectral-tail', 'symmetry', ... */
  detector: z.string().max(64),
  layer: name,
  /** Which of the detector's directions this is. */
  note: sentence.nullable(),
  /** First order that shows on the straight line; null where none does. */
  lineOrder: order,
  /** Order along the best arc; null when flat or unresolved. */
  order,
  verdict: z.enum(VERDICTS),
  /** 1 / (2 order); 0 when flat, null when unresolved. */
  coefficient: z.number().nullable(),
  /** How far the outputs move at that order, relative to a generic coefficient of the same order. */
  magnitude: z.number().nullable(),
  evidence: sentence,
  /** By order, relative to a generic coefficient: on the straight line, and after the arc has absorbed what it can. */
  obstructions: z.array(z.object({ order: count, line: z.number(), lifted: z.number().nullable() })).max(100).readonly(),
  sweep: Sweep.nullable(),
});

export const AuditLine = z.object({
  layer: name,
  parameters: count,
  /** Null dimensions of the Jacobian by this layer's parameters. */
  found: count,
  /** Of symmetries of the architecture that live in this layer alone. */
  expected: count,
  families: z.array(z.object({ family: z.string().max(200), dimension: count })).max(1000).readonly(),
  /** Outputs x kernel of the inputs; kernel of the gradients x inputs. */
  inputKernel: count,
  gradientKernel: count,
  unexplained: count,
});

/** (lambda, m, nu), or why not. */
export const Triple = z.union([
  z.object({ lambda: z.string().max(100), value: z.number(), multiplicity: count, nu: z.number().nullable(), assumption: sentence }),
  z.object({ lambda: z.null(), bounds: z.tuple([z.number(), z.number().nullable()]).readonly().nullable(), reason: sentence }),
]);

export type Sweep = z.infer<typeof Sweep>;
export type Direction = z.infer<typeof Direction>;
export type AuditLine = z.infer<typeof AuditLine>;
export type Triple = z.infer<typeof Triple>;
