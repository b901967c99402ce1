/** What the values of an ONNX graph are while it is read: tensors that flow, functions of them, and constants. Shapes leave the batch out. */
import type { TensorEntry } from '../../checkpoint/types';
import type { OnnxNode } from '../../checkpoint/program';

/** A value of the graph that is made. */
export interface Flow {
  readonly kind: 'flow';
  /** The graph's node that gives it, or `INPUT`. */
  readonly node: string;
  /** Sizes behind the batch, in ONNX's order: [c, h, w] or [h, w, c] of an image, any of a vector, which holds them row by row. */
  readonly shape: readonly number[];
  readonly form: 'vector' | 'chw' | 'hwc';
}

/**
 * An elementwise function of a flow that no node computes yet: GELU is five operators in a row. It is known by its values at the points of
 * `GRID` (elementwise.ts).
 */
export interface Elementwise {
  readonly kind: 'elementwise';
  readonly base: Flow;
  readonly samples: Float64Array;
  /** How the last operator makes it of its inputs. */
  readonly made: Made;
  /** Operators in a row. */
  readonly depth: number;
}

export type Made =
  | { readonly how: 'of-one'; readonly input: Flow | Elementwise; readonly apply: (x: number) => number; readonly node: OnnxNode }
  | { readonly how: 'of-two'; readonly inputs: readonly [Flow | Elementwise, Flow | Elementwise]; readonly operator: 'add' | 'multiply' | null; readonly node: OnnxNode };

/** A tensor of the checkpoint, perhaps under another shape of as many elements, or transposed. */
export interface Constant {
  readonly kind: 'constant';
  readonly tensor: TensorEntry;
  readonly shape: readonly number[];
  /** The matrix is [columns, rows] of what is stored; `shape` is what it is then. */
  readonly transposed: boolean;
}

export interface Scalar {
  readonly kind: 'scalar';
  readonly value: number;
}

/** Integers that shapes and paddings are made of, row by row; null stands for the batch. */
export interface Sizes {
  readonly kind: 'sizes';
  readonly sizes: readonly (number | null)[];
  /** [] of a single one, [n] of a row. */
  readonly shape: readonly number[];
}

export type Value = Flow | Elementwise | Constant | Scalar | Sizes;

/** Whether it depends on the samples. */
export function isMoving(value: Value): value is Flow | Elementwise {
  return value.kind === 'flow' || value.kind === 'elementwise';
}

/** A graph that cannot be run, as the sentence that says why. */
export class Unsupported extends Error {}

/** 'node '/fc1/Gemm' (Gemm)' */
export function naming({ name, op, outputs }: OnnxNode): string {
  return `node '${name || outputs[0] || ''}' (${op})`;
}

/** `sentence` goes on behind the name of the node. */
export function unsupported(node: OnnxNode, sentence: string): Unsupported {
  return new Unsupported(`${naming(node)} ${sentence}`);
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Channels of a flow: what is left of a vector's shape is all channels. */
export function channelsOf({ form, shape }: Flow): number {
  return form === 'chw' ? shape[0]! : form === 'hwc' ? shape[2]! : sizeOf(shape);
}

/** [height, width] of an image. */
export function pixelsOf({ form, shape }: Flow): readonly [number, number] {
  return form === 'chw' ? [shape[1]!, shape[2]!] : [shape[0]!, shape[1]!];
}

/** 'images [3, 32, 32]' */
export function showFlow({ form, shape }: Flow): string {
  return `${form === 'vector' ? (shape.length > 1 ? 'arrays' : 'vectors') : 'images'} [${shape.join(', ')}]`;
}
