/** Runs a model over a probe, chunk by chunk, and turns the taps of every layer into Gram matrices. */
import { Random } from '../base/random';
import type { LayerTap, Model, ModelLayer } from '../model/types';
import type { Tensor } from '../numerics/ops';
import { Tape, type Var } from '../numerics/tape';
import type { Numerics } from '../numerics/types';
import { Cancellation } from '../probe/cancellation';
import { passes, seed, totalLoss, type Fisher, type Loss, type LossRows } from '../probe/loss';
import { rowsOf, sliceInputs, type Probe, type Targets } from '../probe/types';
import { LayerSums, type TapGrams } from './layer-sums';
import type { Side } from './report';

/** Floating-point operations and tap values per chunk: small enough that cancel and progress are prompt. */
const CHUNK_FLOPS = 4e9;
const CHUNK_VALUES = 2 ** 22;
/** The part by which they may be more. */
const SLACK = 1 / 16;

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

interface Chunk {
  begin: number;
  end: number;
  block: number;
}

/**
 * @returns Grams by layer and side, the mean loss where the probe has targets, and the seconds of the passes: Grams are summed beside
 *   them where there are workers.
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
): Promise<{ grams: TapGrams[]; meanLoss: number | null; passSeconds: number }> {
  const { ops } = numerics;
  const { samples } = probe.inputs;
  const positions = probe.inputs.kind === 'tokens' ? probe.inputs.positions : 1;
  const carries = carriers(probe);
  const random = new Random(settings.seed).split('sampled labels');
  const chunks = plan(model, weights, samples, positions, settings.folds, numerics.name === 'webgpu' ? 4 : 1);
  const manyGradients = 'the exact Fisher has many gradients per sample; choose the empirical or sampled one';
  const parameter = settings.parameter && (settings.fisher === 'exact' ? manyGradients : true);
  const { skip, signal } = hooks;
  const options = { samples, positions, blocks: Math.max(1, settings.folds), parameter, skip, signal };
  const sums = layers.map((layer) => new LayerSums(layer, numerics, options));
  const cancellation = new Cancellation();
  let loss = 0;
  let passSeconds = 0;
  const timed = async <R>(pass: () => Promise<R>): Promise<R> => {
    const started = performance.now();
    const result = await pass();
    passSeconds += (performance.now() - started) / 1000;
    return result;
  };

  try {
    for (const [index, { begin, end, block }] of chunks.entries()) {
      signal?.throwIfAborted();
      const inputs = sliceInputs(probe.inputs, begin, end);
      const rows: [number, number] = [begin * positions, end * positions];
      const targets = probe.targets && sliceTargets(probe.targets, rows, model.outputs);
      const tape = new Tape(ops);
      const taps = new Map<string, LayerTap<Var<Tensor>>>();
      const weight = memoize((name) => tape.lift(weights.get(name)!));
      let output!: Var<Tensor>;
      let keep: readonly Tensor[] = [];
      try {
        await timed(async () => {
          keep = ops.scope(() => {
            output = model.forward(tape, weight, inputs, (layer, tap) => taps.set(layer, tap));
            return [...tape.values()];
          });
          if (targets) loss += totalLoss(settings.loss, await ops.read(output.value), model.outputs, targets);
        });
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
        // The pass above ran beside the Grams of the chunk before; more than that is not held.
        await together(sums, (sum) => sum.settled());
        await together(sums, (sum) => {
          const tap = taps.get(sum.layer.name)!;
          return sum.addActivation(block, tap.post.value, tap.input?.value, tap.bias);
        });
        const pres = sums.map((sum) => taps.get(sum.layer.name)!.pre);
        for (let pass = 0; pass < passes(lossRows); pass++) {
          signal?.throwIfAborted();
          const gradients = await timed(async () => {
            const found = ops.scope(() => {
              const start = seed(ops, output.value, lossRows, pass);
              return { gradients: tape.gradient(output, start, pres), squares: Cancellation.squares(ops, output.value, start, lossRows, pass) };
            });
            cancellation.add(await ops.read(found.squares));
            ops.dispose(found.squares);
            return found.gradients;
          });
          hooks.progress(null, index + (pass + 0.5) / passes(lossRows), chunks.length);
          if (pass > 0) await together(sums, (sum) => sum.settled());
          await together(sums, (sum, i) => sum.addGradient(block, gradients[i]!, pass === 0));
          ops.dispose(...new Set(gradients));
        }
      } finally {
        ops.dispose(...keep);
      }
    }
  } finally {
    await Promise.allSettled(sums.map((sum) => sum.settled()));
  }
  const grams: TapGrams[] = [];
  for (const sum of sums) {
    for (const found of await sum.finish()) {
      grams.push({ ...found, cancellation: found.side === 'activation' ? 1 : cancellation.factor(ops.roundoff) });
    }
  }
  return { grams, meanLoss: probe.targets ? loss / samples : null, passSeconds };
}

/** Waits for all, also when one fails: nothing is freed under a computation that still runs. */
async function together<X>(items: readonly X[], work: (item: X, index: number) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(items.map(work));
  const failed = results.find((r) => r.status === 'rejected');
  if (failed) throw failed.reason;
}

/** Whole blocks of samples in chunks that keep a pass short. The plan depends on the model and the probe alone. */
function plan(model: Model, weights: ReadonlyMap<string, Tensor>, samples: number, positions: number, folds: number, scale: number): Chunk[] {
  const parameters = [...weights.values()].reduce((n, w) => n + w.shape.reduce((a, b) => a * b, 1), 0);
  // The windows of a convolution are values too, and its weights work once for each of them.
  const values = model.layers.reduce((n, l) => n + (l.width + (l.inputs ?? 0)) * (l.positions ?? positions), 0);
  const again = model.layers.reduce((n, l) => n + l.width * (l.inputs ?? 0) * ((l.positions ?? 1) - 1), 0);
  const flops = 6 * (parameters * positions + again);
  const most = Math.max(1, Math.floor(scale * Math.min(CHUNK_VALUES / values, Math.max(64 / positions, CHUNK_FLOPS / flops))));
  const blocks = Math.max(1, Math.min(folds, samples));
  const chunks: Chunk[] = [];
  for (let block = 0; block < blocks; block++) {
    const first = Math.floor((block * samples) / blocks);
    const last = Math.floor(((block + 1) * samples) / blocks);
    // Of one size, nearly: a short last one costs nearly as much as a long one. Over by a few rows is no reason for one more.
    const count = Math.ceil(((1 - SLACK) * (last - first)) / most);
    const size = Math.ceil((last - first) / count);
    for (let begin = first; begin < last; begin += size) chunks.push({ begin, end: Math.min(begin + size, last), block });
  }
  return chunks;
}

function sliceTargets(targets: Targets, [begin, end]: [number, number], outputs: number): Targets {
  return targets.kind === 'labels'
    ? { kind: 'labels', labels: targets.labels.slice(begin, end) }
    : { kind: 'values', values: targets.values.slice(begin * outputs, end * outputs) };
}

/** What `make` gives for a name, made when it is first asked for. */
export function memoize<V>(make: (name: string) => V): (name: string) => V {
  const known = new Map<string, V>();
  return (name) => {
    const value = known.get(name) ?? make(name);
    known.set(name, value);
    return value;
  };
}
