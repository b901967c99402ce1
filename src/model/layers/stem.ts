/** What makes the residual stream of a transformer: embedded tokens, or patches of an image behind tokens of their own, and positions. */
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
  /** Vectors [count, width] at the positions before the patches: the class token, then registers. */
  readonly tokens: readonly { readonly name: string; readonly count: number }[];
}

/** A table with a row for each position of the stream. */
export interface PositionTable {
  readonly name: string;
  /** Rows of the table. */
  readonly context: number;
  /** The first position that has one; 0 unless said otherwise. */
  readonly begin?: number;
  /** The token id that stands for no text: it has the first row, and the other tokens are counted without it (RoBERTa). */
  readonly padding?: number;
}

export interface Stem {
  readonly width: number;
  readonly embedding: TokenEmbedding | PatchEmbedding;
  /** Embedded tokens enter the stream times this (Gemma: the root of the width). */
  readonly embeddingScale?: number;
  readonly positions: PositionTable | null;
  /** A vector that every position gains, such as the embedding of token type 0. */
  readonly typeVector?: string;
  /** Stands between the embeddings and the first block. */
  readonly embeddingNorm?: NormTensors;
}

export function readsPatches(embedding: TokenEmbedding | PatchEmbedding): embedding is PatchEmbedding {
  return 'patch' in embedding;
}

/** Tokens before the patches. */
export function tokenCount({ tokens }: PatchEmbedding): number {
  return tokens.reduce((sum, { count }) => sum + count, 0);
}

/** Positions of the stream, the tokens before the patches among them. */
export function imagePositions(embedding: PatchEmbedding): number {
  return tokenCount(embedding) + (embedding.side / embedding.patch) ** 2;
}

/** The stream before the first block [samples * positions, width]. */
export function embed<T>(ops: Ops<T>, weights: Weights<T>, batch: Batch, sink: TapSink<T>, stem: Stem, run: { dense: RunDense<T>; norm: RunNorm<T> }): T {
  const { width, embedding, embeddingScale, positions, typeVector, embeddingNorm } = stem;
  const { samples } = batch;
  let x: T;
  if (readsPatches(embedding)) {
    if (batch.kind !== 'vector') throw new Error('internal: patches come from images');
    const patches = ops.reshape(run.dense(embedding, ops.constant(...patchesOf(batch.values, samples, embedding))), [samples, (embedding.side / embedding.patch) ** 2, width]);
    const first = embedding.tokens.map(({ name, count }) => ops.add(ops.constant(new Float64Array(samples * count * width), [samples, count, width]), weights(name)));
    x = ops.reshape(ops.concat([...first, patches], 1), [samples * imagePositions(embedding), width]);
  } else {
    if (batch.kind !== 'tokens') throw new Error('internal: an embedding takes tokens');
    x = ops.gather(weights(embedding.name), batch.ids);
    if (embeddingScale !== undefined) x = ops.affine(x, embeddingScale, 0);
    sink(embedding.layer, { input: null, bias: false, pre: x, post: x });
  }
  if (positions?.padding !== undefined && batch.kind === 'tokens') x = ops.add(x, ops.gather(weights(positions.name), countedPositions(batch, positions.padding)));
  else if (positions) {
    const rows = ops.shape(x)[0]!;
    const begin = positions.begin ?? 0;
    const placed = ops.slice(weights(positions.name), [0, 0], [rows / samples - begin, width]);
    const places = begin === 0 ? placed : ops.concat([ops.constant(new Float64Array(begin * width), [begin, width]), placed], 0);
    x = ops.reshape(ops.add(ops.reshape(x, [samples, rows / samples, width]), places), [rows, width]);
  }
  if (typeVector !== undefined) x = ops.add(x, weights(typeVector));
  return embeddingNorm ? run.norm(embeddingNorm, x) : x;
}

/** 1, 2, … for the tokens of each sample that are not padding; 0 for those that are. */
function countedPositions({ ids, samples, positions }: Batch & { kind: 'tokens' }, padding: number): Int32Array {
  const places = new Int32Array(samples * positions);
  for (let i = 0; i < samples; i++) {
    let count = 0;
    for (let at = i * positions; at < (i + 1) * positions; at++) places[at] = ids[at] === padding ? 0 : ++count;
  }
  return places;
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
