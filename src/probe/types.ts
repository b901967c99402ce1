/** The inputs, targets and loss under which activations and gradients are taken. This folder does not know the model's insides. */

import type { RecordedOutputs } from './recorded';

/** Inputs of all samples: vectors [samples, width] or token ids [samples, positions]. */
export type ProbeInputs =
  | { readonly kind: 'vector'; readonly values: Float64Array; readonly samples: number; readonly width: number }
  | { readonly kind: 'tokens'; readonly ids: Int32Array; readonly samples: number; readonly positions: number };

export type Targets =
  /** Regression values [rows, outputs]. */
  | { readonly kind: 'values'; readonly values: Float64Array }
  /** Class labels per row; -1 = this row carries no loss. */
  | { readonly kind: 'labels'; readonly labels: Int32Array };

/** Something about a probe that its files do not say: chosen by a person, recorded, or assumed. */
export interface ProbeChoice {
  readonly key: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly assumed: boolean;
  readonly evidence: string;
}

export interface Probe {
  /** 'gaussian', 'tokens', 'file', 'pictures', 'text' */
  readonly kind: string;
  readonly description: string;
  /** Everything that was done to what was given, one sentence each. */
  readonly evidence?: readonly string[];
  readonly choices?: readonly ProbeChoice[];
  readonly inputs: ProbeInputs;
  /** One per output row (sample, or sample x position), or null: then labels are sampled from the model or summed over. */
  readonly targets: Targets | null;
  /** What another program computed for these inputs. */
  readonly recorded?: RecordedOutputs;
}

/** What the entries of a vector are, where they are the pixels of an image. */
export interface ImageSpec {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly order: 'chw' | 'hwc';
  /** How networks of this kind are usually given their pixels (`pixels.ts`), and why that is thought. */
  readonly pixels?: { readonly value: string; readonly evidence: string };
}

export interface TokenSpec {
  readonly vocabulary: number;
  readonly context: number;
  /** The output at a position is the logits of the token that follows. */
  readonly next?: boolean;
  /** One row of outputs for a sequence, instead of one for each position. */
  readonly pooled?: boolean;
  /** Ids that stand for no text, and how many ids its tokenizer has, where that is known. */
  readonly special?: readonly number[];
  readonly known?: number;
}

/** What a probe must fit. */
export interface ProbeSpec {
  readonly input: { readonly kind: 'vector'; readonly width: number; readonly image?: ImageSpec } | ({ readonly kind: 'tokens' } & TokenSpec);
  readonly outputs: number;
  /** Scalars of all parameters of the network, where that is known. */
  readonly parameters?: number;
  readonly samples: number | null;
  readonly positions: number | null;
  readonly seed: number;
  /** What a person chose about the probe: {pixels: 'ImageNet'}. */
  readonly choices?: Readonly<Record<string, string>>;
}

/** A built-in source of inputs. */
export interface ProbeSource {
  readonly key: string;
  /** Whether it can feed this kind of model. */
  feeds(kind: ProbeSpec['input']['kind']): boolean;
  defaults(spec: ProbeSpec): { samples: number; positions: number };
  make(spec: ProbeSpec): Probe;
}

/** Output rows of a sample: its positions; one where it is a vector, or where the positions are pooled. */
export function outputPositions(inputs: ProbeInputs, input: ProbeSpec['input']): number {
  return inputs.kind === 'tokens' && !(input.kind === 'tokens' && input.pooled) ? inputs.positions : 1;
}

/** Rows of the layers: samples, or samples x positions. */
export function rowsOf(inputs: ProbeInputs): number {
  return inputs.kind === 'tokens' ? inputs.samples * inputs.positions : inputs.samples;
}

/** Samples [begin, end) of the inputs. */
export function sliceInputs(inputs: ProbeInputs, begin: number, end: number): ProbeInputs {
  if (inputs.kind === 'tokens') {
    const t = inputs.positions;
    return { ...inputs, ids: inputs.ids.slice(begin * t, end * t), samples: end - begin };
  }
  return { ...inputs, values: inputs.values.slice(begin * inputs.width, end * inputs.width), samples: end - begin };
}

/** Some samples of the inputs, in the order given. */
export function sampleOf(inputs: ProbeInputs, samples: Int32Array): ProbeInputs {
  const width = inputs.kind === 'tokens' ? inputs.positions : inputs.width;
  const into = <A extends Int32Array | Float64Array>(from: A, to: A): A => {
    samples.forEach((s, i) => to.set(from.subarray(s * width, (s + 1) * width), i * width));
    return to;
  };
  if (inputs.kind === 'tokens') return { ...inputs, ids: into(inputs.ids, new Int32Array(samples.length * width)), samples: samples.length };
  return { ...inputs, values: into(inputs.values, new Float64Array(samples.length * width)), samples: samples.length };
}
