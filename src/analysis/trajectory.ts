/**
 * The spectra of several checkpoints of one run, or of points on a line through one, as plain data: what plots and fits need, and no
 * weights. Saved, shared and opened like a report.
 */
import { z } from 'zod';
import { DirectionId } from './direction-id';
import { Layer, ModelSummary, ProbeSummary, REPORT_SCHEMA, Skipped, Spectrum, type Report } from './report';
import { Request } from './request';

export const TRAJECTORY_SCHEMA = 1;

/** The steps of a line: powers of ten, and how many for each decade. */
export const LINE = { from: -1, to: -6, perDecade: 5 } as const;
/** With the checkpoint itself. */
export const LINE_POINTS = (LINE.from - LINE.to) * LINE.perDecade + 2;

const name = z.string().max(100_100);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

/** Residuals are checked when a spectrum is solved and stay in its report. */
const PathSpectrum = Spectrum.omit({ residuals: true });

export const TrajectoryPoint = z.object({
  name,
  /** Training step; null on a line, and where nobody gave one. */
  step: z.number().nullable(),
  /** Euclidean distance of the parameters to those of the reference. */
  distance: z.number().min(0),
  format: z.string().max(64),
  fingerprint: z.string().max(100),
  /** SHA-256 over the values of all tensors: equal where nothing changed. */
  content: sha256,
  spectra: z.array(PathSpectrum).max(100_000),
  skipped: z.array(Skipped).max(100_000),
  meanLoss: z.number().nullable(),
  backend: z.string().max(32),
  seconds: z.number().min(0),
  /** Spectra whose Gram has the bits of the point before: they were not solved again. */
  unchanged: z.int().min(0),
});

export const Trajectory = z.object({
  kind: z.literal('deadreckon-trajectory'),
  schema: z.literal(TRAJECTORY_SCHEMA),
  /** 'run': checkpoints, in the order of training. 'line': w + epsilon u for falling epsilon, the checkpoint itself last. */
  path: z.enum(['run', 'line']),
  /** What a line goes along; null where it is a random direction, as for a run. */
  direction: DirectionId.nullable().default(null),
  /** With every default filled in, the same for all points. */
  request: Request,
  model: ModelSummary,
  probe: ProbeSummary,
  /** SHA-256 of inputs and targets: a probe of the same name may hold other numbers. */
  probeContent: sha256,
  layers: z.array(Layer).max(20_000),
  /** Name of the point that distances are measured to. */
  reference: name,
  points: z.array(TrajectoryPoint).max(10_000),
  /** Points in all: more than there are where the analysis was stopped. */
  planned: z.int().min(0),
  provenance: z.object({ app: z.string().max(64), device: z.string().max(400), createdAt: z.string().max(40), seconds: z.number().min(0) }),
});

export type Trajectory = z.infer<typeof Trajectory>;
export type TrajectoryPoint = z.infer<typeof TrajectoryPoint>;
export type PathSpectrum = z.infer<typeof PathSpectrum>;

/** What a point knows, as a report: for the views that show one checkpoint. */
export function reportOfPoint(trajectory: Trajectory, at: number): Report {
  const point = trajectory.points[at]!;
  const { format, fingerprint, skipped, meanLoss, backend, seconds } = point;
  const { app, device, createdAt } = trajectory.provenance;
  return {
    kind: 'deadreckon-report',
    schema: REPORT_SCHEMA,
    request: trajectory.request,
    checkpoint: { format, name: point.name, files: [], fingerprint, warnings: [], tensors: [], tensorCount: 0 },
    model: trajectory.model,
    probe: { ...trajectory.probe, meanLoss },
    layers: trajectory.layers,
    spectra: point.spectra.map(withoutResiduals),
    skipped,
    provenance: { app, backend, device, createdAt, seconds, phases: {}, partial: false, grams: null },
  };
}

const complete = new WeakMap<PathSpectrum, Spectrum>();

/** As a report has it, with no residual known; the same object for the same spectrum. */
export function withoutResiduals(spectrum: PathSpectrum): Spectrum {
  let whole = complete.get(spectrum);
  if (!whole) complete.set(spectrum, (whole = { ...spectrum, residuals: spectrum.eigenvalues.map(() => null) }));
  return whole;
}

/**
 * A trajectory with one point more. Points of an earlier one stay behind it until their own turn comes: whoever stops then and goes on
 * later loses none of them.
 */
export function withPoint(trajectory: Trajectory, at: number, point: TrajectoryPoint): Trajectory {
  const { points } = trajectory;
  return { ...trajectory, points: [...points.slice(0, at), point, ...points.slice(at).filter((p) => p.content !== point.content)] };
}
