/**
 * A trajectory, checkpoint by checkpoint. Weights are read when they are needed and let go before the next checkpoint, so that those of two
 * are in memory at most; what is finished is handed out at once, so that a run that stops loses what it was at.
 */
import { InputError, messageOf } from '../base/errors';
import { sha256 } from '../base/sha256';
import type { Checkpoint } from '../checkpoint/types';
import type { Parameter } from '../model/types';
import type { Solver } from '../numerics/types';
import type { ProbeContent } from '../probe/content';
import type { Means } from './analyze';
import { APP } from './app';
import type { Phase } from './events';
import { prepare, type Prepared } from './inspect';
import { probeHash } from './probe-hash';
import { rememberingSolver } from './remembering-solver';
import { Layer, type Report, type Spectrum } from './report';
import type { Request } from './request';
import { contentsOf, type Contents } from './tensor-hashes';
import { TRAJECTORY_SCHEMA, type Trajectory, type TrajectoryPoint } from './trajectory';

export interface TraceItem {
  readonly checkpoint: Checkpoint;
  readonly name: string;
  readonly step: number | null;
  /** Weights of the model in place of those of the checkpoint: what names them beside it, and how far away they are. */
  readonly moved?: { readonly key: string; readonly distance: number; parameters(): Map<string, Parameter> };
}

export interface TracePlan {
  readonly path: Trajectory['path'];
  readonly direction: Trajectory['direction'];
  /** First to last. */
  readonly items: readonly TraceItem[];
  /** Index of the item that distances are measured to. */
  readonly reference: number;
  readonly request: Partial<Request>;
  readonly probe: ProbeContent | null;
  /** Points of it that are the same checkpoint under the same request and probe are taken over. */
  readonly earlier: Trajectory | null;
}

export type TraceEvent =
  /** First: with the points of an earlier trajectory that answer the same question, in their order. */
  | { type: 'started'; trajectory: Trajectory }
  /** The next point of the path, `at` = 0, 1, …: what came before it is final. */
  | { type: 'point'; at: number; point: TrajectoryPoint }
  /** `done` counts finished points and what is done of the next one. */
  | { type: 'progress'; name: string; phase: Phase; done: number; total: number };

export interface TraceMeans {
  /** Analyses one checkpoint, on whatever backend. */
  analyze(checkpoint: Checkpoint, request: Request, means: Pick<Means, 'solver' | 'emit' | 'known' | 'parameters'>): Promise<Report>;
  readonly solver: Solver;
  emit(event: TraceEvent): void;
  readonly signal?: AbortSignal;
}

/** @throws InputError where a checkpoint cannot be read or analysed (points that were emitted stay valid); AbortError on cancel. */
export async function trace({ path, direction, items, reference, request, probe, earlier }: TracePlan, means: TraceMeans): Promise<Trajectory> {
  const started = performance.now();
  const { signal, emit } = means;
  const first = items[0]?.checkpoint;
  if (!first) throw new InputError('no-checkpoint', 'A trajectory needs at least one checkpoint.');
  const prepared = await prepare(first, probe, { ...request, directions: false });
  const trajectory: Trajectory = { ...(await emptyTrajectory(path, items, reference, prepared)), direction };
  const given = earlier && sameQuestion(earlier, trajectory) ? earlier.points.filter((p) => p.spectra.length > 0) : [];
  emit({ type: 'started', trajectory: { ...trajectory, points: given } });
  const done = new Map(given.map((p) => [p.content, p]));
  const isParameter = parametersOf(prepared);
  const solver = rememberingSolver(means.solver);
  const target = items[reference]!.checkpoint;
  const origin = await contentsOf(target, null, isParameter, signal);
  let before: { contents: Contents; spectra: ReadonlyMap<string, Spectrum> } | null = null;

  for (const [i, item] of items.entries()) {
    const progress = (phase: Phase, part: number) => emit({ type: 'progress', name: item.name, phase, done: i + part, total: items.length });
    progress('read', 0);
    const pointStarted = performance.now();
    const contents = item.moved
      ? await movedContents(origin, item.moved)
      : i === reference
        ? origin
        : await contentsOf(item.checkpoint, { checkpoint: target, hashes: origin.hashes }, isParameter, signal);
    const place = { name: item.name, step: item.step, distance: contents.distance, format: item.checkpoint.format, fingerprint: item.checkpoint.fingerprint };
    const known = done.get(contents.whole);
    let point: TrajectoryPoint;
    if (known) point = { ...known, ...place };
    else {
      const last = before;
      let found: Found = { spectra: [], skipped: [], probe: { meanLoss: null }, provenance: { backend: 'none' } };
      try {
        const report = await means.analyze(item.checkpoint, prepared.request, {
          solver,
          emit: (event) => event.type === 'progress' && progress(event.phase, event.done / event.total),
          known: (tensor) => (last && last.contents.hashes.get(tensor) === contents.hashes.get(tensor) ? (last.spectra.get(tensor) ?? null) : null),
          parameters: item.moved && (async () => item.moved!.parameters()),
        });
        trajectory.provenance.device = report.provenance.device;
        found = report;
      } catch (error) {
        // A checkpoint that diverged leaves a gap; what a backend cannot do, it cannot do for the others either.
        if (!(error instanceof InputError) || error.code.includes('gpu')) throw error;
        found.skipped.push({ layer: '', side: null, reason: messageOf(error).slice(0, 4000) });
      }
      before = { contents, spectra: new Map(found.spectra.map((s) => [tensorOf(prepared, s), s])) };
      point = pointOf(found, { ...place, content: contents.whole, seconds: (performance.now() - pointStarted) / 1000 }, trajectory.points.at(-1));
      done.set(contents.whole, point);
      solver.turn();
    }
    trajectory.points.push(point);
    emit({ type: 'point', at: i, point });
  }
  trajectory.provenance.seconds = (performance.now() - started) / 1000;
  return trajectory;
}

/** What a point takes of a report. */
interface Found extends Pick<Report, 'spectra' | 'skipped'> {
  readonly probe: Pick<Report['probe'], 'meanLoss'>;
  readonly provenance: Pick<Report['provenance'], 'backend'>;
}

function pointOf(report: Found, place: Omit<TrajectoryPoint, 'spectra' | 'skipped' | 'meanLoss' | 'backend' | 'unchanged'>, last: TrajectoryPoint | undefined): TrajectoryPoint {
  const before = new Map(last?.spectra.map((s) => [`${s.tap.side} ${s.tap.layer}`, s.gram.sha256]));
  return {
    ...place,
    spectra: report.spectra.map(({ residuals: _, ...spectrum }) => spectrum),
    skipped: report.skipped,
    meanLoss: report.probe.meanLoss,
    backend: report.provenance.backend,
    unchanged: report.spectra.filter((s) => before.get(`${s.tap.side} ${s.tap.layer}`) === s.gram.sha256).length,
  };
}

async function movedContents(origin: Contents, { key, distance }: NonNullable<TraceItem['moved']>): Promise<Contents> {
  return { hashes: origin.hashes, whole: await sha256(new TextEncoder().encode(`${origin.whole} ${key}`)), distance };
}

async function emptyTrajectory(path: Trajectory['path'], items: readonly TraceItem[], reference: number, p: Prepared): Promise<Omit<Trajectory, 'direction'>> {
  return {
    kind: 'deadreckon-trajectory',
    schema: TRAJECTORY_SCHEMA,
    path,
    request: p.request,
    model: p.model,
    probe: p.summary,
    probeContent: await probeHash(p.probe),
    // As they are saved: a model's own layers know more.
    layers: p.selected.map((layer) => Layer.parse(layer)),
    reference: items[reference]!.name,
    points: [],
    planned: items.length,
    provenance: { app: APP, device: '', createdAt: new Date().toISOString(), seconds: 0 },
  };
}

/** Whether the points of one trajectory are what the other would compute: the same program, request (but for the memory), probe and layers. */
function sameQuestion(a: Trajectory, b: Trajectory): boolean {
  const essence = ({ provenance, request, model, probeContent, layers }: Trajectory) =>
    JSON.stringify([provenance.app, Object.entries({ ...request, memory: null }).sort(([x], [y]) => (x < y ? -1 : 1)), model.architecture, probeContent, layers]);
  return essence(a) === essence(b);
}

/** Tensors that training moves: of a model those that its passes use, of anything else all. */
export function parametersOf({ subject }: Pick<Prepared, 'subject'>): (name: string) => boolean {
  if (subject.kind !== 'model') return () => true;
  const { tensors } = subject.model;
  return (name) => ['analysed', 'used'].includes(tensors.get(name)?.status ?? '');
}

/** The tensor that a spectrum was read from, where it was read from one. */
function tensorOf({ subject }: Prepared, { tap }: Spectrum): string {
  if (subject.kind !== 'bundle') return tap.layer;
  return subject.taps.find((t) => t.layer === tap.layer && t.side === tap.side)!.tensor.name;
}
