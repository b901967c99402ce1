/**
 * Losses and Fisher variants as seeds of the backward pass: d(loss_i)/d(output), written over the primitives so that they run where
 * the model runs. mse: loss_i = |f - y|^2 / 2. ce: loss_i = -log p_y, summed over the positions that carry a label.
 *
 * empirical: the labels of the probe. sampled: labels drawn from the model (mse: y = f + unit normal noise; ce: y ~ p), one draw
 * per row. exact: the expectation over the model's own labels, one backward pass per output (science.md §6).
 */
import { log } from '../base/elementary';
import type { Ops } from '../numerics/ops';
import { softmax } from '../numerics/softmax';
import { Random } from '../base/random';
import { partition } from './probabilities';
import type { Targets } from './types';

export type Loss = 'mse' | 'ce';
export type Fisher = 'empirical' | 'sampled' | 'exact';

export interface LossRows {
  readonly loss: Loss;
  readonly fisher: Fisher;
  /** Output rows and width. */
  readonly rows: number;
  readonly outputs: number;
  /** Rows that carry a loss: [rows] of 0 and 1. */
  readonly carries: Float64Array;
  readonly targets: Targets | null;
  /** Stream for sampled labels. */
  readonly random: Random;
  /** Positions per sample, for the exact Fisher of a loss that is summed over positions. */
  readonly positions: number;
}

/** [labels, classes]; rows of zeros where there is none. */
export function oneHot(labels: Int32Array, classes: number): Float64Array {
  const values = new Float64Array(labels.length * classes);
  labels.forEach((y, i) => {
    if (y >= 0) values[i * classes + y] = 1;
  });
  return values;
}

/** How many backward passes this Fisher variant takes. */
export function passes(l: Pick<LossRows, 'fisher' | 'outputs' | 'carries' | 'positions'>): number {
  return l.fisher === 'exact' ? l.outputs * carryingPositions(l).length : 1;
}

/** Positions of a sample at which some sample carries a loss: labels at different positions are independent draws. */
function carryingPositions({ carries, positions }: Pick<LossRows, 'carries' | 'positions'>): number[] {
  return Array.from({ length: positions }, (_, t) => t).filter((t) => carries.some((c, i) => c !== 0 && i % positions === t));
}

/** The seed [rows, outputs] of backward pass number `pass`; `output` [rows, outputs] is the model's output. */
export function seed<T>(ops: Ops<T>, output: T, l: LossRows, pass: number): T {
  const { rows, outputs, carries } = l;
  const masked = (values: T, mask: Float64Array): T => (mask.every((c) => c === 1) ? values : ops.mul(values, ops.constant(mask, [rows, 1])));
  switch (l.fisher) {
    case 'empirical': {
      const targets = l.targets!;
      const values = targets.kind === 'values' ? targets.values : oneHot(targets.labels, outputs);
      const prediction = l.loss === 'ce' ? softmax(ops, output) : output;
      return masked(ops.sub(prediction, ops.constant(values, [rows, outputs])), carries);
    }
    case 'sampled': {
      if (l.loss === 'mse') return masked(ops.constant(l.random.normals(rows * outputs), [rows, outputs]), carries);
      // Gumbel-max: argmax(logits + Gumbel noise) ~ softmax(logits).
      const noise = Float64Array.from({ length: rows * outputs }, () => -log(-log(l.random.uniform() || 2 ** -53)));
      const noisy = ops.add(output, ops.constant(noise, [rows, outputs]));
      const drawn = ops.affine(ops.unary('step', ops.sub(ops.max(noisy, [1]), noisy)), -1, 1);
      return masked(ops.sub(softmax(ops, output), drawn), carries);
    }
    case 'exact': {
      const position = carryingPositions(l)[Math.floor(pass / outputs)]!;
      const c = pass % outputs;
      const mask = carries.map((x, i) => (i % l.positions === position ? x : 0));
      const unit = new Float64Array(outputs);
      unit[c] = 1;
      const e = ops.constant(unit, [1, outputs]);
      if (l.loss === 'mse') return masked(ops.mul(e, ops.constant(new Float64Array(rows).fill(1), [rows, 1])), mask);
      // sqrt(p_c) (p - e_c), so that the outer products of all passes add up to the expectation over y ~ p.
      const p = softmax(ops, output);
      return masked(ops.mul(ops.sub(p, e), ops.unary('sqrt', ops.slice(p, [0, c], [rows, 1]))), mask);
    }
  }
}

/** Sum of loss_i over the rows that carry a label; `output` [rows, outputs] row-major. */
export function totalLoss(loss: Loss, output: Float64Array, outputs: number, targets: Targets): number {
  let total = 0;
  for (let i = 0; i * outputs < output.length; i++) {
    const row = output.subarray(i * outputs, (i + 1) * outputs);
    if (targets.kind === 'values') {
      for (let c = 0; c < outputs; c++) total += (row[c]! - targets.values[i * outputs + c]!) ** 2 / 2;
    } else if (targets.labels[i]! >= 0) {
      const y = targets.labels[i]!;
      if (loss === 'mse') for (let c = 0; c < outputs; c++) total += (row[c]! - (c === y ? 1 : 0)) ** 2 / 2;
      else {
        const { top, sum } = partition(row);
        total += top + log(sum) - row[y]!;
      }
    }
  }
  return total;
}
