/**
 * A transformer: what every family is once its tensors are named and arranged, and its forward pass. Norms stand before each branch
 * (GPT-2, Llama, ViT), before and behind it (Gemma 2), or after each sum of branch and stream (BERT). Weights are [in, out] with the heads side by side.
 */
import type { Ops } from '../../numerics/ops';
import type { Batch, ModelLayer, Stage, TapSink, Weights } from '../types';
import { attend, causalMask, softCap, type Rotary } from './attention';
import { denseOf, normOf, type Named, type NormTensors, type RunDense, type RunNorm } from './dense';
import type { Normalization } from './norm';
import type { RotaryPositions } from './rotary';
import { embed, imagePositions, readsPatches, type Stem } from './stem';

export interface TransformerMlp {
  readonly hidden: number;
  /** A gated MLP: activation(gate) times up. */
  readonly gate: Named | null;
  readonly up: Named;
  /** Bias of the product of gate and up. */
  readonly productBias: string | null;
  readonly down: Named;
  readonly activation: string;
}

export interface TransformerBlock {
  readonly query: Named;
  readonly key: Named;
  readonly value: Named;
  readonly output: Named;
  /** The norm before attention, and the one before the MLP; or those after them (`postNorm`). */
  readonly attentionNorm: NormTensors;
  readonly mlpNorm: NormTensors;
  readonly mlp: TransformerMlp | null;
  /** The MLP reads the stream before attention has written into it. */
  readonly parallel: boolean;
  /** Boolean mask [context, context] of local attention; null where it is plainly causal. */
  readonly mask: Float32Array | Float64Array | null;
  /** Causal attention sees so many positions, itself and those before it; all where it is absent. */
  readonly window?: number;
  /** Where they are not those of the transformer; as many dims of each head are rotated. */
  readonly rotary?: RotaryPositions;
  /** RMSNorms over what attention and the MLP write, before it is added (Gemma 2). */
  readonly branchNorms?: { readonly attention: NormTensors; readonly mlp: NormTensors };
  /** Norms [headWidth] over each query and each key, shared by the heads; LayerNorms have shifts, and no rotary positions behind them. */
  readonly headNorms?: { readonly query: NormTensors; readonly key: NormTensors };
  /** Vectors that scale what attention and the MLP write (LayerScale, Touvron et al. 2021). */
  readonly attentionScale?: string;
  readonly mlpScale?: string;
}

/** A dense layer, and mostly a norm, between the stream and the unembedding: BERT's masked language model, or its pooler. */
export interface TransformerHead {
  readonly dense: Named;
  readonly activation: string;
  readonly norm: NormTensors | null;
}

export interface Transformer extends Stem {
  readonly heads: number;
  readonly groups: number;
  readonly headWidth: number;
  readonly rotary: RotaryPositions | null;
  /** What the products of queries and keys are multiplied with; 1 / sqrt(headWidth) where it is absent. */
  readonly scoreScale?: number;
  /** Soft caps of those scores and of the logits. */
  readonly scoreCap?: number;
  readonly logitCap?: number;
  readonly normalization: Normalization;
  readonly epsilon: number;
  readonly causal: boolean;
  /** x <- norm(x + branch(x)), as in Vaswani et al. 2017, instead of x <- x + branch(norm(x)). */
  readonly postNorm?: boolean;
  readonly blocks: readonly TransformerBlock[];
  readonly finalNorm: NormTensors | null;
  /** The output is that of the first position. */
  readonly classOnly?: boolean;
  /** The output is that of the mean of all positions but the first `skip`, taken before or after the final norm. */
  readonly mean?: { readonly skip: number; readonly beforeNorm: boolean };
  readonly head?: TransformerHead;
  /** `inputAxis` 1: the embedding itself [vocabulary, width], tied. Null: the stream is the output. */
  readonly unembedding: (Named & { readonly outputs: number; readonly inputAxis: 0 | 1 }) | null;
  /** A classifier of the second position; the output is the mean of both (DeiT's distillation token, Touvron et al. 2021). */
  readonly distilled?: Named | null;
}

/** The embedding is also the unembedding: what moves its columns moves both. */
export function isTied({ embedding, unembedding }: Transformer): boolean {
  return !readsPatches(embedding) && unembedding?.weight === embedding.name;
}

/** The forward pass in parts: what makes the stream, the branches of every block, and what reads the stream out. */
export function stagesOf(t: Transformer): Stage[] {
  return [
    { name: t.embedding.layer, run: (ops, weights, _, batch, sink) => embed(ops, weights, batch, sink, t, runnersOf(ops, weights, sink, t)) },
    ...t.blocks.flatMap((block, i): Stage[] =>
      readsOnce(block)
        ? [{ name: `block ${i}`, run: (ops, weights, x, batch, sink) => runBlock(ops, weights, x!, batch, sink, t, block) }]
        : [
            { name: `block ${i}, attention`, run: (ops, weights, x, batch, sink) => runAttention(ops, weights, x!, batch, sink, t, block).stream },
            { name: `block ${i}, MLP`, run: (ops, weights, x, _, sink) => runMlp(ops, weights, x!, null, sink, t, block) },
          ],
    ),
    { name: 'readout', run: (ops, weights, x, { samples }, sink) => readOut(ops, weights, x!, samples, sink, t) },
  ];
}

function runnersOf<T>(ops: Ops<T>, weights: Weights<T>, sink: TapSink<T>, t: Transformer): { dense: RunDense<T>; norm: RunNorm<T> } {
  return { dense: denseOf(ops, weights, sink), norm: normOf(ops, weights, t.normalization, t.epsilon) };
}

/** Attention and the MLP cannot be run apart: there is no MLP, or it reads what attention does. */
function readsOnce({ mlp, parallel, attentionNorm, mlpNorm }: TransformerBlock): boolean {
  return mlp === null || parallel || attentionNorm.layer === mlpNorm.layer;
}

/** The stream [samples * positions, width] behind a block. */
function runBlock<T>(ops: Ops<T>, weights: Weights<T>, before: T, batch: Batch, sink: TapSink<T>, t: Transformer, block: TransformerBlock): T {
  const { read, stream } = runAttention(ops, weights, before, batch, sink, t, block);
  return runMlp(ops, weights, stream, { before, read }, sink, t, block);
}

/** What attention reads, and the stream behind it. */
function runAttention<T>(ops: Ops<T>, weights: Weights<T>, before: T, { samples }: Batch, sink: TapSink<T>, t: Transformer, block: TransformerBlock): { read: T; stream: T } {
  const { heads, groups, headWidth, scoreScale: scale = 1 / Math.sqrt(headWidth), scoreCap: cap, postNorm = false } = t;
  const { query, key, value, output, attentionNorm, headNorms } = block;
  const { dense, norm } = runnersOf(ops, weights, sink, t);
  const positions = ops.shape(before)[0]! / samples;
  const mask = t.causal ? ops.constant(block.mask ? additive(block.mask, positions) : causalMask(positions, block.window), [positions, positions]) : null;
  const read = postNorm ? before : norm(attentionNorm, before);
  const shape = { samples, positions, heads, groups, headWidth };
  const norms = headNorms ? { query: (x: T) => norm(headNorms.query, x), key: (x: T) => norm(headNorms.key, x) } : null;
  const rotary = turns(ops, block.rotary ?? t.rotary, positions);
  const mixed = attend(ops, shape, dense(query, read), dense(key, read), dense(value, read), { scale, cap, mask, rotary, norms });
  const stream = ops.add(before, written(ops, weights, norm, dense(output, mixed), block.branchNorms?.attention, block.attentionScale));
  return { read, stream: postNorm ? norm(attentionNorm, stream) : stream };
}

/** The stream behind the MLP, or as it was where there is none; `attention` is what it stands beside in one part. */
function runMlp<T>(ops: Ops<T>, weights: Weights<T>, stream: T, attention: { before: T; read: T } | null, sink: TapSink<T>, t: Transformer, block: TransformerBlock): T {
  const { postNorm = false } = t;
  const { attentionNorm, mlpNorm, mlp, parallel, branchNorms, mlpScale } = block;
  if (!mlp) return stream;
  const { dense, norm } = runnersOf(ops, weights, sink, t);
  const sameNorm = mlpNorm.layer === attentionNorm.layer;
  const m = postNorm ? stream : sameNorm ? attention!.read : norm(mlpNorm, parallel ? attention!.before : stream);
  let hidden = mlp.gate ? ops.mul(dense(mlp.gate, m, mlp.activation), dense(mlp.up, m)) : dense(mlp.up, m, mlp.activation);
  if (mlp.productBias !== null) hidden = ops.add(hidden, weights(mlp.productBias));
  const behind = ops.add(stream, written(ops, weights, norm, dense(mlp.down, hidden), branchNorms?.mlp, mlpScale));
  return postNorm ? norm(mlpNorm, behind) : behind;
}

/** What a branch adds to the stream: normalised, or scaled by a vector, where the family does so. */
function written<T>(ops: Ops<T>, weights: Weights<T>, norm: RunNorm<T>, branch: T, after: NormTensors | undefined, by: string | undefined): T {
  const normed = after ? norm(after, branch) : branch;
  return by === undefined ? normed : ops.mul(normed, weights(by));
}

function turns<T>(ops: Ops<T>, rotary: RotaryPositions | null, positions: number): Rotary<T> | null {
  if (!rotary) return null;
  const { rotated, adjacent } = rotary;
  const { cos, sin } = rotary.table(positions);
  return { rotated, adjacent, cos: ops.constant(cos, [positions, rotated]), sin: ops.constant(sin, [positions, rotated]) };
}

function readOut<T>(ops: Ops<T>, weights: Weights<T>, stream: T, samples: number, sink: TapSink<T>, t: Transformer): T {
  const { dense, norm } = runnersOf(ops, weights, sink, t);
  const { width } = t;
  const positions = ops.shape(stream)[0]! / samples;
  let x = stream;
  const from = (rows: T, begin: number, count: number): T => ops.slice(ops.reshape(rows, [samples, positions, width]), [0, begin, 0], [samples, count, width]);
  const averaged = (skip: number): T => ops.reshape(ops.affine(ops.sum(from(x, skip, positions - skip), [1]), 1 / (positions - skip), 0), [samples, width]);
  if (t.classOnly) x = ops.reshape(from(x, 0, 1), [samples, width]);
  if (t.mean?.beforeNorm) x = averaged(t.mean.skip);
  if (t.finalNorm) x = norm(t.finalNorm, x);
  if (t.mean && !t.mean.beforeNorm) x = averaged(t.mean.skip);
  if (t.head) {
    x = dense(t.head.dense, x, t.head.activation);
    if (t.head.norm) x = norm(t.head.norm, x);
  }
  if (!t.unembedding) return x;
  const logits = dense(t.unembedding, x, 'linear', t.unembedding.inputAxis === 1);
  if (t.distilled) {
    const second = ops.reshape(from(stream, 1, 1), [samples, width]);
    return ops.affine(ops.add(logits, dense(t.distilled, t.finalNorm ? norm(t.finalNorm, second) : second)), 0.5, 0);
  }
  return t.logitCap === undefined ? logits : softCap(ops, logits, t.logitCap);
}

/** There is one row of outputs for a sample. */
export function isPooled({ classOnly, mean }: Transformer): boolean {
  return classOnly === true || mean !== undefined;
}

/** Every tap in the order of the forward pass. */
export function layersOf(t: Transformer): ModelLayer[] {
  const { embedding, width, head, unembedding, distilled } = t;
  // Positions of an image are not those of the batch.
  const rows = readsPatches(embedding) ? { positions: imagePositions(embedding) } : {};
  const linear = ({ layer, weight, bias }: Named, kind: string, outputs: number, activation = 'linear'): ModelLayer => ({
    name: layer, kind, width: outputs, activation, dense: { weight, inputAxis: 0, bias }, ...rows,
  });
  const stem: ModelLayer = readsPatches(embedding)
    ? { ...linear(embedding, 'patch embedding', width), positions: (embedding.side / embedding.patch) ** 2 }
    : { name: embedding.layer, kind: 'embedding', width, activation: 'linear', dense: null };
  const last = (layer: ModelLayer): ModelLayer => (isPooled(t) ? { ...layer, positions: 1 } : layer);
  return [
    stem,
    ...t.blocks.flatMap(({ query, key, value, output, mlp }) => [
      linear(query, 'attention query', t.heads * t.headWidth),
      linear(key, 'attention key', t.groups * t.headWidth),
      linear(value, 'attention value', t.groups * t.headWidth),
      linear(output, 'attention output', width),
      ...(mlp?.gate ? [linear(mlp.gate, 'MLP gate', mlp.hidden, mlp.activation)] : []),
      ...(mlp ? [linear(mlp.up, 'MLP in', mlp.hidden, mlp.gate ? 'linear' : mlp.activation), linear(mlp.down, 'MLP out', width)] : []),
    ]),
    ...(head ? [last(linear(head.dense, 'head', width, head.activation))] : []),
    ...(unembedding ? [last({ ...linear(unembedding, isPooled(t) ? 'classifier' : 'unembedding', unembedding.outputs), dense: { weight: unembedding.weight, inputAxis: unembedding.inputAxis, bias: unembedding.bias } })] : []),
    ...(unembedding && distilled ? [last(linear(distilled, 'classifier', unembedding.outputs))] : []),
  ];
}

/** The top-left [T, T] of a boolean mask as an additive mask. */
function additive(mask: Float32Array | Float64Array, positions: number): Float64Array {
  const stride = Math.round(Math.sqrt(mask.length));
  return Float64Array.from({ length: positions ** 2 }, (_, k) => (mask[Math.floor(k / positions) * stride + (k % positions)] ? 0 : -1e30));
}
