/**
 * A network as a graph of operators: what convolutional networks, ONNX graphs and Keras models become before they run. Parameters are named as
 * `Model.parameters` gives them, already arranged: dense weights [in, out], convolutions [kh * kw * in / groups, out] with the input channel
 * running fastest, vectors [channels].
 */
import type { Normalization } from '../layers/norm';

/** Per side of a window: [top, left, bottom, right] in pixels. */
export type Padding = readonly [number, number, number, number];

export interface Window {
  /** [height, width] in pixels. */
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: Padding;
}

export interface Statistics {
  readonly mean: string;
  readonly variance: string;
  /** Added to the variance. */
  readonly epsilon: number;
}

/** Channels are the last axis of every value: vectors [n, c], or images [n, h, w, c]. */
export type Operator =
  | { readonly kind: 'dense'; readonly weight: string; readonly bias: string | null }
  | ({ readonly kind: 'conv'; readonly weight: string; readonly bias: string | null; readonly dilation: readonly [number, number]; readonly groups: number } & Window)
  /**
   * In evaluation mode: scale (x - mean) / sqrt(variance + epsilon) + shift; scale and shift are null where there are none. Without statistics a
   * scale and a shift of each channel (LayerScale).
   */
  | { readonly kind: 'batch-norm'; readonly scale: string | null; readonly shift: string | null; readonly statistics: Statistics | null }
  /** Over the channels. */
  | { readonly kind: 'norm'; readonly normalization: Exclude<Normalization, 'none'>; readonly scale: string | null; readonly shift: string | null; readonly epsilon: number }
  | { readonly kind: 'activation'; readonly activation: string }
  | ({ readonly kind: 'max-pool' } & Window)
  /** `countPadding`: padded zeros count in the mean (torch's default; TF counts only what is there). */
  | ({ readonly kind: 'average-pool'; readonly countPadding: boolean } & Window)
  /** Mean over all pixels: image -> vector. */
  | { readonly kind: 'global-average-pool' }
  /** Image -> vector, in the order in which the next dense layer's weights count. */
  | { readonly kind: 'flatten'; readonly order: 'chw' | 'hwc' }
  /** Vector -> image, of `height` x `width`. */
  | { readonly kind: 'to-image'; readonly order: 'chw' | 'hwc'; readonly height: number; readonly width: number }
  /** Zeros around images, or, where the padding is negative, pixels taken off: in front of what cannot pad by itself. */
  | { readonly kind: 'pad'; readonly padding: Padding }
  /** Every pixel [height, width] times: nearest neighbours. */
  | { readonly kind: 'upsample'; readonly factors: readonly [number, number] }
  /** Elementwise, of two or more values of one shape. */
  | { readonly kind: 'add' }
  /** The same; vectors, and images of one pixel, among images are factors of every pixel (squeeze and excitation). */
  | { readonly kind: 'multiply' }
  /** Along the channels. */
  | { readonly kind: 'concat' }
  /** A token id -> its row of the table [vocabulary, width]. */
  | { readonly kind: 'embedding'; readonly table: string };

export interface GraphNode {
  /** Unique; the tensor prefix of its layer where it has parameters: 'layer1.0.conv1'. */
  readonly name: string;
  /** Names of earlier nodes, or `INPUT`. */
  readonly inputs: readonly string[];
  readonly operator: Operator;
}

export const INPUT = '';

export type GraphInput =
  | { readonly kind: 'vector'; readonly width: number }
  /** Samples are flattened images in this order. */
  | { readonly kind: 'image'; readonly channels: number; readonly height: number; readonly width: number; readonly order: 'chw' | 'hwc' }
  | { readonly kind: 'tokens'; readonly vocabulary: number; readonly context: number };

/** The nodes that `last` depends on, itself last. */
export function nodesUpTo(nodes: readonly GraphNode[], last: string): GraphNode[] {
  const needed = new Set([last]);
  for (const { name, inputs } of nodes.toReversed()) if (needed.has(name)) for (const input of inputs) needed.add(input);
  return nodes.filter(({ name }) => needed.has(name));
}

export interface Graph {
  readonly input: GraphInput;
  /** In an order in which they can run; the last one is the output: logits where a softmax stood at the end, which is left out. */
  readonly nodes: readonly GraphNode[];
}
