/** Traces checkpoints made in memory, on the float64 reference. */
import { analyze, type Means } from '../../src/analysis/analyze';
import { prepare } from '../../src/analysis/inspect';
import type { Request } from '../../src/analysis/request';
import { lineThrough, type LineOptions } from '../../src/analysis/slope-probe';
import { parametersOf, trace, type TraceMeans, type TracePlan } from '../../src/analysis/trace';
import type { Trajectory } from '../../src/analysis/trajectory';
import { Random } from '../../src/base/random';
import type { Checkpoint } from '../../src/checkpoint/types';
import { cpuNumerics } from '../../src/numerics/cpu/numerics';
import { inlineSolver } from '../../src/numerics/solver';
import { stubCheckpoint } from '../checkpoint-stub';

const reference = cpuNumerics();

export type TracedOptions = Partial<Pick<TracePlan, 'earlier' | 'request' | 'reference'>> & Partial<Pick<TraceMeans, 'emit' | 'signal' | 'solver'>> & { steps?: (number | null)[]; numerics?: Means['numerics'] };

export const LINEAR: Partial<Request> = { choices: { activation: 'linear' }, loss: 'mse', samples: 96, folds: 0 };

export function traced(checkpoints: readonly Checkpoint[], options: TracedOptions = {}, path: Trajectory['path'] = 'run'): Promise<Trajectory> {
  const { steps = checkpoints.map((_, i) => i + 1), request = LINEAR, emit = () => {}, signal, solver = inlineSolver, earlier = null } = options;
  const items = checkpoints.map((checkpoint, i) => ({ checkpoint, name: checkpoint.name, step: steps[i]! }));
  return trace(
    { path, direction: null, items, reference: options.reference ?? items.length - 1, request, probe: null, earlier },
    { analyze: (checkpoint, asked, own) => analyze(checkpoint, null, asked, { numerics: options.numerics ?? reference, reference, signal, ...own }), solver, emit, signal },
  );
}

export async function tracedLine(checkpoint: Checkpoint, line: LineOptions, request: Partial<Request> = LINEAR): Promise<Trajectory> {
  const isParameter = parametersOf(await prepare(checkpoint, null, request));
  const items = lineThrough(checkpoint, isParameter, line);
  return traced(items.map(({ checkpoint: moved, name }) => ({ ...moved, name })), { request, steps: items.map(() => null) }, 'line');
}

/** A chain of square linear layers [d, d]; each layer is diag(1, …, 1, t_1, …, t_r) plus what `live` adds to the living block. */
export function chain(d: number, depth: number, dying: readonly number[], name = 'chain', live = 0.3): Checkpoint {
  const random = new Random(3);
  const tensors = Object.fromEntries(
    Array.from({ length: depth }, (_, l) => {
      const diagonal = Array.from({ length: d }, (_, i) => (i < d - dying.length ? 1 + live * random.normal() : dying[i - d + dying.length]!));
      return [`${l}.weight`, { shape: [d, d], dtype: 'f64' as const, values: Float64Array.from({ length: d * d }, (_, k) => (k % (d + 1) === 0 ? diagonal[k / (d + 1)]! : 0)) }];
    }),
  );
  return { ...stubCheckpoint(tensors), name };
}
