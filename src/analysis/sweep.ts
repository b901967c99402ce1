/** Runs the parts of a network over a probe, chunk by chunk, and turns the taps of their layers into Gram matrices. */
import { breathe } from '../base/breathe';
import { memoize } from '../base/memoize';
import { Random } from '../base/random';
import type { LayerTap, Model, ModelLayer, Weights } from '../model/types';
import type { Tensor } from '../numerics/ops';
import { Tape, type Var } from '../numerics/tape';
import type { Numerics } from '../numerics/types';
import { Cancellation } from '../probe/cancellation';
import { passes, seed, totalLoss, type LossRows } from '../probe/loss';
import { OutputComparison, type Agreement } from '../probe/recorded';
import { outputPositions, sliceInputs, type Probe } from '../probe/types';
import { planChunks, sliceTargets, type Chunk } from './chunks';
import { LayerSums, type TapGrams } from './layer-sums';
import { carriers, parameterGrams, type RunHooks, type RunSettings } from './run-settings';
import { visitsOf, type Part, type Visit } from './visits';

/** A network in parts. */
export interface SweptModel {
  readonly model: Pick<Model, 'layers' | 'outputs' | 'input'>;
  readonly parts: readonly Part[];
  /** Scalars of all parameters. */
  readonly parameters: number;
  /** The weights of a part in memory; `next` is the part whose turn comes after it. */
  take(part: number, next: number | null): Promise<ReadonlyMap<string, Tensor>>;
  give(weights: ReadonlyMap<string, Tensor>): void;
}

export interface SweepHooks extends RunHooks {
  /** All Grams of a lot of layers; the weights of its part are given back by then, unless it has more of them. `done` of `total` is done before. */
  finished(grams: TapGrams[], done: number, total: number): Promise<void>;
}

/** What is kept of one chunk between visits. */
interface Between {
  /** The stream before the part that comes next, and before those that come again. */
  readonly streams: Map<number, Tensor>;
  /** Gradients at the stream behind the part that comes next on the way back, by pass. */
  gradients: Tensor[];
}

export interface Swept {
  /** Null where the probe has no targets, or the network was not run to its end. */
  meanLoss: number | null;
  /** Likewise where the probe has no recorded outputs. */
  agreement: Agreement | null;
  /** Of the passes: Grams are summed beside them where there are workers. */
  passSeconds: number;
}

/** @throws AbortError between chunks. */
export async function sweep(
  swept: SweptModel,
  probe: Probe,
  settings: RunSettings,
  numerics: Numerics,
  hooks: SweepHooks,
): Promise<Swept> {
  const run = new Sweep(swept, probe, settings, numerics, hooks);
  try {
    await run.all();
  } finally {
    run.dispose();
  }
  return { meanLoss: run.meanLoss(), agreement: run.agreement(), passSeconds: run.passSeconds };
}

class Sweep {
  passSeconds = 0;
  private readonly visits: readonly Visit[];
  private readonly chunks: readonly Chunk[];
  private readonly between: readonly Between[];
  private readonly positions: number;
  /** Rows of the output for each sample. */
  private readonly outputRows: number;
  private readonly carries: Float64Array;
  /** Backward passes of a chunk, at most. */
  private readonly most: number;
  private readonly random: Random;
  private readonly cancellation = new Cancellation();
  private loss: number | null = null;
  private readonly comparison: OutputComparison | null;
  private visited = 0;
  private readonly total: number;

  constructor(
    private readonly swept: SweptModel,
    private readonly probe: Probe,
    private readonly settings: RunSettings,
    private readonly numerics: Numerics,
    private readonly hooks: SweepHooks,
  ) {
    const { samples } = probe.inputs;
    this.positions = probe.inputs.kind === 'tokens' ? probe.inputs.positions : 1;
    this.outputRows = outputPositions(probe.inputs, swept.model.input);
    this.comparison = probe.recorded ? new OutputComparison(probe.recorded, swept.model.outputs) : null;
    this.carries = carriers(probe, swept.model);
    this.most = settings.gradients ? passes({ fisher: settings.fisher, outputs: swept.model.outputs, carries: this.carries, positions: this.outputRows }) : 1;
    this.random = new Random(settings.seed).split('sampled labels');
    const scale = numerics.name === 'webgpu' ? 4 : 1;
    this.chunks = planChunks(swept.model.layers, swept.parameters, { samples, positions: this.positions, folds: settings.folds, scale });
    this.between = this.chunks.map(() => ({ streams: new Map(), gradients: [] }));
    this.visits = visitsOf(swept.parts.map(({ lots }) => lots.length), settings.gradients);
    // Passes of a part and the decompositions of its Grams count the same: none is known to be the longer one.
    this.total = this.visits.length + this.visits.filter((v) => this.layersOf(v).length > 0).length;
  }

  async all(): Promise<void> {
    let weights: ReadonlyMap<string, Tensor> | null = null;
    try {
      for (const [i, visit] of this.visits.entries()) {
        const next = this.visits.slice(i).find(({ part }) => part !== visit.part)?.part ?? null;
        weights ??= await this.swept.take(visit.part, next);
        const grams = await this.visit(visit, weights);
        this.visited++;
        if (this.visits[i + 1]?.part !== visit.part) {
          this.swept.give(weights);
          weights = null;
        }
        if (grams) await this.hooks.finished(grams, this.visited++, this.total);
      }
    } finally {
      if (weights) this.swept.give(weights);
    }
  }

  agreement(): Agreement | null {
    return this.comparison?.agreement(this.numerics.ops.roundoff) ?? null;
  }

  meanLoss(): number | null {
    return this.loss === null ? null : this.loss / this.probe.inputs.samples;
  }

  dispose(): void {
    for (const { streams, gradients } of this.between) this.numerics.ops.dispose(...streams.values(), ...gradients);
  }

  private layersOf({ part, what, lot }: Visit): readonly ModelLayer[] {
    return what === 'stream' ? [] : (this.swept.parts[part]!.lots[lot] ?? []);
  }

  /** Every chunk through one part. Null where no taps are taken. */
  private async visit(visit: Visit, weights: ReadonlyMap<string, Tensor>): Promise<TapGrams[] | null> {
    const { settings, hooks, numerics, positions } = this;
    const { samples } = this.probe.inputs;
    const part = this.swept.parts[visit.part]!;
    const options = { samples, positions, blocks: Math.max(1, settings.folds), passes: this.most, gradients: settings.gradients, parameter: parameterGrams(settings), skip: hooks.skip, signal: hooks.signal };
    const sums = this.layersOf(visit).map((layer) => new LayerSums(layer, numerics, options));
    try {
      for (const c of this.chunks.keys()) {
        hooks.signal?.throwIfAborted();
        if (visit.what === 'stream') await this.passStream(part, visit, c, weights);
        else await this.passTaps(part, visit, c, weights, sums);
        this.progress(part, (c + 1) / this.chunks.length);
      }
    } finally {
      await Promise.allSettled(sums.map((sum) => sum.settled()));
    }
    if (sums.length === 0) return null;
    const grams = await Promise.all(sums.map((sum) => sum.finish()));
    return grams.flat().map((found) => ({ ...found, cancellation: found.side === 'activation' ? 1 : this.cancellation.factor(numerics.ops.roundoff) }));
  }

  /** Only the stream behind the part. */
  private async passStream(part: Part, visit: Visit, c: number, weights: ReadonlyMap<string, Tensor>): Promise<void> {
    const { ops } = this.numerics;
    const before = this.between[c]!.streams.get(visit.part) ?? null;
    await this.timed(async () => {
      const behind = ops.scope(() => this.held(part.run(ops, (name) => weights.get(name)!, before, this.inputs(c), () => {})));
      this.keepStream(visit, c, behind);
    });
    await breathe(this.hooks.signal);
  }

  /** Taps of the part into the sums, and what comes back through it. */
  private async passTaps(part: Part, visit: Visit, c: number, weights: ReadonlyMap<string, Tensor>, sums: readonly LayerSums[]): Promise<void> {
    const { ops } = this.numerics;
    const { block } = this.chunks[c]!;
    const between = this.between[c]!;
    const tape = new Tape(ops);
    const taps = new Map<string, LayerTap<Var<Tensor>>>();
    const weight: Weights<Var<Tensor>> = memoize((name) => tape.lift(weights.get(name)!));
    const stream = between.streams.get(visit.part);
    const before = stream ? tape.lift(stream) : null;
    const isLast = visit.part === this.swept.parts.length - 1;
    let output!: Var<Tensor>;
    let keep: readonly Tensor[] = [];
    try {
      await this.timed(async () => {
        keep = ops.scope(() => {
          output = part.run(tape, weight, before, this.inputs(c), (layer, tap) => taps.set(layer, tap));
          return [...tape.values()];
        });
        if (isLast) await this.judge(c, output.value);
      });
      this.progress(part, c / this.chunks.length);
      // The pass above ran beside the Grams of the chunk before; more than that is not held.
      await together(sums, (sum) => sum.settled());
      await together(sums, (sum) => {
        const tap = taps.get(sum.layer.name)!;
        return sum.addActivation(block, tap.post.value, tap.input?.value, tap.bias);
      });
      if (visit.what === 'gradients') {
        const wanted = sums.map((sum) => taps.get(sum.layer.name)!.pre);
        await this.passesBack(visit, c, tape, output, isLast, wanted, visit.last && visit.part > this.visits.at(-1)!.part ? before : null, sums);
      } else if (!isLast && visit.last) this.keepStream(visit, c, this.held(output.value));
    } finally {
      ops.dispose(...keep);
    }
    if (visit.what === 'gradients' && visit.drops) this.dropStream(visit.part, c);
  }

  /** Backward passes from the output of a part to its layers, and to the stream before it where a part before it has its turn. */
  private async passesBack(
    visit: Visit,
    c: number,
    tape: Tape<Tensor>,
    output: Var<Tensor>,
    isLast: boolean,
    pres: readonly Var<Tensor>[],
    before: Var<Tensor> | null,
    sums: readonly LayerSums[],
  ): Promise<void> {
    const { ops } = this.numerics;
    const part = this.swept.parts[visit.part]!;
    const between = this.between[c]!;
    const { block } = this.chunks[c]!;
    const rows = isLast ? this.lossRows(c) : null;
    const count = rows ? passes(rows) : between.gradients.length;
    const arrived = between.gradients;
    if (visit.last) between.gradients = [];
    try {
      for (let pass = 0; pass < count; pass++) {
        this.hooks.signal?.throwIfAborted();
        const gradients = await this.timed(async () => {
          const found = ops.scope(() => {
            const start = rows ? seed(ops, output.value, rows, pass) : this.held(arrived[pass]!);
            const of = tape.gradient(output, start, before ? [...pres, before] : pres);
            return { of, squares: rows && Cancellation.squares(ops, output.value, start, rows, pass) };
          });
          if (found.squares) {
            this.cancellation.add(await ops.read(found.squares));
            ops.dispose(found.squares);
          }
          return found.of;
        });
        this.progress(part, (c + (pass + 0.5) / count) / this.chunks.length);
        const after = before ? gradients.pop()! : null;
        if (after) between.gradients.push(this.held(after));
        if (pass > 0) await together(sums, (sum) => sum.settled());
        await together(sums, (sum, i) => sum.addGradient(block, gradients[i]!, pass === 0));
        ops.dispose(...new Set([...gradients, ...(after ? [after] : [])]));
      }
    } finally {
      if (visit.last) ops.dispose(...arrived);
    }
  }

  /** The outputs of a chunk: their loss, and how far they are from what is recorded of them. */
  private async judge(c: number, output: Tensor): Promise<void> {
    const { probe, settings, swept, comparison } = this;
    if (!probe.targets && !comparison) return;
    const values = await this.numerics.ops.read(output);
    const rows = this.rows(c);
    if (probe.targets) this.loss = (this.loss ?? 0) + totalLoss(settings.loss, values, swept.model.outputs, sliceTargets(probe.targets, rows, swept.model.outputs));
    comparison?.add(values, rows[0]);
  }

  private lossRows(c: number): LossRows {
    const { settings, swept, probe, random, outputRows } = this;
    const rows = this.rows(c);
    const { outputs } = swept.model;
    const targets = probe.targets && sliceTargets(probe.targets, rows, outputs);
    return { loss: settings.loss, fisher: settings.fisher, rows: rows[1] - rows[0], outputs, carries: this.carries.slice(...rows), targets, random, positions: outputRows };
  }

  /** The same values, freed apart: what a part gives back may be what it was given. */
  private held(x: Tensor): Tensor {
    return this.numerics.ops.reshape(x, x.shape);
  }

  private rows(c: number): [number, number] {
    const { begin, end } = this.chunks[c]!;
    return [begin * this.outputRows, end * this.outputRows];
  }

  private inputs(c: number) {
    const { begin, end } = this.chunks[c]!;
    return sliceInputs(this.probe.inputs, begin, end);
  }

  private keepStream(visit: Visit, c: number, behind: Tensor): void {
    this.between[c]!.streams.set(visit.part + 1, behind);
    if (visit.drops) this.dropStream(visit.part, c);
  }

  private dropStream(part: number, c: number): void {
    const { streams } = this.between[c]!;
    const stream = streams.get(part);
    if (stream) this.numerics.ops.dispose(stream);
    streams.delete(part);
  }

  private progress(part: Part, done: number): void {
    this.hooks.progress(this.swept.parts.length > 1 ? part.name : null, this.visited + done, this.total);
  }

  private async timed<R>(pass: () => Promise<R>): Promise<R> {
    const started = performance.now();
    const result = await pass();
    this.passSeconds += (performance.now() - started) / 1000;
    return result;
  }
}

/** Waits for all, also when one fails: nothing is freed under a computation that still runs. */
async function together<X>(items: readonly X[], work: (item: X, index: number) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(items.map(work));
  const failed = results.find((r) => r.status === 'rejected');
  if (failed) throw failed.reason;
}
