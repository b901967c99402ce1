/** `trajectory`: the checkpoints of one run among the paths, in order, or a line through a single one; slopes as a table. */
import { readFile } from 'node:fs/promises';
import { directionWord } from '../analysis/direction-id';
import type { Inspection } from '../analysis/events';
import { groupRuns, orderRun } from '../analysis/run-order';
import type { Session } from '../analysis/session';
import { axesOf, fitAll, multipleOf, type PathAxis, type PathFit, type Slope } from '../analysis/slopes';
import { verdictOf } from '../analysis/slope-verdict';
import { parseTrajectory } from '../analysis/snapshot';
import { trace, type TraceMeans, type TracePlan } from '../analysis/trace';
import { planTrace, type TracePath } from '../analysis/trace-plan';
import { withPoint, type Trajectory } from '../analysis/trajectory';
import { InputError } from '../base/errors';
import { naturalCompare } from '../base/natural';
import type { TensorOps } from '../numerics/ops';
import type { TrajectoryCommand } from './arguments';
import { grid } from './table';

export interface TraceFilesAsk extends Pick<TrajectoryCommand, 'steps' | 'reference' | 'request' | 'direction'> {
  earlier: Trajectory | null;
  /** Whether a folder is among the paths: its files have no order of their own. */
  folder: boolean;
}

export interface TraceFilesMeans extends Omit<TraceMeans, 'emit'> {
  say(line: string): void;
  /** Called with every finished point added, one call at a time. */
  save(trajectory: Trajectory): Promise<void>;
  /** Where the vector of a direction is found again, in float64. */
  ops: TensorOps;
}

export async function traceFiles(session: Session, open: readonly Inspection[], ask: TraceFilesAsk, probe: TracePlan['probe'], means: TraceFilesMeans): Promise<Trajectory> {
  const { say, save, ops, ...rest } = means;
  const path = pathOf(open, ask, say);
  const plan = await planTrace(session, { path, request: ask.request, earlier: ask.earlier }, probe, ops);
  let soFar: Trajectory | null = null;
  let saved = Promise.resolve();
  let last = '';
  try {
    return await trace(plan, {
      ...rest,
      // What is finished is on disk before the next one is computed.
      analyze: async (...args) => {
        await saved;
        return means.analyze(...args);
      },
      emit: (event) => {
        if (event.type === 'started') soFar = event.trajectory;
        else if (event.type === 'point') {
          const now: Trajectory = (soFar = withPoint(soFar!, event.at, event.point));
          const { name, distance, unchanged, spectra } = event.point;
          say(`${event.at + 1} of ${now.planned}: ${name}, distance ${distance.toPrecision(4)}${unchanged > 0 ? `, ${unchanged} of ${spectra.length} spectra unchanged` : ''}`);
          saved = saved.then(() => save(now));
        } else {
          const line = `${event.name}: ${event.phase}`;
          if (line !== last && event.phase !== 'read') say(line);
          last = line;
        }
      },
    });
  } finally {
    await saved;
  }
}

function pathOf(open: readonly Inspection[], { steps, reference, folder, direction }: TraceFilesAsk, say: (line: string) => void): TracePath {
  if (open.length === 0) throw new InputError('no-checkpoint', 'There is no checkpoint among these paths.');
  if (open.length === 1) {
    const { id, checkpoint, request } = open[0]!;
    const along = direction === null ? `a line through it (seed ${request.seed})` : directionWord(direction);
    say(`${checkpoint.name}: one checkpoint, so it is read along ${along}`);
    return { kind: 'line', id, seed: request.seed, direction };
  }
  if (direction !== null) throw new InputError('direction', `A line goes through one checkpoint, and these paths hold ${open.length}: give the one that --direction is of.`);
  const [run, ...others] = groupRuns(open);
  for (const other of others.flat()) say(`${other.checkpoint.name}: left out, its tensors are not those of the other checkpoints`);
  if (run!.length < 2) throw new InputError('no-run', 'No two of these checkpoints have the same tensors: they are not of one run.');
  const listed = folder ? [...run!].sort((a, b) => naturalCompare(a.checkpoint.name, b.checkpoint.name)) : run!;
  const members = ordered(listed, steps, folder);
  for (const { id, step } of members) say(`  ${step === null ? '' : `step ${step}  `}${listed.find((c) => c.id === id)!.checkpoint.name}`);
  const at = reference === null ? null : members.findIndex(({ id }) => listed.find((c) => c.id === id)!.checkpoint.name === reference);
  if (at === -1) throw new InputError('reference', `There is no checkpoint named '${reference}' in this run; the names are those in the list above.`);
  return { kind: 'run', members, reference: at };
}

function ordered(run: readonly Inspection[], steps: readonly number[] | null, folder: boolean): { id: string; step: number | null }[] {
  if (steps !== null) {
    if (steps.length !== run.length) throw new InputError('steps', `--steps gives ${steps.length} steps for ${run.length} checkpoints: ${run.map((c) => c.checkpoint.name).join(', ')}.`);
    return run.map(({ id }, i) => ({ id, step: steps[i]! })).sort((a, b) => a.step - b.step);
  }
  const found = orderRun(run.map((c) => ({ name: c.checkpoint.name, recorded: c.step ?? null })));
  if (found.by === null && !folder) return run.map(({ id }) => ({ id, step: null }));
  if (found.by === null) throw new InputError('order', `${found.reason} Give --steps, one for each of ${run.map((c) => c.checkpoint.name).join(', ')}; or give the files one by one, in order.`);
  return found.order.map((i, at) => ({ id: run[i]!.id, step: found.steps[at]! }));
}

/** A trajectory to go on with; null where there is none and none is demanded. */
export async function savedTrajectory(path: string | null, demanded: boolean): Promise<Trajectory | null> {
  if (path === null) return null;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (!demanded && (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new InputError('resume', `${path} cannot be read: give the file that an earlier --out wrote.`);
  }
  return parseTrajectory(text, path);
}

/** Axes that slopes are printed for: those on which dead directions have power laws. */
function fitsOf(trajectory: Trajectory): Partial<Record<PathAxis, PathFit[]>> {
  const { threshold, digits } = trajectory.request;
  return Object.fromEntries(axesOf(trajectory).filter((axis) => axis !== 'step').map((axis) => [axis, fitAll(trajectory, axis, null, { threshold, digits })]));
}

/** The trajectory, with its fits beside the points. */
export function trajectoryJson(trajectory: Trajectory): string {
  return JSON.stringify({ ...trajectory, fits: fitsOf(trajectory) });
}

const COLUMNS = ['layer', 'side', 'points', 'kept', 'deficit', 'log det⁺ slope', 'λ⁺_min slope', 'ratio', 'r', ''];

export function trajectoryText(trajectory: Trajectory): string {
  const { model, probe, points, planned, path, direction, provenance } = trajectory;
  const along = direction === null ? 'on a line' : `along ${directionWord(direction)}${direction.note === null ? '' : ` (${direction.note})`}`;
  const lines = [`${points.length} of ${planned} ${path === 'run' ? 'checkpoints' : `points ${along}`} · ${model.title}`, `probe: ${probe.description}`];
  for (const [axis, fits] of Object.entries(fitsOf(trajectory))) lines.push('', `slopes in ${path === 'run' ? axis : 'log ε'}:`, ...grid([COLUMNS, ...fits.map((fit) => row(fit, trajectory))]));
  lines.push('', 'r: eigenvalues that die after the fitted points or, where none does, fall together; the ratio of the slopes should be r.');
  lines.push(`${provenance.device} · ${provenance.seconds.toFixed(2)} s`);
  return lines.join('\n') + '\n';
}

function row(fit: PathFit, { path, direction }: Trajectory): string[] {
  const { layer, side, points, kept, deficit, volume, smallest, ratio, law } = fit;
  const slope = (s: Pick<Slope, 'value' | 'halfWidth'> | null) => (s === null ? '–' : `${s.value.toFixed(3)} ± ${s.halfWidth.toPrecision(1)}`);
  const range = points.length === 0 ? '–' : `${points[0]! + 1}–${points.at(-1)! + 1}`;
  const word = path === 'line' ? verdictOf(fit, direction !== null).sentence : law === 'exponential' ? 'closer to an exponential than to a power of the step' : '';
  return [layer, side, range, String(kept), String(deficit ?? '?'), slope(volume), slope(smallest), slope(ratio), String(multipleOf(fit)), word];
}
