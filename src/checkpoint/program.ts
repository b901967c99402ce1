/** What a checkpoint says of its own computation, where it is more than named tensors: plain data, not yet judged. */
import type { Json } from './strict-json';

export type Program = OnnxProgram | KerasProgram;

/** A graph of ONNX. Its initializers and the tensors of its Constant and ConstantOfShape nodes are tensors of the checkpoint, under the names of their values. */
export interface OnnxProgram {
  readonly kind: 'onnx';
  /** Version of the default operator set. */
  readonly opset: number;
  /** Initializers may be among them (IR version 3). */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** In the order of the file. */
  readonly nodes: readonly OnnxNode[];
}

export interface OnnxValue {
  readonly name: string;
  /** Sizes, or the names that stand for sizes that are open; null for a size that is not given; all null where there is no shape. */
  readonly shape: readonly (number | string | null)[] | null;
}

export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  /** '' for the operators of ONNX itself. */
  readonly domain: string;
  /** Names of values; '' stands for an input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
}

/** Integers beyond 2^53 are rounded. Tensors and graphs are named, not held; the tensor of a Constant is among the checkpoint's. */
export type OnnxAttribute = number | string | readonly number[] | readonly string[] | { readonly held: 'tensor' | 'graph' | 'other' };

/** A model of Keras or of TensorFlow.js layers. */
export interface KerasProgram {
  readonly kind: 'keras';
  /** The model as its library wrote it: {class_name, config: {layers, …}}. */
  readonly config: Json;
  /** Layer name -> its variables in the order of the file. */
  readonly variables: ReadonlyMap<string, readonly KerasVariable[]>;
}

export interface KerasVariable {
  /** 'kernel', 'moving_mean'; null where the file only counts them. */
  readonly role: string | null;
  /** Its name among the tensors of the checkpoint. */
  readonly tensor: string;
}
