/** Dense maps and norms of a network by the names of their parameters, and how a forward pass runs them. */
import type { Ops } from '../../numerics/ops';
import type { TapSink, Weights } from '../types';
import { activate } from './activations';
import { normalize, type Normalization } from './norm';

/** A dense map by the names of its parameters, and the name of its layer for people. */
export interface Named {
  readonly layer: string;
  readonly weight: string;
  readonly bias: string | null;
}

/** Scale and shift are null where there is no norm, or they are folded into its readers. */
export interface NormTensors {
  readonly layer: string;
  readonly scale: string | null;
  readonly shift: string | null;
}

/** Runs dense maps and shows them to the sink. `transposeB`: the weight is [out, in]. */
export type RunDense<T> = (map: Named, input: T, activation?: string, transposeB?: boolean) => T;

export function denseOf<T>(ops: Ops<T>, weights: Weights<T>, sink: TapSink<T>): RunDense<T> {
  return ({ layer, weight, bias }, input, activation = 'linear', transposeB = false) => {
    let pre = ops.matmul(input, weights(weight), { transposeB });
    if (bias !== null) pre = ops.add(pre, weights(bias));
    const post = activate(ops, activation, pre);
    sink(layer, { input, bias: bias !== null, pre, post });
    return post;
  };
}

export type RunNorm<T> = (norm: NormTensors, x: T) => T;

export function normOf<T>(ops: Ops<T>, weights: Weights<T>, kind: Normalization, epsilon: number): RunNorm<T> {
  const named = (name: string | null) => (name === null ? null : weights(name));
  return ({ scale, shift }, x) => normalize(ops, kind, x, named(scale), named(shift), epsilon);
}
