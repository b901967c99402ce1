/** Runs a model over a probe, chunk by chunk, and turns the taps of every layer into Gram matrices. */
import { InputError, messageOf } from '../base/errors';
import { Random } from '../base/random';
import type { LayerTap, Model, ModelLayer } from '../model/types';
import { dualGramOfRowsAsync } from '../numerics/cpu/gram';
import type { Factor } from '../numerics/gram-operator';
import type { Tensor } from '../numerics/ops';
import { Tape, type Var } from '../numerics/tape';
import type { Gram, Numerics } from '../numerics/types';
import { Cancellation } from '../probe/cancellation';
import { passes, seed, totalLoss, type Fisher, type Loss, type LossRows } from '../probe/loss';
import { rowsOf, sliceInputs, type Probe, type Targets } from '../probe/types';
import { GramBlocks } from './spectra';
import { MAX_DIMENSION } from './subject';
import type { Side } from './report';

/** Parameter-gradient Grams are taken over at most this many samples: they are N x N. */
export const MAX_PARAMETER_SAMPLES = 512;
/** Values kept of a tap wider than MAX_DIMENSION, whose Gram is taken over rows, or not at all where those are as many. */
const MAX_WIDE_VALUES = 2 ** 25;
/** Floating-point operations and tap values per chunk: small enough that cancel and progress are prompt. */
const CHUNK_FLOPS = 1e9;
const CHUNK_VALUES = 2 ** 22;

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

export interface RunSettings {
  loss: Loss;
  fisher: Fisher;
  seed: number;
  /** Blocks of samples for the jackknife; 0 or 1 = none. */
  folds: number;
  parameter: boolean;
}

export interface RunHooks {
  progress(layer: string | null, done: number, total: number): void;
  skip(layer: string, side: Side, reason: string): void;
  signal?: AbortSignal;
}

/** Rows that carry a loss, and why that is so. */
export function carriers(probe: Probe): Float64Array {
  const rows = rowsOf(probe.inputs);
  const carries = new Float64Array(rows).fill(1);
  if (probe.targets?.kind === 'labels') probe.targets.labels.forEach((y, i) => (carries[i] = y < 0 ? 0 : 1));
  return carries;
}

/** Backward passes over the whole probe: what an exact Fisher costs. */
export function backwardPasses(model: Model, probe: Probe, fisher: Fisher): number {
  const positions = probe.inputs.kind === 'tokens' ? probe.inputs.positions : 1;
  return passes({ fisher, outputs: model.outputs, carries: carriers(probe), positions });
}

/** Names the tensors that hold NaN or Inf, with a count and the first place; null when all are finite. */
export function notFinite(parameters: ReadonlyMap<string, { values: ArrayLike<number>; shape: readonly number[] }>): string | null {
  const found: string[] = [];
  for (const [name, { values, shape }] of parameters) {
    let count = 0;
    let first = -1;
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i]!)) continue;
      if (count++ === 0) first = i;
    }
    if (count > 0) found.push(`'${name}' holds ${count} values that are not finite (the first at [${unravel(first, shape).join(', ')}])`);
  }
  return found.length > 0 ? found.slice(0, 5).join('; ') : null;
}

function unravel(index: number, shape: readonly number[]): number[] {
  const position: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    position.unshift(index % shape[axis]!);
    index = Math.floor(index / shape[axis]!);
  }
  return position;
}

/** The first rows of a tap, for matrices that are taken over rows. */
class Rows {
  private readonly parts: Float64Array[] = [];
  width = 0;
  rows = 0;

  constructor(private readonly most: number) {}

  async add(numerics: Numerics, tensor: Tensor): Promise<void> {
    this.width = tensor.shape[1]!;
    const room = this.most - this.rows;
    if (room <= 0) return;
    const part = (await numerics.ops.read(tensor)).slice(0, room * this.width);
    this.parts.push(part);
    this.rows += part.length / this.width;
  }

  /** [rows, width], with a last column of ones where `ones` is set. */
  values(ones = false): Float64Array {
    const stride = this.width + (ones ? 1 : 0);
    const whole = new Float64Array(this.rows * stride).fill(1);
    let row = 0;
    for (const part of this.parts)
      for (let i = 0; i < part.length; i += this.width) whole.set(part.subarray(i, i + this.width), row++ * stride);
    return whole;
  }
}

/** Everything that accumulates for one layer. */
interface Store {
  layer: ModelLayer;
  sides: Map<Side, GramBlocks | Rows>;
  /** Both factors of the parameter gradients, where they are asked for. */
  dense: { input: Rows; delta: Rows; bias: boolean } | null;
}

interface Chunk {
  begin: number;
  end: number;
  block: number;
}

/**
 * @returns Grams by layer and side, and the mean loss where the probe has targets.
 * @throws AbortError between chunks.
 */
export async function runModel(
  model: Model,
  weights: ReadonlyMap<string, Tensor>,
  probe: Probe,
  layers: readonly ModelLayer[],
  settings: RunSettings,
  numerics: Numerics,
  hooks: RunHooks,
): Promise<{ grams: TapGrams[]; meanLoss: number | null }> {
  const { ops } = numerics;
  const positions = probe.inputs.kind === 'tokens' ? probe.inputs.positions : 1;
  const carries = carriers(probe);
  const random = new Random(settings.seed).split('sampled labels');
  const chunks = plan(model, weights, probe.inputs.samples, positions, settings.folds, numerics.name === 'webgpu' ? 4 : 1);
  const stores = layers.map((layer) => newStore(layer, probe.inputs.samples, positions, settings));
  const cancellation = new Cancellation();
  let loss = 0;

  for (const [index, { begin, end, block }] of chunks.entries()) {
    hooks.signal?.throwIfAborted();
    const inputs = sliceInputs(probe.inputs, begin, end);
    const rows: [number, number] = [begin * positions, end * positions];
    const targets = probe.targets && sliceTargets(probe.targets, rows, model.outputs);
    const tape = new Tape(ops);
    const taps = new Map<string, LayerTap<Var<Tensor>>>();
    const weight = memoize((name) => tape.lift(weights.get(name)!));
    let output!: Var<Tensor>;
    const keep = ops.scope(() => {
      output = model.forward(tape, weight, inputs, (layer, tap) => taps.set(layer, tap));
      return [...tape.values()];
    });
    try {
      if (targets) loss += totalLoss(settings.loss, await ops.read(output.value), model.outputs, targets);
      const lossRows: LossRows = {
        loss: settings.loss,
        fisher: settings.fisher,
        rows: rows[1] - rows[0],
        outputs: model.outputs,
        carries: carries.slice(...rows),
        targets,
        random,
        positions,
      };
      hooks.progress(null, index, chunks.length);
      // All layers at once: Grams go to as many workers as there are. Each sum gets one term per pass, so its order is fixed.
      await together(stores, async (store) => {
        const tap = taps.get(store.layer.name)!;
        await take(store, 'activation', tap.post.value, block, true, numerics, hooks);
        if (store.dense) {
          store.dense.bias = tap.bias;
          await store.dense.input.add(numerics, tap.input!.value);
        }
      });
      const pres = stores.map((s) => taps.get(s.layer.name)!.pre);
      for (let pass = 0; pass < passes(lossRows); pass++) {
        hooks.signal?.throwIfAborted();
        const { gradients, squares } = ops.scope(() => {
          const start = seed(ops, output.value, lossRows, pass);
          return { gradients: tape.gradient(output, start, pres), squares: Cancellation.squares(ops, output.value, start, lossRows, pass) };
        });
        cancellation.add(await ops.read(squares));
        hooks.progress(null, index + (pass + 0.5) / passes(lossRows), chunks.length);
        await together(stores, async (store, i) => {
          await take(store, 'gradient', gradients[i]!, block, pass === 0, numerics, hooks);
          if (store.dense) await store.dense.delta.add(numerics, gradients[i]!);
        });
        ops.dispose(squares, ...new Set(gradients));
      }
    } finally {
      ops.dispose(...keep);
    }
  }
  const grams: TapGrams[] = [];
  for (const store of stores) {
    for (const found of await finish(store, positions, numerics, settings, hooks)) {
      grams.push({ ...found, cancellation: found.side === 'activation' ? 1 : cancellation.factor(ops.roundoff) });
    }
  }
  return { grams, meanLoss: probe.targets ? loss / probe.inputs.samples : null };
}

/** Whole blocks of samples in chunks that keep a pass short. The plan depends on the model and the probe alone. */
function plan(model: Model, weights: ReadonlyMap<string, Tensor>, samples: number, positions: number, folds: number, scale: number): Chunk[] {
  const parameters = [...weights.values()].reduce((n, w) => n + w.shape.reduce((a, b) => a * b, 1), 0);
  const values = model.layers.reduce((n, l) => n + l.width, 0) * positions;
  const size = Math.max(1, Math.floor(scale * Math.min(CHUNK_VALUES / values, Math.max(64 / positions, CHUNK_FLOPS / (6 * parameters * positions)))));
  const blocks = Math.max(1, Math.min(folds, samples));
  const chunks: Chunk[] = [];
  for (let block = 0; block < blocks; block++) {
    const last = Math.floor(((block + 1) * samples) / blocks);
    for (let begin = Math.floor((block * samples) / blocks); begin < last; begin += size) {
      chunks.push({ begin, end: Math.min(begin + size, last), block });
    }
  }
  return chunks;
}

function sliceTargets(targets: Targets, [begin, end]: [number, number], outputs: number): Targets {
  return targets.kind === 'labels'
    ? { kind: 'labels', labels: targets.labels.slice(begin, end) }
    : { kind: 'values', values: targets.values.slice(begin * outputs, end * outputs) };
}

/** Waits for all, also when one fails: nothing is freed under a computation that still runs. */
async function together<X>(items: readonly X[], work: (item: X, index: number) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(items.map(work));
  const failed = results.find((r) => r.status === 'rejected');
  if (failed) throw failed.reason;
}

function memoize<V>(make: (name: string) => V): (name: string) => V {
  const known = new Map<string, V>();
  return (name) => {
    const value = known.get(name) ?? make(name);
    known.set(name, value);
    return value;
  };
}

function newStore(layer: ModelLayer, samples: number, positions: number, settings: RunSettings): Store {
  const side = (): GramBlocks | Rows =>
    layer.width > MAX_DIMENSION
      ? new Rows(Math.max(1, Math.floor(MAX_WIDE_VALUES / layer.width)))
      : new GramBlocks(Math.max(1, settings.folds));
  const most = Math.min(samples, MAX_PARAMETER_SAMPLES) * positions;
  const dense = settings.parameter && settings.fisher !== 'exact' && layer.kind !== 'embedding';
  return {
    layer,
    sides: new Map([['activation', side()], ['gradient', side()]]),
    dense: dense ? { input: new Rows(most), delta: new Rows(most), bias: false } : null,
  };
}

/**
 * Adds one tap to its side; a tap that is not finite excludes the side with a reason. `counts` is false for the later passes of an
 * exact Fisher: they are terms of an expectation over the same rows, not more rows.
 */
async function take(store: Store, side: Side, tensor: Tensor, block: number, counts: boolean, numerics: Numerics, hooks: RunHooks): Promise<void> {
  const sink = store.sides.get(side);
  if (!sink) return;
  try {
    if (sink instanceof Rows) await sink.add(numerics, tensor);
    else {
      const gram = await numerics.gram(tensor, hooks.signal);
      sink.add(block, counts ? gram : { ...gram, rows: 0 });
    }
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    store.sides.delete(side);
    hooks.skip(store.layer.name, side, messageOf(error));
  }
}

async function finish(store: Store, positions: number, numerics: Numerics, settings: RunSettings, hooks: RunHooks): Promise<Omit<TapGrams, 'cancellation'>[]> {
  const result: Omit<TapGrams, 'cancellation'>[] = [];
  const layer = store.layer.name;
  if (!store.sides.has('activation') && store.sides.delete('gradient')) {
    hooks.skip(layer, 'gradient', 'its activations are not finite, so its gradient is taken at no real point.');
  }
  for (const [side, sink] of store.sides) {
    if (sink instanceof Rows) {
      const values = sink.values();
      const small = sink.rows <= MAX_DIMENSION;
      const total = small ? await dualGramOfRowsAsync(values, sink.rows, sink.width, hooks.signal) : { values, rows: sink.rows, columns: sink.width };
      result.push({ layer, side, total, without: [], dimension: sink.width, rows: sink.rows });
    } else {
      const grams = sink.finish();
      if (grams) result.push({ layer, side, ...grams });
    }
  }
  if (!settings.parameter) return result;
  if (store.dense && store.sides.size === 2) {
    result.push({ layer, side: 'parameter', total: await parameterGram(store.dense, positions, numerics, hooks), without: [] });
  } else {
    const reason =
      settings.fisher === 'exact'
        ? 'the exact Fisher has many gradients per sample; choose the empirical or sampled one'
        : 'it needs a dense layer with finite taps';
    hooks.skip(layer, 'parameter', reason);
  }
  return result;
}

/** K_ij = <g_i, g_j> over the first samples; a bias is a constant input of one. */
async function parameterGram(
  { input, delta, bias }: NonNullable<Store['dense']>,
  positions: number,
  numerics: Numerics,
  hooks: RunHooks,
): Promise<Gram> {
  const { ops } = numerics;
  const left = ops.constant(input.values(bias), [input.rows, input.width + (bias ? 1 : 0)]);
  const right = ops.constant(delta.values(), [delta.rows, delta.width]);
  try {
    return await numerics.fisherGram(left, right, positions, hooks.signal);
  } finally {
    ops.dispose(left, right);
  }
}
