/**
 * A pre-norm transformer over tokens: what every family of decoders is once its tensors are named and arranged, and its forward pass.
 * Weights are [in, out] with the heads side by side.
 */
import type { Ops } from '../../numerics/ops';
import type { Batch, ModelLayer, TapSink, Weights } from '../types';
import { activate } from './activations';
import { attend, causalMask } from './attention';
import { normalize, type Normalization } from './norm';

/** A dense map by the names of its parameters, and the name of its layer for people. */
export interface Named {
  readonly layer: string;
  readonly weight: string;
  readonly bias: string | null;
}

/** Scale and shift are null where there is no norm, or they are folded into its readers. */
export interface NormTensors {
  readonly layer: string;
  readonly scale: string | null;
  readonly shift: string | null;
}

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
  /** The norm before attention, and the one before the MLP. */
  readonly attentionNorm: NormTensors;
  readonly mlpNorm: NormTensors;
  readonly mlp: TransformerMlp | null;
  /** The MLP reads the stream before attention has written into it. */
  readonly parallel: boolean;
  /** Boolean mask [context, context] of local attention; null where it is plainly causal. */
  readonly mask: Float32Array | Float64Array | null;
}

export interface RotaryPositions {
  /** Leading dims of each head that are rotated. */
  readonly rotated: number;
  /** Pairs are (0, 1), (2, 3), … instead of (i, i + rotated / 2). */
  readonly adjacent: boolean;
  /** Cosines and sines [positions, rotated]. */
  table(positions: number): { cos: Float64Array; sin: Float64Array };
}

export interface Transformer {
  readonly width: number;
  readonly heads: number;
  readonly groups: number;
  readonly headWidth: number;
  readonly rotary: RotaryPositions | null;
  readonly normalization: Normalization;
  readonly epsilon: number;
  readonly causal: boolean;
  readonly embedding: { readonly name: string; readonly layer: string; readonly vocabulary: number };
  readonly positions: { readonly name: string; readonly context: number } | null;
  readonly blocks: readonly TransformerBlock[];
  readonly finalNorm: NormTensors;
  /** `inputAxis` 1: the embedding itself [vocabulary, width], tied. */
  readonly unembedding: Named & { readonly outputs: number; readonly inputAxis: 0 | 1 };
}

export function forward<T>(ops: Ops<T>, weights: Weights<T>, batch: Batch, sink: TapSink<T>, t: Transformer): T {
  if (batch.kind !== 'tokens') throw new Error('internal: a transformer takes tokens');
  const { samples, positions } = batch;
  const { heads, groups, headWidth } = t;

  const dense = ({ layer, weight, bias }: Named, input: T, activation = 'linear', transposeB = false): T => {
    let pre = ops.matmul(input, weights(weight), { transposeB });
    if (bias !== null) pre = ops.add(pre, weights(bias));
    const post = activate(ops, activation, pre);
    sink(layer, { input, bias: bias !== null, pre, post });
    return post;
  };
  const norm = ({ scale, shift }: NormTensors, x: T): T =>
    normalize(ops, t.normalization, x, scale === null ? null : weights(scale), shift === null ? null : weights(shift), t.epsilon);
  const causal = t.causal ? ops.constant(causalMask(positions), [positions, positions]) : null;
  const table = t.rotary?.table(positions);
  const turn = (values: Float64Array) => ops.constant(values, [positions, t.rotary!.rotated]);
  const rotary = t.rotary && table ? { rotated: t.rotary.rotated, adjacent: t.rotary.adjacent, cos: turn(table.cos), sin: turn(table.sin) } : null;

  let x = ops.gather(weights(t.embedding.name), batch.ids);
  sink(t.embedding.layer, { input: null, bias: false, pre: x, post: x });
  if (t.positions) {
    const places = ops.slice(weights(t.positions.name), [0, 0], [positions, t.width]);
    x = ops.reshape(ops.add(ops.reshape(x, [samples, positions, t.width]), places), [samples * positions, t.width]);
  }
  for (const { query, key, value, output, attentionNorm, mlpNorm, mlp, parallel, mask } of t.blocks) {
    const before = x;
    const read = norm(attentionNorm, x);
    const allowed = mask && t.causal ? ops.constant(additive(mask, positions), [positions, positions]) : causal;
    const shape = { samples, positions, heads, groups, headWidth };
    const mixed = attend(ops, shape, dense(query, read), dense(key, read), dense(value, read), 1 / Math.sqrt(headWidth), allowed, rotary);
    x = ops.add(x, dense(output, mixed));
    if (!mlp) continue;
    const m = mlpNorm.layer === attentionNorm.layer ? read : norm(mlpNorm, parallel ? before : x);
    let hidden = mlp.gate ? ops.mul(dense(mlp.gate, m, mlp.activation), dense(mlp.up, m)) : dense(mlp.up, m, mlp.activation);
    if (mlp.productBias !== null) hidden = ops.add(hidden, weights(mlp.productBias));
    x = ops.add(x, dense(mlp.down, hidden));
  }
  return dense(t.unembedding, norm(t.finalNorm, x), 'linear', t.unembedding.inputAxis === 1);
}

/** Every tap in the order of the forward pass. */
export function layersOf(t: Transformer): ModelLayer[] {
  const linear = ({ layer, weight, bias }: Named, kind: string, width: number, activation = 'linear', inputAxis: 0 | 1 = 0): ModelLayer => ({
    name: layer, kind, width, activation, dense: { weight, inputAxis, bias },
  });
  return [
    { name: t.embedding.layer, kind: 'embedding', width: t.width, activation: 'linear', dense: null },
    ...t.blocks.flatMap(({ query, key, value, output, mlp }) => [
      linear(query, 'attention query', t.heads * t.headWidth),
      linear(key, 'attention key', t.groups * t.headWidth),
      linear(value, 'attention value', t.groups * t.headWidth),
      linear(output, 'attention output', t.width),
      ...(mlp?.gate ? [linear(mlp.gate, 'MLP gate', mlp.hidden, mlp.activation)] : []),
      ...(mlp ? [linear(mlp.up, 'MLP in', mlp.hidden, mlp.gate ? 'linear' : mlp.activation), linear(mlp.down, 'MLP out', t.width)] : []),
    ]),
    linear(t.unembedding, 'unembedding', t.unembedding.outputs, 'linear', t.unembedding.inputAxis),
  ];
}

/** Rotary positions of Su et al. 2021: frequency base^(-2i / rotated) for pair i, over halves as in GPT-NeoX and Llama. */
export function rotaryHalves(rotated: number, base: number): RotaryPositions {
  const half = rotated / 2;
  const angle = (k: number) => Math.floor(k / rotated) * base ** (-(k % half) / half);
  const values = (positions: number, f: (x: number) => number) => Float64Array.from({ length: positions * rotated }, (_, k) => f(angle(k)));
  return { rotated, adjacent: false, table: (positions) => ({ cos: values(positions, Math.cos), sin: values(positions, Math.sin) }) };
}

/** The top-left [T, T] of a boolean mask as an additive mask. */
function additive(mask: Float32Array | Float64Array, positions: number): Float64Array {
  const stride = Math.round(Math.sqrt(mask.length));
  return Float64Array.from({ length: positions ** 2 }, (_, k) => (mask[Math.floor(k / positions) * stride + (k % positions)] ? 0 : -1e30));
}
