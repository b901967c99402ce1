/**
 * The slope of one checkpoint without descent: its readings along w + epsilon u, epsilon on a log grid. At a singular point with r dead
 * directions the r eigenvalues that are zero at w grow as powers of epsilon, and log det+ over them and the live ones has r times the
 * slope of one of them. What stays zero along a generic u is zero at all weights nearby: a gauge, or the architecture.
 */
import { Random } from '../base/random';
import type { Checkpoint, TensorEntry } from '../checkpoint/types';
import { FLOATS } from './subject';
import type { TraceItem } from './trace';

export interface LineOptions {
  /** Seed of u. */
  readonly seed: number;
  /** Largest and smallest epsilon, as powers of ten, and points for each decade. */
  readonly from?: number;
  readonly to?: number;
  readonly perDecade?: number;
}

/** Steps relative to the weights: u has, tensor by tensor, the root mean square of what it moves. Large to small, then the checkpoint itself. */
export function lineThrough(checkpoint: Checkpoint, isParameter: (name: string) => boolean, { seed, from = -1, to = -6, perDecade = 5 }: LineOptions): TraceItem[] {
  const count = Math.round((from - to) * perDecade) + 1;
  const items = Array.from({ length: count }, (_, i): TraceItem => {
    const exponent = from - i / perDecade;
    return { checkpoint: movedAlong(checkpoint, isParameter, seed, 10 ** exponent), name: `ε = ${(10 ** exponent).toExponential(2)}`, step: null };
  });
  return [...items, { checkpoint, name: checkpoint.name, step: null }];
}

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
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return sum > 0 ? Math.sqrt(sum / values.length) : 1 / Math.sqrt(shape.at(-1) ?? 1);
}
