/** A runnable network: what a checkpoint becomes once its names and shapes are understood. */
import type { Program } from '../checkpoint/program';
import type { Checkpoint } from '../checkpoint/types';
import type { Ops, Shape, Stored } from '../numerics/ops';
import type { NormSite } from './symmetries/norms';
import type { HiddenSpace } from './symmetries/spaces';
import type { Symmetry } from './symmetries/symmetry';

/** The dense map of a layer. */
export interface DenseMap {
  /** Parameter [in, out] or [out, in]. */
  readonly weight: string;
  readonly inputAxis: 0 | 1;
  readonly bias: string | null;
}

/** One tap point of a network. */
export interface ModelLayer {
  /** Tensor prefix: '0', 'blocks.3.mlp.W_in'. */
  readonly name: string;
  readonly kind: string;
  /** Width of the output. */
  readonly width: number;
  /** Nonlinearity between the pre-activation and the activation; 'linear' where there is none. */
  readonly activation: string;
  /** Null for an embedding, and where groups of channels have maps of their own. */
  readonly dense: DenseMap | null;
  /** Rows per sample, where they are not the positions of the batch: patches of an image. */
  readonly positions?: number;
  /** Inputs of each row of the map, where they are not the output of the layer before: the window of a convolution. */
  readonly inputs?: number;
}

/** What a layer shows of itself during a forward pass; rows are samples, or samples x positions. */
export interface LayerTap<T> {
  /** Input of the dense map [rows, p], null for an embedding (a one-hot input is never built). */
  readonly input: T | null;
  /** Whether the dense map has a bias: its parameter gradient then includes a constant input of one. */
  readonly bias: boolean;
  /** Pre-activation [rows, q]. */
  readonly pre: T;
  /** Output after the nonlinearity [rows, q]. */
  readonly post: T;
}

export type TapSink<T> = (layer: string, tap: LayerTap<T>) => void;

/** Inputs of a batch: vectors [n, width], or token ids [n, positions]. */
export type Batch =
  | { readonly kind: 'vector'; readonly values: Float64Array; readonly samples: number; readonly width: number }
  | { readonly kind: 'tokens'; readonly ids: Int32Array; readonly samples: number; readonly positions: number };

export type InputSpec =
  /** `image`: what the entries are, where they are pixels, and how networks of this kind are usually given them (`probe/pixels.ts`). */
  | { readonly kind: 'vector'; readonly width: number; readonly image?: ImageInput }
  /** `next`: the output at a position is the logits of the token that follows. `pooled`: one row of outputs for a sequence, instead of one for each position. */
  | { readonly kind: 'tokens'; readonly vocabulary: number; readonly context: number; readonly next?: boolean; readonly pooled?: boolean };

export interface ImageInput {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly order: 'chw' | 'hwc';
  readonly pixels?: { readonly value: string; readonly evidence: string };
}

/** Weights as the forward pass wants them, by the name that `parameters` gives. */
export type Weights<T> = (name: string) => T;

/** A dense array on its way to a backend. */
export interface Parameter {
  readonly values: Float64Array | Float32Array;
  readonly shape: readonly number[];
}

/** A part of a forward pass: a function of the stream that the part before it gives, of parameters and of the batch alone. */
export interface Stage {
  /** For people: 'block 3, MLP'. */
  readonly name: string;
  /** The stream behind it, or the output of the network behind the last; `stream` is null before the first. Shows its layers to `sink`. */
  run<T>(ops: Ops<T>, weights: Weights<T>, stream: T | null, batch: Batch, sink: TapSink<T>): T;
}

/** A forward pass in parts: a network that does not fit into memory runs one after the other. */
export interface Staged {
  /** In order; the forward pass is their composition. */
  readonly stages: readonly Stage[];
  /** The shape of every parameter, as `parameters` gives it: nothing is read. */
  readonly shapes: ReadonlyMap<string, Shape>;
}

export interface ModelChoice {
  readonly key: string;
  readonly value: string;
  readonly options: readonly string[];
  readonly assumed: boolean;
  readonly evidence: string;
}

export interface Model {
  /** Registry key of the architecture. */
  readonly architecture: string;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly transforms: readonly string[];
  readonly tied: readonly (readonly string[])[];
  readonly choices: readonly ModelChoice[];
  readonly input: InputSpec;
  readonly outputs: number;
  /** What loss the output is made for, unless the person says otherwise. */
  readonly defaultLoss: 'mse' | 'ce';
  readonly layers: readonly ModelLayer[];
  /** Tensor names of the checkpoint by what became of them; every other name is unused. */
  readonly tensors: ReadonlyMap<string, { status: 'analysed' | 'used' | 'buffer' | 'excluded'; reason: string | null }>;
  /** Directions along which no network of this kind changes, whatever its weights. */
  symmetries(): readonly Symmetry[];
  /** Hidden spaces between the parameters that write into them and those that read from them. */
  spaces(): readonly HiddenSpace[];
  /** Norms whose output linear maps read. */
  norms(): readonly NormSite[];
  /** Every norm over the last axis, with those that no linear map of its own reads: they have no readers. Absent: `norms` are all. */
  normLayers?(): readonly NormSite[];
  /** Its forward pass in parts; absent where it can only be run as a whole. */
  readonly staged?: Staged;
  /** Reads the weights once, transposed and reshaped as the forward pass wants them: all, or those named. */
  parameters(names?: ReadonlySet<string>): Promise<Map<string, Parameter>>;
  /** The same with matrices left transposed where the file has them so: for a backend that multiplies by them as they are. Absent: as `parameters`. */
  stored?(names?: ReadonlySet<string>): Promise<Map<string, Stored>>;
  /**
   * Runs a batch and shows every layer to `sink`. @returns the output: [n, outputs], or [n * positions, outputs] for tokens that are not pooled.
   */
  forward<T>(ops: Ops<T>, weights: Weights<T>, batch: Batch, sink: TapSink<T>): T;
}

/** What a person chose: {activation: 'gelu'}. */
export type Choices = Readonly<Record<string, string>>;

export type Recognition =
  | { readonly model: Model }
  /** Not this architecture, though it may look like it: the sentence says what is there and what is missing. */
  | { readonly missing: string; /** Part of its anchors that are there. */ readonly matched: number };

export interface Architecture {
  readonly key: string;
  readonly title: string;
  /** The kind of program that it runs; a checkpoint that brings one is recognised by that alone. */
  readonly program?: Program['kind'];
  /** Reads names, shapes and small tensors only. */
  recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition>;
}
