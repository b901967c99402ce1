/** Any runnable model on any probe as a loss to walk on: its own forward pass, and the tape for the gradient. */
import type { Random } from '../base/random';
import { isTrained } from '../model/trained';
import type { Model, Parameter } from '../model/types';
import type { Tensor, TensorOps } from '../numerics/ops';
import { sizeOf } from '../numerics/shape';
import { Tape, type Var } from '../numerics/tape';
import { outputPositions, sampleOf, type Probe, type ProbeInputs } from '../probe/types';
import { labelRows, outputLoss, ownLabels, type LabelRows } from './label-rows';
import type { LossModel } from './loss-model';

/** Tap values of a chunk of samples that the tape holds at once. */
const CHUNK_VALUES = 2 ** 22;

export interface NetworkLoss extends LossModel {
  /** The weights of the checkpoint. */
  readonly start: Float64Array;
}

export interface NetworkLossSettings {
  readonly loss: 'mse' | 'ce';
  /** Samples of a minibatch; null: all of them at every step. */
  readonly batch: number | null;
}

/**
 * Mean over the samples of |f - y|^2 / 2 or -log p_y, summed over the labelled positions of a sample. A probe without targets is labelled by
 * the checkpoint itself (its outputs, or its probabilities): then the checkpoint is a minimum, and the loss above it is K.
 */
export async function networkLoss(
  model: Pick<Model, 'forward' | 'layers' | 'outputs' | 'input'>,
  parameters: ReadonlyMap<string, Parameter>,
  { inputs, targets }: Pick<Probe, 'inputs' | 'targets'>,
  { loss, batch }: NetworkLossSettings,
  ops: TensorOps,
): Promise<NetworkLoss> {
  const moving = [...parameters].filter(([name]) => isTrained(name));
  const places = new Map<string, { begin: number; end: number }>();
  let dimension = 0;
  for (const [name, { shape }] of moving) places.set(name, { begin: dimension, end: (dimension += sizeOf(shape)) });
  const start = new Float64Array(dimension);
  for (const [name, { values }] of moving) start.set(values, places.get(name)!.begin);

  const { samples } = inputs;
  const positions = inputs.kind === 'tokens' ? inputs.positions : 1;
  const perSample = outputPositions(inputs, model.input);
  const width = model.layers.reduce((sum, layer) => sum + layer.width, model.outputs) * positions;
  const chunk = Math.max(1, Math.floor(CHUNK_VALUES / width));

  /** Sum of the losses of some samples; their gradient is added to `gradient`. */
  const pass = async (w: Float64Array, part: ProbeInputs, labels: LabelRows | null, gradient: Float64Array | null, seen?: (output: Float64Array) => void): Promise<number> => {
    const tape = new Tape(ops);
    const lifted = new Map<string, Var<Tensor>>();
    const weight = (name: string) => {
      const known = lifted.get(name);
      if (known) return known;
      const { values, shape } = parameters.get(name)!;
      const place = places.get(name);
      const made = tape.lift(ops.constant(place ? w.subarray(place.begin, place.end) : values, shape));
      lifted.set(name, made);
      return made;
    };
    let output!: Var<Tensor>;
    const kept = ops.scope(() => {
      output = model.forward(tape, weight, part, () => {});
      return [...tape.values(), ...Array.from(lifted.values(), (v) => v.value)];
    });
    try {
      const values = await ops.read(output.value);
      seen?.(values);
      if (!labels) return 0;
      const { total, seed } = outputLoss(loss, values, labels);
      if (!gradient) return total;
      const wanted = moving.filter(([name]) => lifted.has(name));
      const gradients = ops.scope(() => tape.gradient(output, ops.constant(seed, ops.shape(output.value)), wanted.map(([name]) => lifted.get(name)!)));
      kept.push(...gradients);
      for (const [i, [name]] of wanted.entries()) {
        const { begin } = places.get(name)!;
        const read = await ops.read(gradients[i]!);
        for (let k = 0; k < read.length; k++) gradient[begin + k]! += read[k]!;
      }
      return total;
    } finally {
      ops.dispose(...new Set(kept));
    }
  };

  const over = async (w: Float64Array, of: ProbeInputs, labels: LabelRows, gradient: Float64Array | null): Promise<number> => {
    gradient?.fill(0);
    let total = 0;
    for (let begin = 0; begin < of.samples; begin += chunk) {
      const which = range(begin, Math.min(of.samples, begin + chunk));
      const all = which.length === of.samples;
      total += await pass(w, all ? of : sampleOf(of, which), all ? labels : labels.of(which), gradient);
    }
    if (gradient) for (let i = 0; i < gradient.length; i++) gradient[i]! /= of.samples;
    return total / of.samples;
  };

  const labels = targets
    ? labelRows(targets, model.outputs, perSample)
    : await ownLabels(loss, model.outputs, perSample, samples, chunk, (which, seen) => pass(start, sampleOf(inputs, which), null, null, seen));
  const size = batch === null ? samples : Math.min(batch, samples);
  return {
    dimension,
    samples,
    passes: size / samples,
    start,
    loss: (w) => over(w, inputs, labels, null),
    evaluate(w, gradient, random) {
      if (size === samples) return over(w, inputs, labels, gradient);
      const which = drawn(random, samples, size);
      return over(w, sampleOf(inputs, which), labels.of(which), gradient);
    },
  };
}

function range(begin: number, end: number): Int32Array {
  return Int32Array.from({ length: end - begin }, (_, i) => begin + i);
}

/** `size` of 0 .. n - 1 without repetition (Floyd; Bentley & Floyd 1987). */
function drawn(random: Random, n: number, size: number): Int32Array {
  const chosen = new Set<number>();
  for (let last = n - size; last < n; last++) {
    const k = random.integer(last + 1);
    chosen.add(chosen.has(k) ? last : k);
  }
  return Int32Array.from(chosen);
}
