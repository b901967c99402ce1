/** A mean loss as a function of one flat vector of weights: what an optimiser and a sampler see of a network. */
import { Random } from '../base/random';
import type { Ops, Shape, TensorOps } from '../numerics/ops';
import { sizeOf } from '../numerics/shape';
import { Tape } from '../numerics/tape';
import { seed, totalLoss, type Loss, type LossRows } from '../probe/loss';
import type { Targets } from '../probe/types';

/** Tensors side by side in one vector, in the order of the map. */
export type Layout = ReadonlyMap<string, Shape>;

export interface Objective {
  /** Number of weights. */
  readonly dimension: number;
  readonly samples: number;
  /** Forward and backward passes over all samples that one evaluation costs. */
  readonly passes: number;
  /** Mean loss at w [dimension]; its gradient goes into `gradient`. */
  evaluate(w: Float64Array, gradient: Float64Array): Promise<number>;
  /** Mean loss at w. */
  loss(w: Float64Array): Promise<number>;
}

/** A network on a fixed batch. */
export interface NetworkLoss {
  readonly layout: Layout;
  readonly loss: Loss;
  readonly targets: Targets;
  readonly samples: number;
  /** [samples, outputs] */
  outputs<T>(ops: Ops<T>, weights: (name: string) => T): T;
}

export function weightCount(layout: Layout): number {
  let count = 0;
  for (const shape of layout.values()) count += sizeOf(shape);
  return count;
}

/** The tensors of `w`, by name. */
export function tensorsAt<T>(ops: Ops<T>, layout: Layout, w: Float64Array): Map<string, T> {
  const tensors = new Map<string, T>();
  let at = 0;
  for (const [name, shape] of layout) {
    const size = sizeOf(shape);
    tensors.set(name, ops.constant(w.subarray(at, at + size), shape));
    at += size;
  }
  return tensors;
}

/** The mean over samples of |f - y|^2 / 2 (mse) or -log p_y (ce). */
export function networkObjective(ops: TensorOps, { layout, loss, targets, samples, outputs }: NetworkLoss): Objective {
  const rows = { loss, fisher: 'empirical', rows: samples, carries: new Float64Array(samples).fill(1), targets, random: new Random(0), positions: 1 } as const;
  const meanLoss = (output: Float64Array) => totalLoss(loss, output, output.length / samples, targets) / samples;
  return {
    dimension: weightCount(layout),
    samples,
    passes: 1,
    async evaluate(w, gradient) {
      const made = ops.scope(() => {
        const tape = new Tape(ops);
        const weights = new Map([...tensorsAt(ops, layout, w)].map(([name, value]) => [name, tape.lift(value)]));
        const output = outputs(tape, (name) => weights.get(name)!);
        const start: LossRows = { ...rows, outputs: ops.shape(output.value)[1]! };
        const residual = ops.affine(seed(ops, output.value, start, 0), 1 / samples, 0);
        return { output: output.value, gradients: tape.gradient(output, residual, [...weights.values()]) };
      });
      try {
        let at = 0;
        for (const part of made.gradients) {
          const values = await ops.read(part);
          gradient.set(values, at);
          at += values.length;
        }
        return meanLoss(await ops.read(made.output));
      } finally {
        ops.dispose(made.output, ...new Set(made.gradients));
      }
    },
    async loss(w) {
      const output = ops.scope(() => {
        const weights = tensorsAt(ops, layout, w);
        return outputs(ops, (name) => weights.get(name)!);
      });
      try {
        return meanLoss(await ops.read(output));
      } finally {
        ops.dispose(output);
      }
    },
  };
}
