/** From what a person asks for, by ids of open checkpoints, to what is traced: a run, or a line through one checkpoint. */
import type { ProbeContent } from '../probe/content';
import { prepare } from './inspect';
import type { Request } from './request';
import type { Session } from './session';
import { lineThrough } from './slope-probe';
import { parametersOf, type TracePlan } from './trace';
import type { Trajectory } from './trajectory';

export type TracePath =
  /** `members` first to last; distances are measured to the one at `reference`, or to the last. */
  | { kind: 'run'; members: readonly { id: string; step: number | null }[]; reference: number | null }
  /** `seed` of the direction. */
  | { kind: 'line'; id: string; seed: number };

export interface TraceAsk {
  path: TracePath;
  request: Partial<Request>;
  /** What is done already. */
  earlier: Trajectory | null;
}

/** @throws InputError where a checkpoint is not open any more, or the request does not fit. */
export async function planTrace(session: Session, { path, request, earlier }: TraceAsk, probe: ProbeContent | null): Promise<TracePlan> {
  if (path.kind === 'run') {
    const items = path.members.map(({ id, step }) => {
      const checkpoint = session.checkpoint(id);
      return { checkpoint, name: checkpoint.name, step };
    });
    return { path: 'run', items, reference: path.reference ?? items.length - 1, request, probe, earlier };
  }
  const checkpoint = session.checkpoint(path.id);
  const prepared = await prepare(checkpoint, probe, request);
  const items = lineThrough(checkpoint, parametersOf(prepared), { seed: path.seed });
  // Small steps are lost in float32; error bars of single points are not what the slope's interval is made of.
  return { path: 'line', items, reference: items.length - 1, request: { ...request, backend: 'cpu-f64', folds: 0, parameter: false }, probe, earlier };
}
