/** What makes the residual stream of a transformer: embedded tokens, or patches of an image behind a class token, and their positions. */
import type { Ops } from '../../numerics/ops';
import type { Batch, TapSink, Weights } from '../types';
import type { Named, NormTensors, RunDense, RunNorm } from './dense';

export interface TokenEmbedding {
  readonly name: string;
  readonly layer: string;
  readonly vocabulary: number;
}

/** Square patches of an image [channels, side, side], row by row; each is read as [channels, patch, patch] by one dense map. */
export interface PatchEmbedding extends Named {
  readonly channels: number;
  /** Of the image, in pixels. */
  readonly side: number;
  /** Of a patch, in pixels. */
  readonly patch: number;
  /** A vector [1, width] at the position before the patches. */
  readonly classToken: string;
}

export interface Stem {
  readonly width: number;
  readonly embedding: TokenEmbedding | PatchEmbedding;
  /** Embedded tokens enter the stream times this (Gemma: the root of the width). */
  readonly embeddingScale?: number;
  readonly positions: { readonly name: string; readonly context: number } | null;
  /** A vector that every position gains, such as the embedding of token type 0. */
  readonly typeVector?: string;
  /** Stands between the embeddings and the first block. */
  readonly embeddingNorm?: NormTensors;
}

export function readsPatches(embedding: TokenEmbedding | PatchEmbedding): embedding is PatchEmbedding {
  return 'patch' in embedding;
}

/** Positions of the stream, the class token among them. */
export function imagePositions({ side, patch }: PatchEmbedding): number {
  return 1 + (side / patch) ** 2;
}

/** The stream before the first block [samples * positions, width]. */
export function embed<T>(ops: Ops<T>, weights: Weights<T>, batch: Batch, sink: TapSink<T>, stem: Stem, run: { dense: RunDense<T>; norm: RunNorm<T> }): T {
  const { width, embedding, embeddingScale, positions, typeVector, embeddingNorm } = stem;
  const { samples } = batch;
  let x: T;
  if (readsPatches(embedding)) {
    if (batch.kind !== 'vector') throw new Error('internal: patches come from images');
    const patches = ops.reshape(run.dense(embedding, ops.constant(...patchesOf(batch.values, samples, embedding))), [samples, imagePositions(embedding) - 1, width]);
    const none = ops.constant(new Float64Array(samples * width), [samples, 1, width]);
    x = ops.reshape(ops.concat([ops.add(none, weights(embedding.classToken)), patches], 1), [samples * imagePositions(embedding), width]);
  } else {
    if (batch.kind !== 'tokens') throw new Error('internal: an embedding takes tokens');
    x = ops.gather(weights(embedding.name), batch.ids);
    if (embeddingScale !== undefined) x = ops.affine(x, embeddingScale, 0);
    sink(embedding.layer, { input: null, bias: false, pre: x, post: x });
  }
  const rows = ops.shape(x)[0]!;
  if (positions) {
    const places = ops.slice(weights(positions.name), [0, 0], [rows / samples, width]);
    x = ops.reshape(ops.add(ops.reshape(x, [samples, rows / samples, width]), places), [rows, width]);
  }
  if (typeVector !== undefined) x = ops.add(x, weights(typeVector));
  return embeddingNorm ? run.norm(embeddingNorm, x) : x;
}

/** Images [samples, channels * side * side] -> patches [samples * count, channels * patch * patch]. */
function patchesOf(images: Float64Array, samples: number, { channels, side, patch }: PatchEmbedding): [Float64Array, [number, number]] {
  const across = side / patch;
  const size = channels * patch ** 2;
  const values = new Float64Array(images.length);
  let at = 0;
  for (let i = 0; i < samples; i++)
    for (let row = 0; row < across; row++)
      for (let column = 0; column < across; column++)
        for (let c = 0; c < channels; c++)
          for (let y = 0; y < patch; y++) {
            const from = ((i * channels + c) * side + row * patch + y) * side + column * patch;
            values.set(images.subarray(from, from + patch), at);
            at += patch;
          }
  return [values, [samples * across ** 2, size]];
}
