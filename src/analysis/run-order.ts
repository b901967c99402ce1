/** Which open checkpoints belong to one training run, and in what order they were saved. */
import { naturalCompare } from '../base/natural';
import type { CheckpointSummary } from './report';

/** What ordering needs to know of a checkpoint. */
export interface RunMember {
  /** Path as dropped. */
  readonly name: string;
  /** Step that the file itself records, where it does. */
  readonly recorded: number | null;
}

export interface RunOrder {
  /** Indices of the members, first to last. */
  readonly order: readonly number[];
  /** By position in `order`; null where it is not known. */
  readonly steps: readonly (number | null)[];
  /** What the order rests on; null where it is a guess that a person has to confirm. */
  readonly by: 'metadata' | 'names' | null;
  /** Why, one sentence. */
  readonly reason: string;
}

/** Checkpoints of one run have the same tensors: names and shapes, not types. */
export function runSignature({ tensors, tensorCount }: Pick<CheckpointSummary, 'tensors' | 'tensorCount'>): string {
  return JSON.stringify([tensorCount, tensors.map(({ name, shape }) => [name, shape.join('x')])]);
}

/** Checkpoints by run, the longest run first. */
export function groupRuns<T extends { readonly checkpoint: CheckpointSummary }>(open: readonly T[]): T[][] {
  const runs = new Map<string, T[]>();
  for (const item of open) {
    const signature = runSignature(item.checkpoint);
    runs.set(signature, [...(runs.get(signature) ?? []), item]);
  }
  return [...runs.values()].sort((a, b) => b.length - a.length);
}

/** Keys under which training scripts save how far they are, the finest first. */
const RECORDED = ['global_step', 'step', 'iter_num', 'iteration', 'iter', 'num_steps', 'steps', 'epoch'];

/** The step among the scalars of a file ('iter_num', 'trainer.global_step'); null where it holds none. */
export function recordedStep(metadata: ReadonlyMap<string, string>): number | null {
  for (const wanted of RECORDED) {
    for (const [key, value] of metadata) {
      const step = value.trim() === '' ? NaN : Number(value);
      if (key.toLowerCase().split('.').at(-1) === wanted && Number.isFinite(step) && step >= 0) return step;
    }
  }
  return null;
}

/** Words before a number that name a step, the finest first. */
const WORDS = ['global[-_ ]?step', 'steps?', 'iter(?:ation)?s?', 'checkpoint', 'ckpt', 'epochs?', 'ep'];
const MULTIPLES: Readonly<Record<string, number>> = { k: 1e3, m: 1e6 };

/** Orders the members of a run: by what the files record, else by the number that varies in their names. */
export function orderRun(members: readonly RunMember[]): RunOrder {
  const recorded = members.map((m) => m.recorded);
  if (distinct(recorded)) return sorted(recorded, 'metadata', 'Each file records its step.');
  const names = members.map((m) => m.name);
  for (const word of WORDS) {
    const steps = names.map((name) => stepAfter(word, name));
    if (distinct(steps)) return sorted(steps, 'names', 'The step stands in each name.');
  }
  const steps = numberThatVaries(names);
  if (steps && distinct(steps)) return sorted(steps, 'names', 'One number differs from name to name.');
  const order = names.map((_, i) => i).sort((a, b) => naturalCompare(names[a]!, names[b]!));
  return { order, steps: order.map(() => null), by: null, reason: 'Neither the names nor the files say in which order they were saved.' };
}

/** 'step1000', 'checkpoint-500', 'epoch_3', 'step=2k': the last such number of a name. */
function stepAfter(word: string, name: string): number | null {
  const matches = [...name.matchAll(new RegExp(`(?:^|[^a-z])${word}[-_= ]*(\\d+)([km])?(?![a-z\\d])`, 'gi'))];
  const last = matches.at(-1);
  return last ? Number(last[1]) * (MULTIPLES[last[2]?.toLowerCase() ?? ''] ?? 1) : null;
}

/** The number in one place of all names, where they are alike but for it; null where more or nothing differs. */
function numberThatVaries(names: readonly string[]): number[] | null {
  const parts = names.map((name) => name.split(/(\d+)/));
  const width = parts[0]!.length;
  if (parts.some((p) => p.length !== width)) return null;
  const differing = Array.from({ length: width }, (_, i) => i).filter((i) => parts.some((p) => p[i] !== parts[0]![i]));
  // Text stands at even places, digits at odd ones.
  return differing.length === 1 && differing[0]! % 2 === 1 ? parts.map((p) => Number(p[differing[0]!])) : null;
}

function distinct(steps: readonly (number | null)[]): steps is readonly number[] {
  return steps.every((s) => s !== null && Number.isFinite(s)) && new Set(steps).size === steps.length;
}

function sorted(steps: readonly number[], by: 'metadata' | 'names', reason: string): RunOrder {
  const order = steps.map((_, i) => i).sort((a, b) => steps[a]! - steps[b]!);
  return { order, steps: order.map((i) => steps[i]!), by, reason };
}
