/** What a direction moves: the outputs of a network on a probe, as a function of its weights. */
import { isTrained } from '../model/trained';
import type { Batch, Model, Parameter, Weights } from '../model/types';
import type { Ops } from '../numerics/ops';

/** Values by tensor name; a tensor that is not named is zero. */
export type NamedVector = ReadonlyMap<string, Float64Array>;

/**
 * F(w), up to a constant: |F(w) - F(w0)|^2 / 2 measures how far the network at w is from the network at w0. The rows come sample by
 * sample, so that the first half of the values belongs to the first half of the probe.
 */
export interface OutputMap {
  /** The weights that may move, at w0. */
  readonly weights: ReadonlyMap<string, Parameter>;
  /** Samples of the probe; null where the map is an analytic function and no probe stands for a distribution. */
  readonly samples: number | null;
  outputs<T>(ops: Ops<T>, weights: Weights<T>): T;
  /** The same of one sample, where a pass over all of them is long: a row of the Jacobian is of one sample. */
  readonly ofSample?: (sample: number) => OutputMap;
}

export interface ModelOutputs {
  /** mse: the outputs themselves. ce: logits less their mean, a metric on distributions: orders do not depend on which. */
  loss: 'mse' | 'ce';
  /** Rows of the output that carry a loss, or null for all. */
  rows?: Int32Array | null;
  /** Which parameters may move. By default all but the running statistics and tables that no training changes. */
  moves?: (name: string) => boolean;
}

/** The outputs of a model on a batch, divided by the square root of its samples. */
export function modelOutputs(
  model: Pick<Model, 'forward'> & Partial<Pick<Model, 'layers'>>,
  parameters: ReadonlyMap<string, Parameter>,
  batch: Batch,
  { loss, rows = null, moves = isTrained }: ModelOutputs,
): OutputMap {
  const weights = new Map([...parameters].filter(([name]) => moves(name)));
  const over = (part: Batch): OutputMap => ({
    weights,
    samples: part.samples,
    outputs(ops, moving) {
      const constant = (name: string) => {
        const { values, shape } = parameters.get(name)!;
        return ops.constant(values, shape);
      };
      const output = model.forward(ops, (name) => (weights.has(name) ? moving(name) : constant(name)), part, () => {});
      const chosen = rows === null ? output : ops.gather(output, rows);
      return ops.affine(loss === 'ce' ? centred(ops, chosen) : chosen, 1 / Math.sqrt(batch.samples), 0);
    },
  });
  const whole = over(batch);
  // The windows of a convolution work at every pixel.
  const long = batch.kind === 'vector' && rows === null && model.layers?.some(({ inputs }) => inputs !== undefined);
  if (!long) return whole;
  const { values, width } = batch;
  return { ...whole, ofSample: (i) => over({ ...batch, values: values.subarray(i * width, (i + 1) * width), samples: 1 }) };
}

/** [..., c] less the mean over the last axis: logits up to the shift that softmax does not see. */
export function centred<T>(ops: Ops<T>, x: T): T {
  const shape = ops.shape(x);
  const last = shape.length - 1;
  return ops.sub(x, ops.affine(ops.sum(x, [last]), 1 / shape[last]!, 0));
}
