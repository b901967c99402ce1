/** What the outputs of a network are measured against, as rows of numbers: values, or probabilities of classes. */
import { exp, log } from '../base/elementary';
import { oneHot } from '../probe/loss';
import { partition, probabilitiesOf } from '../probe/probabilities';
import type { Targets } from '../probe/types';

export interface LabelRows {
  /** Rows of a sample. */
  readonly positions: number;
  readonly outputs: number;
  /** [rows, outputs]: values; one-hot labels; probabilities. */
  readonly values: Float64Array;
  /** [rows] of 0 and 1: which carry a loss. */
  readonly carries: Float64Array;
  /** Those of some samples. */
  of(samples: Int32Array): LabelRows;
}

export function labelRows(targets: Targets, outputs: number, positions: number): LabelRows {
  if (targets.kind === 'values') return rows(targets.values, new Float64Array(targets.values.length / outputs).fill(1), outputs, positions);
  const { labels } = targets;
  return rows(oneHot(labels, outputs), Float64Array.from(labels, (y) => (y >= 0 ? 1 : 0)), outputs, positions);
}

/** Labels that a model gives to itself: its outputs for mse, its probabilities for ce. `run` shows the outputs of some samples. */
export async function ownLabels(
  loss: 'mse' | 'ce',
  outputs: number,
  positions: number,
  samples: number,
  chunk: number,
  run: (samples: Int32Array, seen: (output: Float64Array) => void) => Promise<unknown>,
): Promise<LabelRows> {
  const values = new Float64Array(samples * positions * outputs);
  for (let begin = 0; begin < samples; begin += chunk) {
    const which = Int32Array.from({ length: Math.min(chunk, samples - begin) }, (_, i) => begin + i);
    await run(which, (output) => values.set(output, begin * positions * outputs));
  }
  if (loss === 'ce') {
    for (let i = 0; i < values.length; i += outputs) {
      const row = values.subarray(i, i + outputs);
      row.set(probabilitiesOf(row));
    }
  }
  return rows(values, new Float64Array(samples * positions).fill(1), outputs, positions);
}

function rows(values: Float64Array, carries: Float64Array, outputs: number, positions: number): LabelRows {
  const of = (samples: Int32Array): LabelRows => {
    const some = new Float64Array(samples.length * positions * outputs);
    const carried = new Float64Array(samples.length * positions);
    samples.forEach((s, i) => {
      some.set(values.subarray(s * positions * outputs, (s + 1) * positions * outputs), i * positions * outputs);
      carried.set(carries.subarray(s * positions, (s + 1) * positions), i * positions);
    });
    return rows(some, carried, outputs, positions);
  };
  return { positions, outputs, values, carries, of };
}

/** Sum of the losses over the rows that carry one, and d(sum) / d(output) [rows, outputs]. */
export function outputLoss(loss: 'mse' | 'ce', output: Float64Array, { outputs, values, carries }: LabelRows): { total: number; seed: Float64Array } {
  const seed = new Float64Array(output.length);
  let total = 0;
  for (let r = 0; r < carries.length; r++) {
    if (carries[r] === 0) continue;
    const begin = r * outputs;
    if (loss === 'mse') {
      for (let k = begin; k < begin + outputs; k++) {
        const residual = (seed[k] = output[k]! - values[k]!);
        total += (residual * residual) / 2;
      }
      continue;
    }
    const { top, sum } = partition(output.subarray(begin, begin + outputs));
    const logSum = top + log(sum);
    for (let k = begin; k < begin + outputs; k++) {
      total += values[k]! * (logSum - output[k]!);
      seed[k] = exp(output[k]! - top) / sum - values[k]!;
    }
  }
  return { total, seed };
}
