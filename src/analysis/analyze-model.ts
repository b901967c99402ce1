/** A network that runs: its taps over the probe, as a whole or part by part, their spectra, and its directions. */
import { InputError, messageOf } from '../base/errors';
import { stageSizes } from '../model/stages';
import type { Model, Parameter } from '../model/types';
import type { Stored, Tensor } from '../numerics/ops';
import { sizeOf } from '../numerics/shape';
import type { Numerics, Solver } from '../numerics/types';
import { sliceInputs } from '../probe/types';
import { defaultDigits } from '../spectrum/floor';
import { parameterCount } from './chunks';
import { readModelDirections } from './directions';
import type { AnalysisEvent } from './events';
import type { Prepared } from './inspect';
import { LARGE_DIGITS, solveLarge } from './large-spectrum';
import type { TapGrams } from './layer-sums';
import { gigabytes, type MemoryPlan } from './memory';
import { notFinite } from './not-finite';
import { PartWeights, readStored } from './part-weights';
import type { Report } from './report';
import type { Request } from './request';
import type { Run } from './run';
import { solveSpectrum } from './spectra';
import { sweep, type SweptModel } from './sweep';
import { wholePart } from './visits';

export interface ModelMeans {
  reference: Numerics;
  solver: Solver;
  emit(event: AnalysisEvent): void;
  /** Bytes that an analysis may take; absent: as many as it needs. */
  memory?: number;
  /** Weights in place of those that a recognised model reads from its checkpoint. */
  parameters?(): Promise<Map<string, Parameter>>;
  signal?: AbortSignal;
}

/** Weights that are not finite, found while a GPU was at work. */
class NotFiniteWeights extends Error {}

export async function analyzeModel(model: Model, p: Prepared, plan: MemoryPlan | null, wanted: Numerics, run: Run, means: ModelMeans): Promise<void> {
  if (plan?.memory.route !== 'streamed') return analyzeWhole(model, p, wanted, run, means);
  if (p.request.directions) {
    const why = `about ${gigabytes(p.needs!.whole)}, more than the ${gigabytes(plan.memory.bound!)} that they may take`;
    throw new InputError('directions-memory', `Directions of the whole network need all its weights in memory at once: ${why}. Leave the directions out, or allow more memory.`);
  }
  try {
    await analyzeStreamed(model, p, plan, wanted, run, means);
  } catch (error) {
    if (!(error instanceof NotFiniteWeights)) throw error;
    run.startAgain();
    run.computesOn(means.reference, IN_FLOAT64);
    await analyzeStreamed(model, p, plan, means.reference, run, means);
  }
  const order = new Map(p.selected.map(({ name }, i) => [name, i]));
  run.report.spectra.sort((a, b) => order.get(a.tap.layer)! - order.get(b.tap.layer)!);
}

// A shader may assume that there are no NaNs: what they reach is only known in float64.
const IN_FLOAT64 = 'Weights that are not finite are computed in float64: a shader may assume that there are none.';

async function analyzeWhole(model: Model, p: Prepared, wanted: Numerics, run: Run, means: ModelMeans): Promise<void> {
  // Directions are read from the weights as the forward pass wants them.
  const parameters: Map<string, Stored> = await run.time('read', () => means.parameters?.() ?? (p.request.directions ? model.parameters() : readStored(model)));
  const broken = notFinite(parameters);
  if (broken) warn(run, broken);
  const numerics = broken ? means.reference : wanted;
  run.computesOn(numerics, IN_FLOAT64);
  const { ops } = numerics;
  const weights = new Map<string, Tensor>();
  for (const [name, stored] of parameters) weights.set(name, ops.weight(stored));
  // They are with the backend now.
  if (!p.request.directions) parameters.clear();
  const swept = {
    model,
    parts: [wholePart(model, selectedLayers(model, p))],
    parameters: parameterCount(weights),
    take: async () => weights,
    give: () => ops.dispose(...weights.values()),
  };
  await sweepAndSolve(swept, p, numerics, () => broken, run, means);
  if (p.request.directions) await run.time('directions', () => readDirections(model, parameters, p, numerics, run, means));
}

/** Weights are read when their part has its turn, spectra made when it has had it. */
async function analyzeStreamed(model: Model, p: Prepared, { lots }: MemoryPlan, numerics: Numerics, run: Run, means: ModelMeans): Promise<void> {
  const { shapes } = model.staged!;
  const sizes = stageSizes(model.staged!, sliceInputs(p.probe!.inputs, 0, 1));
  const layers = new Map(model.layers.map((layer) => [layer.name, layer]));
  const broken = new Set<string>();
  const weights = new PartWeights(model, sizes.map((size) => size.parameters), numerics.ops, (read) => {
    const found = notFinite(read);
    if (!found || broken.has(found)) return;
    if (numerics !== means.reference) throw new NotFiniteWeights(found);
    broken.add(found);
    warn(run, found);
  });
  const swept: SweptModel = {
    model,
    parts: sizes.map(({ stage }, i) => ({ name: stage.name, run: stage.run, lots: (lots.get(i) ?? []).map((names) => names.map((name) => layers.get(name)!)) })),
    parameters: Array.from(shapes.values(), sizeOf).reduce((a, b) => a + b, 0),
    take: (part, next) => run.time('read', () => weights.take(part, next)),
    give: (tensors) => weights.give(tensors),
  };
  await sweepAndSolve(swept, p, numerics, () => [...broken].join('; '), run, means);
}

function warn(run: Run, broken: string): void {
  run.report.checkpoint.warnings.push(`${broken}. Layers that it reaches cannot be analysed.`);
}

function selectedLayers(model: Model, { selected }: Prepared) {
  return model.layers.filter((l) => selected.some((s) => s.name === l.name));
}

/** `broken`: what is known to be not finite in the weights, or nothing. */
async function sweepAndSolve(swept: SweptModel, p: Prepared, numerics: Numerics, broken: () => string | null, run: Run, means: ModelMeans): Promise<void> {
  const { request } = p;
  const settings = {
    loss: request.loss!,
    fisher: request.fisher!,
    seed: request.seed,
    folds: request.folds ?? 0,
    parameter: request.parameter,
    gradients: request.gradients,
  };
  const { phases } = run.report.provenance;
  const before = phases.read ?? 0;
  const found = await run.time('gram', () =>
    sweep(swept, p.probe!, settings, numerics, {
      progress: (part, done, total) => run.progress('forward', part, done, total),
      skip: (layer, side, reason) => run.skip(layer, side, broken() ? `${reason} The cause: ${broken()}.` : reason),
      finished: (grams, done, total) => solveAll(grams, numerics.ops.roundoff, request, run, means, done, total),
      signal: means.signal,
    }),
  );
  // Grams are summed beside the passes: theirs is the time that nothing else accounts for.
  phases.forward = found.passSeconds;
  phases.gram = Math.max(0, phases.gram! - found.passSeconds - (phases.eigen ?? 0) - ((phases.read ?? 0) - before));
  run.report.probe.meanLoss = found.meanLoss !== null && Number.isFinite(found.meanLoss) ? found.meanLoss : null;
  if (p.probe!.recorded) run.report.probe.recorded = found.agreement;
}

async function readDirections(
  model: Model,
  parameters: ReadonlyMap<string, Parameter>,
  { probe, request }: Prepared,
  { ops }: Numerics,
  run: Run,
  means: ModelMeans,
): Promise<void> {
  const found = await readModelDirections(model, parameters, probe!, { loss: request.loss!, seed: request.seed }, ops, {
    progress: (layer, done, total) => run.progress('directions', layer, done, total),
    found: (direction) => means.emit({ type: 'direction', direction }),
    signal: means.signal,
  });
  Object.assign(run.report, found satisfies Partial<Report>);
}

/** Solves in the order of the layers, as many at a time as the solver likes; spectra arrive in order. */
async function solveAll(grams: readonly TapGrams[], tapRoundoff: number, request: Request, run: Run, means: ModelMeans, done: number, total: number): Promise<void> {
  const { threshold, seed } = request;
  let solved = 0;
  await run.time('eigen', async () => {
    const jobs = grams.map(({ total, ...g }) => {
      const job = { ...g, tap: { layer: g.layer, side: g.side }, tapRoundoff, threshold };
      // Those without a Gram are solved here, each when it is its turn.
      if ('values' in total) {
        const large = { ...job, factor: total, dimension: total.columns, rows: g.rows ?? total.rows, digits: request.digits ?? LARGE_DIGITS, seed };
        return () => solveLarge(large, means.signal);
      }
      const digits = request.digits ?? defaultDigits(tapRoundoff, g.cancellation);
      const solved = solveSpectrum({ ...job, total, digits }, means.solver, means.signal);
      // A later job may fail before an earlier one is awaited.
      solved.catch(() => {});
      return () => solved;
    });
    for (const [i, job] of jobs.entries()) {
      means.signal?.throwIfAborted();
      run.progress('eigen', grams[i]!.layer, done + solved / grams.length, total);
      try {
        run.add(await job());
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        run.skip(grams[i]!.layer, grams[i]!.side, messageOf(error));
      }
      solved++;
    }
  });
}
