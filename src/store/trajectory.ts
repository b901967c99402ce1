/** Trajectories: which open checkpoints form a run, in what order, what is known of them, and what of it is in view. */
import { directionId, directionWord } from '../analysis/direction-id';
import { defaultPath, type PathView } from '../analysis/link';
import { groupRuns, orderRun, runSignature, type RunOrder } from '../analysis/run-order';
import { axesOf, fitAll, type PathAxis, type PathFit } from '../analysis/slopes';
import type { TraceEvent } from '../analysis/trace';
import type { TracePath } from '../analysis/trace-plan';
import { LINE_POINTS, withPoint, type Trajectory } from '../analysis/trajectory';
import { InputError, isAbort, messageOf } from '../base/errors';
import type { Environment } from './environment';
import { shownReport } from './report';
import { currentSubject, type Subject } from './session';
import { digitsOf, requestOf, settingsOf, thresholdOf } from './settings';
import type { App, Get, Set } from './store';

/** The checkpoints of one run, first to last. */
export interface Run {
  key: string;
  members: readonly { subject: Subject; step: number | null }[];
  /** What the order rests on; null until a person has confirmed it. */
  by: RunOrder['by'] | 'person';
  reason: string;
}

export interface TrajectorySlice {
  /** By key of the run, of the line, or id of the snapshot. */
  trajectories: Record<string, Trajectory>;
  tracing: { key: string; name: string; done: number; total: number } | null;
  /** Order and steps that a person gave, by key of the run. */
  arranged: Record<string, readonly { id: string; step: number | null }[]>;
  /** Id of the checkpoint that distances are measured to, by key of the run; the last where there is none. */
  references: Record<string, string>;
  pathView: PathView;

  lookAlong(changes: Partial<PathView>): void;
  /** The slope along a direction of the report in view, by its place there. */
  slopeAlong(at: number): Promise<void>;
  moveMember(id: string, by: number): void;
  setStep(id: string, step: number | null): void;
  /** Takes the order that is shown for the right one. */
  confirmOrder(): void;
  measureTo(id: string): void;
  /** Analyses what is not analysed yet of the path in view. */
  trace(): Promise<void>;
  /** The same where it takes seconds, and nothing of it is there: for a link. */
  traceAtOnce(): Promise<void>;
  stopTracing(): void;
}

export function trajectorySlice(set: Set, get: Get, { client }: Pick<Environment, 'client'>): TrajectorySlice {
  let stop: AbortController | null = null;

  const arrange = (change: (members: { id: string; step: number | null }[]) => { id: string; step: number | null }[]) => {
    const run = currentRun(get());
    if (!run) return;
    const members = run.members.map(({ subject, step }) => ({ id: subject.id, step }));
    set({ arranged: { ...get().arranged, [run.key]: change(members) } });
  };

  return {
    trajectories: {},
    tracing: null,
    arranged: {},
    references: {},
    pathView: defaultPath,

    lookAlong: (changes) => set({ pathView: { ...get().pathView, ...changes } }),
    slopeAlong: async (at) => {
      const directions = shownReport(get())?.directions;
      if (!directions?.[at] || !currentSubject(get())?.inspection) return;
      get().lookAlong({ kind: 'line', direction: directionId(directions, at), window: null, at: null });
      get().look({ tab: 'trajectory' });
      if (!shownTrajectory(get()) && get().tracing === null) await get().trace();
    },
    moveMember: (id, by) =>
      arrange((members) => {
        const from = members.findIndex((m) => m.id === id);
        const to = Math.max(0, Math.min(members.length - 1, from + by));
        const [moved] = members.splice(from, 1);
        members.splice(to, 0, moved!);
        // Steps belong to places where they would contradict the order.
        const steps = members.map((m) => m.step);
        if (steps.every((s) => s !== null)) steps.sort((a, b) => a - b).forEach((step, i) => (members[i] = { ...members[i]!, step }));
        return members;
      }),
    setStep: (id, step) => arrange((members) => members.map((m) => (m.id === id ? { ...m, step } : m))),
    confirmOrder: () =>
      arrange((members) => (members.every((m) => m.step !== null) ? members.sort((a, b) => a.step! - b.step!) : members)),
    measureTo: (id) => {
      const run = currentRun(get());
      if (run) set({ references: { ...get().references, [run.key]: id } });
    },

    trace: async () => {
      const asked = pathInView(get());
      const subject = currentSubject(get());
      if (!asked || !subject?.inspection) return;
      stop?.abort();
      const controller = (stop = new AbortController());
      const { key, path, total } = asked;
      const settings = settingsOf(get(), subject.id);
      const request = { ...requestOf(subject.inspection, settings), threshold: 0, digits: null };
      const earlier = get().trajectories[key] ?? savedOf(get(), path.kind);
      const keep = (trajectory: Trajectory) => set({ trajectories: { ...get().trajectories, [key]: trajectory } });
      let soFar: Trajectory | null = null;
      const take = (event: TraceEvent) => {
        if (event.type === 'started') soFar = event.trajectory;
        else if (event.type === 'point') keep((soFar = withPoint(soFar!, event.at, event.point)));
        else set({ tracing: { key, name: event.name, done: event.done, total: event.total } });
      };
      set({ tracing: { key, name: '', done: 0, total } });
      try {
        keep(await client.trace({ path, probe: settings.probe, request, earlier }, take, controller.signal));
      } catch (error) {
        if (!isAbort(error)) get().refuse(error instanceof InputError ? (error.file ?? subject.name) : subject.name, messageOf(error));
      } finally {
        if (stop === controller) {
          stop = null;
          set({ tracing: null });
        }
      }
    },

    traceAtOnce: async () => {
      const asked = pathInView(get());
      const subject = currentSubject(get());
      if (!asked || !subject?.inspection || asked.path.kind !== get().pathView.kind || traceStage(get()) !== 'none') return;
      const run = currentRun(get());
      const costs = asked.path.kind === 'line' ? LINE_POINTS * subject.inspection.cost : run!.members.reduce((sum, m) => sum + m.subject.inspection!.cost, 0);
      if (costs <= AT_ONCE && (asked.path.kind === 'line' || run!.by !== null)) await get().trace();
    },

    stopTracing: () => {
      if (!stop) return;
      stop.abort();
      get().say('Stopped. Finished checkpoints are kept: Resume goes on from there.');
    },
  };
}

const signatures = new WeakMap<object, string>();

function signatureOf({ inspection }: Subject): string | null {
  if (!inspection) return null;
  let signature = signatures.get(inspection.checkpoint);
  if (signature === undefined) signatures.set(inspection.checkpoint, (signature = runSignature(inspection.checkpoint)));
  return signature;
}

/** A saved trajectory that was dropped beside the checkpoints: points of it that are of other weights are not taken over. */
function savedOf({ trajectories, subjects }: App, kind: TracePath['kind']): Trajectory | null {
  const saved = subjects.filter((s) => s.inspection === null).flatMap((s) => trajectories[s.id] ?? []);
  return saved.find((t) => t.path === kind) ?? null;
}

let lastRun: { subjects: readonly Subject[]; arranged: TrajectorySlice['arranged']; signature: string; run: Run | null } | null = null;

/** The run that the current checkpoint belongs to; null where it is alone. */
export function currentRun(state: Pick<App, 'subjects' | 'current' | 'arranged'>): Run | null {
  const current = currentSubject(state);
  const signature = current && signatureOf(current);
  if (!signature) return null;
  const { subjects, arranged } = state;
  if (lastRun?.subjects !== subjects || lastRun.arranged !== arranged || lastRun.signature !== signature) {
    lastRun = { subjects, arranged, signature, run: runOf(subjects, signature, arranged[signature]) };
  }
  return lastRun.run;
}

function runOf(subjects: readonly Subject[], key: string, arranged: TrajectorySlice['arranged'][string] | undefined): Run | null {
  const kin = subjects.filter((s) => signatureOf(s) === key);
  if (kin.length < 2) return null;
  const found = orderRun(kin.map((s) => ({ name: s.name, recorded: s.inspection!.step ?? null })));
  const members = found.order.map((i, at) => ({ subject: kin[i]!, step: found.steps[at]! }));
  if (!arranged) return { key, members, by: found.by, reason: found.reason };
  // What was dropped since then comes last.
  const placed = arranged.flatMap(({ id, step }) => kin.filter((s) => s.id === id).map((subject) => ({ subject, step })));
  const rest = members.filter((m) => !placed.some((p) => p.subject.id === m.subject.id));
  return { key, members: [...placed, ...rest], by: 'person', reason: 'The order was given by hand.' };
}

/** Seconds that a run may take to be traced without being asked for. */
const AT_ONCE = 15;

/** What a drop holds of a run whose order is plain: its last checkpoint, and whether it is small enough to be traced at once; null where there is none. */
export function runOfDrop(added: readonly Subject[]): { last: string; atOnce: boolean } | null {
  const run = groupRuns(added.flatMap((s) => (s.inspection ? [s.inspection] : [])))[0] ?? [];
  const { order, by } = orderRun(run.map((i) => ({ name: i.checkpoint.name, recorded: i.step ?? null })));
  if (run.length < 2 || by === null) return null;
  return { last: run[order.at(-1)!]!.id, atOnce: run.reduce((sum, i) => sum + i.cost, 0) <= AT_ONCE };
}

export interface PathInView {
  key: string;
  path: TracePath;
  /** Checkpoints; 0 for a line, whose points nobody has counted yet. */
  total: number;
}

let lastPath: { of: readonly unknown[]; path: PathInView } | null = null;

/** What Trace would analyse, the same object while that is the same; null for a snapshot and on the first page. */
export function pathInView(state: Pick<App, 'subjects' | 'current' | 'arranged' | 'references' | 'pathView'>): PathInView | null {
  const subject = currentSubject(state);
  if (!subject?.inspection) return null;
  const { references, pathView: { kind, direction } } = state;
  const run = currentRun(state);
  const of = [run, subject, kind, direction, references];
  if (!lastPath || of.some((part, i) => part !== lastPath!.of[i])) lastPath = { of, path: pathOf(run && kind === 'run' ? run : null, subject, direction, references) };
  return lastPath.path;
}

function pathOf(run: Run | null, { id, inspection }: Subject, direction: PathView['direction'], references: TrajectorySlice['references']): PathInView {
  if (!run) return { key: `line ${id}${direction ? ` ${directionWord(direction)}` : ''}`, path: { kind: 'line', id, seed: inspection!.request.seed, direction }, total: 0 };
  const at = run.members.findIndex((m) => m.subject.id === references[run.key]);
  const members = run.members.map(({ subject, step }) => ({ id: subject.id, step }));
  return { key: run.key, path: { kind: 'run', members, reference: at < 0 ? null : at }, total: members.length };
}

/** The trajectory of the path in view, or of the snapshot in view. */
export function shownTrajectory(state: App): Trajectory | null {
  const subject = currentSubject(state);
  if (!subject) return null;
  const key = subject.inspection ? pathInView(state)!.key : subject.id;
  return state.trajectories[key] ?? null;
}

/** Axis in view, or the first on which this trajectory has places. */
export function shownAxis({ pathView }: Pick<App, 'pathView'>, trajectory: Trajectory): PathAxis {
  const axes = axesOf(trajectory);
  return axes.includes(pathView.axis) ? pathView.axis : (axes.at(-1) ?? 'log distance');
}

let lastFits: { trajectory: Trajectory; key: string; fits: PathFit[] } | null = null;

/** Fits of every tap, at the cut and over the window in view. */
export function shownFits(state: App): readonly PathFit[] {
  const trajectory = shownTrajectory(state);
  if (!trajectory) return nothing;
  const axis = shownAxis(state, trajectory);
  const { window } = state.pathView;
  const cut = { threshold: thresholdOf(state), digits: digitsOf(state) };
  const key = JSON.stringify([axis, window, cut]);
  if (lastFits?.trajectory !== trajectory || lastFits.key !== key) lastFits = { trajectory, key, fits: fitAll(trajectory, axis, window, cut) };
  return lastFits.fits;
}

const nothing: readonly PathFit[] = [];

/** How much of the path in view is analysed. */
export function traceStage(state: App): 'none' | 'running' | 'part' | 'all' {
  const path = pathInView(state);
  const trajectory = shownTrajectory(state);
  if (path && state.tracing?.key === path.key) return 'running';
  if (!trajectory || trajectory.points.length === 0) return 'none';
  const { points, planned } = trajectory;
  if (!path || path.path.kind === 'line') return points.length < planned ? 'part' : 'all';
  const run = currentRun(state)!;
  const same = run.members.every((m, i) => points[i]?.name === nameOf(m.subject) && points[i].step === m.step);
  return same && points.length === run.members.length && referenceName(state, run) === trajectory.reference ? 'all' : 'part';
}

/** As the engine names it: an example has a title of its own. */
const nameOf = ({ inspection }: Subject): string => inspection!.checkpoint.name;

/** Name of the checkpoint that distances are measured to. */
export function referenceName(state: Pick<App, 'references'>, run: Run): string {
  return nameOf((run.members.find((m) => m.subject.id === state.references[run.key]) ?? run.members.at(-1)!).subject);
}
