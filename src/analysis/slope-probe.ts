/**
 * The slope of one checkpoint without descent: its readings along w + epsilon u, epsilon on a log grid. At a singular point with r dead
 * directions the r eigenvalues that are zero at w grow as powers of epsilon, and log det+ over them and the live ones has r times the
 * slope of one of them. What stays zero along a generic u is zero at all weights nearby: a gauge, or the architecture.
 */
import { Random } from '../base/random';
import type { Checkpoint, TensorEntry } from '../checkpoint/types';
import type { NamedVector } from '../direction/output-map';
import type { Parameter } from '../model/types';
import { FLOATS } from './subject';
import type { TraceItem } from './trace';
import { LINE } from './trajectory';

export interface LineOptions {
  /** Seed of u. */
  readonly seed: number;
  /** Largest and smallest epsilon, as powers of ten, and points for each decade. */
  readonly from?: number;
  readonly to?: number;
  readonly perDecade?: number;
}

/** Steps relative to the weights: u has, tensor by tensor, the root mean square of what it moves. Large to small, then the checkpoint itself. */
export function lineThrough(checkpoint: Checkpoint, isParameter: (name: string) => boolean, { seed, from = LINE.from, to = LINE.to, perDecade = LINE.perDecade }: LineOptions): TraceItem[] {
  const items = steps(from, to, perDecade).map((epsilon): TraceItem => ({ checkpoint: movedAlong(checkpoint, isParameter, seed, epsilon), name: nameOf(epsilon), step: null }));
  return [...items, { checkpoint, name: checkpoint.name, step: null }];
}

/**
 * The same along a chosen vector of the weights as the model reads them, from where it was found. u has the norm of the tensors that it
 * moves, or 1 where these are zero. The last point is that start itself.
 */
export function lineAlong(checkpoint: Checkpoint, { vector, from }: { vector: NamedVector; from: ReadonlyMap<string, Parameter> }, key: string, { from: first = LINE.from, to = LINE.to, perDecade = LINE.perDecade }: Omit<LineOptions, 'seed'> = {}): TraceItem[] {
  const moves = [...vector.keys()];
  const length = Math.hypot(...moves.map((name) => norm(vector.get(name)!)));
  const size = Math.hypot(...moves.map((name) => norm(from.get(name)!.values))) || 1;
  const at = (epsilon: number, name: string): TraceItem => {
    const by = (epsilon * size) / length;
    const moved = ({ values, shape }: Parameter, u: Float64Array): Parameter => ({ values: Float64Array.from(values, (w, i) => w + by * u[i]!), shape });
    const parameters = () => new Map([...from].map(([tensor, w]) => [tensor, vector.has(tensor) && by > 0 ? moved(w, vector.get(tensor)!) : w]));
    return { checkpoint, name, step: null, moved: { key: `${key} ${epsilon}`, distance: epsilon * size, parameters } };
  };
  return [...steps(first, to, perDecade).map((epsilon) => at(epsilon, nameOf(epsilon))), at(0, checkpoint.name)];
}

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return Math.sqrt(sum);
}

/** Falling, on a log grid. */
function steps(from: number, to: number, perDecade: number): number[] {
  return Array.from({ length: Math.round((from - to) * perDecade) + 1 }, (_, i) => 10 ** (from - i / perDecade));
}

const nameOf = (epsilon: number) => `ε = ${epsilon.toExponential(2)}`;

/** The checkpoint at w + epsilon u, in float64. Nothing is held: each tensor is moved when it is read. */
function movedAlong(checkpoint: Checkpoint, isParameter: (name: string) => boolean, seed: number, epsilon: number): Checkpoint {
  const random = new Random(seed).split('line');
  // Names that share a storage are one tensor, and move as one.
  const owner = new Map(checkpoint.shared.flatMap((group) => group.map((name) => [name, group[0]!])));
  const moved = (tensor: TensorEntry): TensorEntry => {
    const values = async () => {
      const w = await tensor.values();
      const scale = epsilon * typicalSize(w, tensor.shape);
      const stream = random.split(owner.get(tensor.name) ?? tensor.name);
      return Float64Array.from(w, (x) => x + scale * stream.normal());
    };
    const { name, shape, file } = tensor;
    return { name, shape, file, dtype: 'f64', values, bytes: async () => new Uint8Array((await values()).buffer) };
  };
  const tensors = [...checkpoint.tensors].map(([name, t]): [string, TensorEntry] => [name, FLOATS.has(t.dtype) && isParameter(name) ? moved(t) : t]);
  return { ...checkpoint, tensors: new Map(tensors) };
}

/** Root mean square; of a tensor of zeros what it would be drawn with, 1 / sqrt(inputs). */
function typicalSize(values: ArrayLike<number>, shape: readonly number[]): number {
  const length = norm(values);
  return length > 0 ? length / Math.sqrt(values.length) : 1 / Math.sqrt(shape.at(-1) ?? 1);
}
