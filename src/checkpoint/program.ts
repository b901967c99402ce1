/** What a checkpoint says of its own computation, where it is more than named tensors: plain data, not yet judged. */
import type { Json } from './strict-json';

export type Program = KerasProgram;

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
