/** What one layer adds up over the chunks of a probe: a Gram for each side, or the first rows where a Gram would be too large. */
import { InputError, messageOf } from '../base/errors';
import type { ModelLayer } from '../model/types';
import { dualGramOfRowsAsync } from '../numerics/cpu/gram';
import type { Factor } from '../numerics/gram-operator';
import type { Tensor } from '../numerics/ops';
import type { Gram, Numerics } from '../numerics/types';
import type { Side } from './report';
import { GramBlocks } from './spectra';
import { MAX_DIMENSION } from './subject';

/** Parameter-gradient Grams are taken over at most this many samples: they are N x N. */
export const MAX_PARAMETER_SAMPLES = 512;
/** Values kept of a tap wider than MAX_DIMENSION, whose Gram is taken over rows, or not at all where those are as many. */
const MAX_WIDE_VALUES = 2 ** 25;

/** Rows kept of a tap wider than MAX_DIMENSION. */
export function rowsKept(width: number): number {
  return Math.max(1, Math.floor(MAX_WIDE_VALUES / width));
}

export interface TapGrams {
  layer: string;
  side: Side;
  /** The factor itself where rows and width are above MAX_DIMENSION. */
  total: Gram | Factor;
  without: Gram[];
  dimension?: number;
  rows?: number;
  /** How much larger the roundoff of the tap is than that of one operation (probe/cancellation.ts). */
  cancellation: number;
}

export interface SumOptions {
  /** Samples and positions of the whole probe. */
  samples: number;
  positions: number;
  /** Blocks of samples. */
  blocks: number;
  gradients: boolean;
  /** Why there is no parameter Gram where one was asked for; true: there is one; false: nobody asked. */
  parameter: boolean | string;
  skip(layer: string, side: Side, reason: string): void;
  signal?: AbortSignal;
}

/** Rows that are kept as they are, up to a number. */
class Rows {
  private readonly parts: Float64Array[] = [];
  width = 0;
  rows = 0;

  constructor(private readonly most: number) {}

  add(values: Float64Array, width: number): void {
    this.width = width;
    const room = this.most - this.rows;
    if (room <= 0) return;
    const part = values.slice(0, room * width);
    this.parts.push(part);
    this.rows += part.length / width;
  }

  /** [rows, width] */
  values(): Float64Array {
    const whole = new Float64Array(this.rows * this.width);
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

/** Rows [rows, width] with a last column of ones: the input of a layer with a bias. */
export function withOnes(values: Float64Array, rows: number, width: number): Float64Array {
  const wide = new Float64Array(rows * (width + 1)).fill(1);
  for (let r = 0; r < rows; r++) wide.set(values.subarray(r * width, (r + 1) * width), r * (width + 1));
  return wide;
}

/**
 * Takes tensors without waiting for what is computed from them, so that a forward pass runs beside the Grams of the chunk before it;
 * terms are added in the order in which they were given, whatever finishes first.
 */
export class LayerSums {
  private readonly sides: Map<Side, GramBlocks | Rows>;
  /** Both factors of the parameter gradients, where they are asked for. */
  private readonly dense: { input: Rows; delta: Rows } | null;
  private bias = false;
  private readonly last = new Map<GramBlocks | Rows, Promise<void>>();

  constructor(
    readonly layer: ModelLayer,
    private readonly numerics: Numerics,
    private readonly options: SumOptions,
  ) {
    const sink = () => (layer.width > MAX_DIMENSION ? new Rows(rowsKept(layer.width)) : new GramBlocks(options.blocks));
    const most = Math.min(options.samples, MAX_PARAMETER_SAMPLES) * this.positions;
    this.sides = new Map([['activation', sink()], ...(options.gradients ? [['gradient', sink()] as const] : [])]);
    this.dense = options.parameter === true && layer.dense ? { input: new Rows(most), delta: new Rows(most) } : null;
  }

  private get positions(): number {
    return this.layer.positions ?? this.options.positions;
  }

  /**
   * The output of the layer over some rows, and its input, with whether a bias is added to their product. Resolves when the tensors
   * may be disposed of.
   */
  async addActivation(block: number, post: Tensor, input: Tensor | undefined, bias: boolean): Promise<void> {
    this.bias = bias;
    await Promise.all([this.add('activation', post, block, true), this.dense && this.keep(this.dense.input, input!)]);
  }

  /**
   * `counts` is false for the later passes of an exact Fisher: terms of an expectation over the same rows, not more rows. Resolves when
   * the tensor may be disposed of.
   */
  async addGradient(block: number, gradient: Tensor, counts: boolean): Promise<void> {
    await Promise.all([this.add('gradient', gradient, block, counts), this.dense && this.keep(this.dense.delta, gradient)]);
  }

  /** All that was given so far is in the sums; a tap that is not finite has excluded its side, with a reason. */
  async settled(): Promise<void> {
    const results = await Promise.allSettled(this.last.values());
    const failed = results.find((r) => r.status === 'rejected');
    if (failed) throw failed.reason;
  }

  async finish(): Promise<Omit<TapGrams, 'cancellation'>[]> {
    await this.settled();
    const { options, sides, layer } = this;
    const result: Omit<TapGrams, 'cancellation'>[] = [];
    if (!sides.has('activation') && sides.delete('gradient')) {
      options.skip(layer.name, 'gradient', 'its activations are not finite, so its gradient is taken at no real point.');
    }
    for (const [side, sink] of sides) {
      if (sink instanceof Rows) {
        const { rows, width } = sink;
        const values = sink.values();
        const total = rows > MAX_DIMENSION ? { values, rows, columns: width } : await dualGramOfRowsAsync(values, rows, width, options.signal);
        result.push({ layer: layer.name, side, total, without: [], dimension: width, rows });
      } else {
        const grams = sink.finish();
        if (grams) result.push({ layer: layer.name, side, ...grams });
      }
    }
    if (options.parameter === false) return result;
    if (this.dense && sides.size === 2) {
      result.push({ layer: layer.name, side: 'parameter', total: await this.parameterGram(this.dense), without: [] });
    } else {
      options.skip(layer.name, 'parameter', options.parameter === true ? 'it needs a dense layer with finite taps' : options.parameter);
    }
    return result;
  }

  private async add(side: Side, tensor: Tensor, block: number, counts: boolean): Promise<void> {
    const sink = this.sides.get(side);
    if (sink instanceof Rows) return this.keep(sink, tensor);
    if (!sink) return;
    const gram = this.numerics.gram(tensor, this.options.signal);
    this.then(sink, gram, (g) => sink.add(block, counts ? g : { ...g, rows: 0 }), (reason) => {
      if (this.sides.delete(side)) this.options.skip(this.layer.name, side, reason);
    });
  }

  private async keep(sink: Rows, tensor: Tensor): Promise<void> {
    const width = tensor.shape[1]!;
    const values = this.numerics.ops.read(tensor);
    this.then(sink, values, (v) => sink.add(v, width));
    await values;
  }

  /** `take` what comes, after all that came before it. */
  private then<V>(sink: GramBlocks | Rows, coming: Promise<V>, take: (value: V) => void, refused?: (reason: string) => void): void {
    const before = this.last.get(sink);
    const next = (async () => {
      const [value] = await Promise.allSettled([coming, before]);
      await before;
      if (value.status === 'fulfilled') take(value.value);
      else if (refused && value.reason instanceof InputError) refused(messageOf(value.reason));
      else throw value.reason;
    })();
    // It is awaited in `settled`, perhaps after it failed.
    next.catch(() => {});
    this.last.set(sink, next);
  }

  /** K_ij = <g_i, g_j> over the first samples; a bias is a constant input of one. */
  private async parameterGram({ input, delta }: { input: Rows; delta: Rows }): Promise<Gram> {
    const { ops } = this.numerics;
    const inputs = this.bias ? withOnes(input.values(), input.rows, input.width) : input.values();
    const left = ops.constant(inputs, [input.rows, input.width + (this.bias ? 1 : 0)]);
    const right = ops.constant(delta.values(), [delta.rows, delta.width]);
    try {
      return await this.numerics.fisherGram(left, right, this.positions, this.options.signal);
    } finally {
      ops.dispose(left, right);
    }
  }
}
