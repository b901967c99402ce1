/**
 * Reads an architecture off its tensors: expected shapes (the first that does not fit says why the checkpoint is not of its kind), and where
 * each parameter lies.
 */
import type { Checkpoint } from '../checkpoint/types';
import type { Named, NormTensors } from './layers/dense';
import type { Transformer, TransformerMlp } from './layers/transformer';
import { matrixSource, vectorSource, type Source } from './sources';

type Expected = readonly (number | null)[];

/** The axis of the outputs of a stored matrix: 0 for torch's Linear [out, in], 1 for Conv1D [in, out]. */
export type OutputAxis = 0 | 1;

export class Layout {
  /** '' while everything fits. */
  problem = '';
  readonly sources = new Map<string, Source>();

  constructor(private readonly checkpoint: Checkpoint) {}

  has(name: string): boolean {
    return this.checkpoint.tensors.has(name);
  }

  fail(problem: string): void {
    this.problem ||= problem;
  }

  /** The shape of a tensor, where null stands for any size above zero; zeros where it does not fit. */
  shape(name: string, expected: Expected): readonly number[] {
    const found = this.checkpoint.tensors.get(name)?.shape;
    if (found && found.length === expected.length && expected.every((e, i) => found[i]! > 0 && (e === null || e === found[i]))) return found;
    const form = expected.map((e) => e ?? '·').join(', ');
    this.fail(found ? `'${name}' has shape [${found.join(', ')}]; [${form}] was expected${found.includes(0) ? ', and no size of 0' : ''}` : `'${name}' is missing`);
    return expected.map(() => 0);
  }

  /** A parameter that is used as it is stored. */
  stored(name: string, expected: Expected): readonly number[] {
    const shape = this.shape(name, expected);
    this.sources.set(name, { tensor: name, shape });
    return shape;
  }

  /** The name of a vector, if there is such a tensor. */
  vector(name: string, length: number): string | null {
    if (!this.has(name)) return null;
    this.stored(name, [length]);
    return name;
  }

  /** `layer.weight` as [in, out], and `layer.bias` where it is. */
  linear(layer: string, inputs: number, outputs: number, outputAxis: OutputAxis = 0): Named {
    const weight = `${layer}.weight`;
    this.sources.set(weight, matrixSource(weight, this.matrix(weight, inputs, outputs, outputAxis), outputAxis));
    return { layer, weight, bias: this.vector(`${layer}.bias`, outputs) };
  }

  /** A dense map from the stream to classes, however many; null where there is none. */
  classifier(layer: string, width: number): Transformer['unembedding'] {
    const outputs = this.checkpoint.tensors.get(`${layer}.weight`)?.shape[0];
    return outputs === undefined ? null : { ...this.linear(layer, width, outputs), outputs, inputAxis: 0 };
  }

  /** Some outputs of a matrix that holds several maps, as a map of its own with the name `layer.part`. */
  part(layer: string, part: string, entries: readonly number[], inputs: number, total: number, outputAxis: OutputAxis = 0, weight = `${layer}.weight`): Named {
    const name = `${layer}.${part}`;
    this.sources.set(name, matrixSource(weight, this.matrix(weight, inputs, total, outputAxis), outputAxis, entries));
    const bias = weight.replace(/weight$/, 'bias');
    if (!this.has(bias)) return { layer: name, weight: name, bias: null };
    this.shape(bias, [total]);
    this.sources.set(`${name}.bias`, vectorSource(bias, entries));
    return { layer: name, weight: name, bias: `${name}.bias` };
  }

  /** An MLP without a gate. */
  mlp(up: string, down: string, width: number, hidden: number, activation: string, outputAxis: OutputAxis = 0): TransformerMlp {
    return {
      hidden, gate: null, productBias: null, activation,
      up: this.linear(up, width, hidden, outputAxis), down: this.linear(down, hidden, width, outputAxis),
    };
  }

  /** `layer.weight` and `layer.bias`, or gamma and beta as files of old write them, as scale and shift, where they are. `plusOne`: the scale is 1 + weight. */
  norm(layer: string, width: number, plusOne = false): NormTensors {
    const [scale, shift] = this.has(`${layer}.gamma`) ? ['gamma', 'beta'] : ['weight', 'bias'];
    const found = { layer, scale: this.vector(`${layer}.${scale}`, width), shift: this.vector(`${layer}.${shift}`, width) };
    // In float64: the sum of 1 and a float32 is none.
    if (plusOne && found.scale !== null) this.sources.set(found.scale, { tensor: found.scale, shape: [width], arrange: (values) => Float64Array.from(values, (x) => 1 + x) });
    return found;
  }

  /** A parameter whose values lie as they are used, under a shape without its axes of length one or with some of them merged. */
  reshaped(name: string, expected: Expected, shape: readonly number[]): string {
    this.shape(name, expected);
    this.sources.set(name, { tensor: name, shape });
    return name;
  }

  /** A convolution [out, ...] as a matrix [inputs, out]; its shape was checked. */
  convolution(weight: string, outputs: number, inputs: number): void {
    this.sources.set(weight, matrixSource(weight, [outputs, inputs], 0));
  }

  private matrix(name: string, inputs: number, outputs: number, outputAxis: OutputAxis): readonly number[] {
    return this.shape(name, outputAxis === 1 ? [inputs, outputs] : [outputs, inputs]);
  }
}

/** What keeps a checkpoint from being recognised: none of its anchors may be missing. */
export function missingAnchors(checkpoint: Checkpoint, anchors: readonly string[]): { missing: string; matched: number } | null {
  const absent = anchors.filter((name) => !checkpoint.tensors.has(name));
  if (absent.length === 0) return null;
  return { missing: `${absent.map((a) => `'${a}'`).join(', ')} ${absent.length === 1 ? 'is' : 'are'} missing`, matched: 1 - absent.length / anchors.length };
}
