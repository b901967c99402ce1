/** What one layer adds up over the chunks of a probe: a Gram for each side, or its rows where those are few or the layer is too wide for a Gram. */
import { InputError, messageOf } from '../base/errors';
import type { ModelLayer } from '../model/types';
import { principalGram } from '../numerics/cpu/gram';
import { assertFinite } from '../numerics/finite';
import type { Factor } from '../numerics/gram-operator';
import type { Tensor } from '../numerics/ops';
import { transpose } from '../numerics/transpose';
import type { Gram, Numerics } from '../numerics/types';
import type { Side } from './report';
import { GramBlocks } from './spectra';
import { MAX_DIMENSION } from './subject';
import { rowsKept, TapRows } from './tap-rows';

/** Parameter-gradient Grams are taken over at most this many samples: they are N x N. */
export const MAX_PARAMETER_SAMPLES = 512;

export interface TapGrams {
  layer: string;
  side: Side;
  /** Over the columns of the tap, or over its rows (tap-rows.ts); the factor itself where both are above MAX_DIMENSION. */
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
  /** Backward passes: gradients of each row. */
  passes: number;
  gradients: boolean;
  /** Why there is no parameter Gram where one was asked for; true: there is one; false: nobody asked. */
  parameter: boolean | string;
  skip(layer: string, side: Side, reason: string): void;
  signal?: AbortSignal;
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
  private readonly sides: Map<Side, GramBlocks | TapRows>;
  /** Both factors of the parameter gradients, where they are asked for. */
  private readonly dense: { input: TapRows; delta: TapRows } | null;
  private bias = false;
  private readonly last = new Map<GramBlocks | TapRows, Promise<void>>();

  constructor(
    readonly layer: ModelLayer,
    private readonly numerics: Numerics,
    private readonly options: SumOptions,
  ) {
    const sink = (passes: number) => {
      const kept = rowsKept(options.samples * this.positions * passes, layer.width);
      return kept === null ? new GramBlocks(options.blocks) : new TapRows(kept, passes);
    };
    const most = Math.min(options.samples, MAX_PARAMETER_SAMPLES) * this.positions;
    this.sides = new Map([['activation', sink(1)], ...(options.gradients ? [['gradient', sink(options.passes)] as const] : [])]);
    this.dense = options.parameter === true && layer.dense ? { input: new TapRows(most), delta: new TapRows(most) } : null;
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
    await Promise.all([this.add('activation', post, block, true), this.dense && this.keep(this.dense.input, block, input!)]);
  }

  /**
   * `counts` is false for the later passes of an exact Fisher: terms of an expectation over the same rows, not more rows. Resolves when
   * the tensor may be disposed of.
   */
  async addGradient(block: number, gradient: Tensor, counts: boolean): Promise<void> {
    await Promise.all([this.add('gradient', gradient, block, counts), this.dense && this.keep(this.dense.delta, block, gradient)]);
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
      if (sink instanceof TapRows) result.push({ layer: layer.name, side, ...(await this.overRows(sink)) });
      else {
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
    const refused = (reason: string) => {
      if (this.sides.delete(side)) this.options.skip(this.layer.name, side, reason);
    };
    if (sink instanceof TapRows) return this.keep(sink, block, tensor, counts, refused);
    if (!sink) return;
    const gram = this.numerics.gram(tensor, this.options.signal);
    this.then(sink, gram, (g) => sink.add(block, counts ? g : { ...g, rows: 0 }), refused);
  }

  private async keep(sink: TapRows, block: number, tensor: Tensor, counts = true, refused?: (reason: string) => void): Promise<void> {
    const [rows, width] = tensor.shape as [number, number];
    const values = this.numerics.ops.read(tensor);
    const take = (v: Float64Array) => {
      if (refused) assertFinite(v, rows, width);
      sink.add(block, v, width, counts);
    };
    this.then(sink, values, take, refused);
    await values;
  }

  /** X X^T and its parts without each block; no Gram where there are too many rows. */
  private async overRows(tap: TapRows): Promise<Pick<TapGrams, 'total' | 'without' | 'dimension' | 'rows'>> {
    const { ops } = this.numerics;
    const { kept, rows, width } = tap;
    const values = tap.values();
    const size = { dimension: width, rows };
    if (kept > MAX_DIMENSION) return { ...size, total: { values, rows: kept, columns: width }, without: [] };
    const columns = ops.constant(transpose(values, kept, width), [width, kept]);
    try {
      const gram = await this.numerics.gram(columns, this.options.signal);
      return { ...size, total: { ...gram, rows }, without: tap.others().map((other) => principalGram(gram, other.at, other.rows)) };
    } finally {
      ops.dispose(columns);
    }
  }

  /** `take` what comes, after all that came before it. */
  private then<V>(sink: GramBlocks | TapRows, coming: Promise<V>, take: (value: V) => void, refused?: (reason: string) => void): void {
    const before = this.last.get(sink);
    const next = (async () => {
      const [value] = await Promise.allSettled([coming, before]);
      await before;
      try {
        if (value.status === 'rejected') throw value.reason;
        take(value.value);
      } catch (error) {
        if (!refused || !(error instanceof InputError)) throw error;
        refused(messageOf(error));
      }
    })();
    // It is awaited in `settled`, perhaps after it failed.
    next.catch(() => {});
    this.last.set(sink, next);
  }

  /** K_ij = <g_i, g_j> over the first samples; a bias is a constant input of one. */
  private async parameterGram({ input, delta }: { input: TapRows; delta: TapRows }): Promise<Gram> {
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
