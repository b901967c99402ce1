/** From what a person asks for, by ids of open checkpoints, to what is traced: a run, or a line through one checkpoint. */
import { InputError } from '../base/errors';
import type { Checkpoint } from '../checkpoint/types';
import type { TensorOps } from '../numerics/ops';
import type { ProbeContent } from '../probe/content';
import type { DirectionId } from './direction-id';
import { directionVector } from './directions';
import { prepare, type Prepared } from './inspect';
import type { Request } from './request';
import type { Session } from './session';
import { lineAlong, lineThrough } from './slope-probe';
import { parametersOf, type TracePlan } from './trace';
import type { Trajectory } from './trajectory';

export type TracePath =
  /** `members` first to last; distances are measured to the one at `reference`, or to the last. */
  | { kind: 'run'; members: readonly { id: string; step: number | null }[]; reference: number | null }
  /** Along one of the directions that were read, or along a random one of this seed. */
  | { kind: 'line'; id: string; seed: number; direction: DirectionId | null };

export interface TraceAsk {
  path: TracePath;
  request: Partial<Request>;
  /** What is done already. */
  earlier: Trajectory | null;
}

/** @throws InputError where a checkpoint is not open any more, the request does not fit, or a direction is not found again. */
export async function planTrace(session: Session, { path, request, earlier }: TraceAsk, probe: ProbeContent | null, ops: TensorOps): Promise<TracePlan> {
  if (path.kind === 'run') {
    const items = path.members.map(({ id, step }) => {
      const checkpoint = session.checkpoint(id);
      return { checkpoint, name: checkpoint.name, step };
    });
    return { path: 'run', direction: null, items, reference: path.reference ?? items.length - 1, request, probe, earlier };
  }
  const checkpoint = session.checkpoint(path.id);
  const prepared = await prepare(checkpoint, probe, request);
  const { direction, items } = await lineOf(checkpoint, prepared, path, ops);
  // Small steps are lost in float32; error bars of single points are not what the slope's interval is made of.
  return { path: 'line', direction, items, reference: items.length - 1, request: { ...request, backend: 'cpu-f64', folds: 0, parameter: false }, probe, earlier };
}

async function lineOf(checkpoint: Checkpoint, prepared: Prepared, { seed, direction: id }: Extract<TracePath, { kind: 'line' }>, ops: TensorOps): Promise<Pick<TracePlan, 'direction' | 'items'>> {
  if (id === null) return { direction: null, items: lineThrough(checkpoint, parametersOf(prepared), { seed }) };
  const { subject, probe, request } = prepared;
  if (subject.kind !== 'model') throw new InputError('direction', `${checkpoint.name}: directions are those of a network that can be run, and no known architecture was recognised here.`, { file: checkpoint.name });
  const { model } = subject;
  const found = await directionVector(model, await model.parameters(), probe!, { loss: request.loss!, seed: request.seed }, ops, id);
  const direction = { ...id, note: found.note };
  return { direction, items: lineAlong(checkpoint, found, JSON.stringify(direction)) };
}
