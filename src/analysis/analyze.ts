/** The pipeline as one readable function: checkpoint, probe and request in, report out, with events on the way. */
import { InputError, messageOf } from '../base/errors';
import type { Checkpoint } from '../checkpoint/types';
import type { Model, Parameter } from '../model/types';
import { dualGramOfRowsAsync, gramOfRowsAsync } from '../numerics/cpu/gram';
import type { Tensor } from '../numerics/ops';
import { transpose } from '../numerics/transpose';
import type { Gram, Numerics, Solver } from '../numerics/types';
import type { ProbeContent } from '../probe/content';
import { APP } from './app';
import { NO_LAYERS } from './choice';
import { workOf, type Work } from './cost';
import { readModelDirections } from './directions';
import type { AnalysisEvent, Phase } from './events';
import { fingerprintOf } from './fingerprint';
import { prepare, type Prepared } from './inspect';
import { defaultDigits } from '../spectrum/floor';
import type { TapGrams } from './layer-sums';
import { notFinite, runModel } from './model-taps';
import { REPORT_SCHEMA, type BackendChoice, type Report, type Side, type Spectrum } from './report';
import type { Request } from './request';
import { LARGE_DIGITS, solveLarge } from './large-spectrum';
import { solveSpectrum } from './spectra';
import { matrixShape, MAX_DIMENSION, type BundleTap, type Subject } from './subject';

/** A backend for this much work, and why it. */
export type ChooseNumerics = (work: Work) => Promise<Chosen>;

export interface Chosen {
  numerics: Numerics;
  choice: BackendChoice;
}

export interface Means {
  /** Taps are computed here. */
  numerics: Numerics | ChooseNumerics;
  /** The float64 reference: weights and recorded taps, and models whose weights are not finite. */
  reference: Numerics;
  solver: Solver;
  emit(event: AnalysisEvent): void;
  /** A spectrum of a weight or of a recorded tap that need not be computed again: its tensor is known to be the same. */
  known?(tensor: string): Spectrum | null;
  /** Weights in place of those that a recognised model reads from its checkpoint. */
  parameters?(): Promise<Map<string, Parameter>>;
  signal?: AbortSignal;
}

/**
 * @throws InputError when nothing can be analysed, with the reason; AbortError on cancel (spectra that were emitted stay valid).
 */
export async function analyze(checkpoint: Checkpoint, probe: ProbeContent | null, request: Partial<Request>, means: Means): Promise<Report> {
  const started = performance.now();
  const prepared = await prepare(checkpoint, probe, request);
  const chosen = typeof means.numerics === 'function' ? await means.numerics(workOf(prepared)) : { numerics: means.numerics };
  const report = emptyReport(prepared, chosen);
  means.emit({ type: 'started', report });
  const run = new Run(report, means, started);

  const { subject } = prepared;
  if (subject.kind === 'model') await analyzeModel(subject.model, prepared, chosen.numerics, run, means);
  else await analyzeTensors(subject, prepared, run, means);

  report.provenance.grams = await fingerprintOf(report.spectra);
  report.provenance.seconds = (performance.now() - started) / 1000;
  if (report.spectra.length === 0) {
    const reasons = report.skipped.slice(0, 3).map((s) => `${s.layer}: ${s.reason}`).join('; ');
    throw new InputError('nothing-analysed', `${checkpoint.name}: nothing could be analysed. ${reasons || 'It holds no weight matrix.'}`, { file: checkpoint.name });
  }
  return report;
}

/** One run: the growing report, its clock and its progress. */
class Run {
  private readonly clocks = new Map<Phase, { running: number; since: number }>();

  constructor(
    readonly report: Report,
    private readonly means: Means,
    private readonly started: number,
  ) {}

  /** `reason` where this is not the backend that was chosen. */
  computesOn({ name, device }: Numerics, reason: string): void {
    const { provenance } = this.report;
    if (provenance.choice && provenance.backend !== name) provenance.choice = { ...provenance.choice, reason };
    provenance.backend = name;
    provenance.device = device;
  }

  progress(phase: Phase, layer: string | null, done: number, total: number): void {
    const elapsed = (performance.now() - this.started) / 1000;
    const secondsLeft = done > 0 && elapsed > 0.5 ? (elapsed * (total - done)) / done : null;
    this.means.emit({ type: 'progress', phase, layer, done, total, secondsLeft });
  }

  skip(layer: string, side: Side, reason: string): void {
    if (this.report.skipped.some((s) => s.layer === layer && s.side === side)) return;
    const skipped = { layer, side, reason: reason.slice(0, 4000) };
    this.report.skipped.push(skipped);
    this.means.emit({ type: 'skipped', skipped });
  }

  add(spectrum: Spectrum): void {
    this.report.spectra.push(spectrum);
    this.means.emit({ type: 'spectrum', spectrum });
  }

  /** Runs `work` and books its seconds under a phase; what runs side by side in one phase counts once. */
  async time<R>(phase: Phase, work: () => Promise<R>): Promise<R> {
    const clock = this.clocks.get(phase) ?? { running: 0, since: 0 };
    this.clocks.set(phase, clock);
    if (clock.running++ === 0) clock.since = performance.now();
    try {
      return await work();
    } finally {
      const { phases } = this.report.provenance;
      if (--clock.running === 0) phases[phase] = (phases[phase] ?? 0) + (performance.now() - clock.since) / 1000;
    }
  }
}

function emptyReport(p: Prepared, { numerics, choice }: Pick<Chosen, 'numerics'> & Partial<Chosen>): Report {
  return {
    kind: 'deadreckon-report',
    schema: REPORT_SCHEMA,
    request: p.request,
    checkpoint: p.checkpoint,
    model: p.model,
    probe: p.summary,
    layers: p.selected,
    spectra: [],
    skipped: [...p.skipped],
    provenance: {
      app: APP,
      backend: numerics.name,
      device: numerics.device,
      createdAt: new Date().toISOString(),
      seconds: 0,
      phases: {},
      partial: false,
      grams: null,
      ...(choice && { choice }),
    },
  };
}

async function analyzeModel(model: Model, p: Prepared, wanted: Numerics, run: Run, means: Means): Promise<void> {
  const parameters = await run.time('read', () => means.parameters?.() ?? model.parameters());
  const broken = notFinite(parameters);
  if (broken) run.report.checkpoint.warnings.push(`${broken}. Layers that it reaches cannot be analysed.`);
  // A shader may assume that there are no NaNs: what they reach is only known in float64.
  const numerics = broken ? means.reference : wanted;
  run.computesOn(numerics, 'Weights that are not finite are computed in float64: a shader may assume that there are none.');

  const weights = new Map<string, Tensor>();
  for (const [name, { values, shape }] of parameters) weights.set(name, numerics.ops.constant(values, shape));
  const { request } = p;
  // Copies are on the backend now; directions are read from these.
  if (!request.directions) parameters.clear();
  const layers = model.layers.filter((l) => p.selected.some((s) => s.name === l.name));
  const settings = {
    loss: request.loss!,
    fisher: request.fisher!,
    seed: request.seed,
    folds: request.folds ?? 0,
    parameter: request.parameter,
  };
  let grams: TapGrams[];
  try {
    const taps = await run.time('gram', () =>
      runModel(model, weights, p.probe!, layers, settings, numerics, {
        // Passes over the probe and decompositions count half each: neither is known to be the longer one.
        progress: (layer, done, total) => run.progress('forward', layer, done, 2 * total),
        skip: (layer, side, reason) => run.skip(layer, side, broken ? `${reason} The cause: ${broken}.` : reason),
        signal: means.signal,
      }),
    );
    grams = taps.grams;
    const { phases } = run.report.provenance;
    // Grams are summed beside the passes: theirs is the time that the passes do not account for.
    phases.forward = taps.passSeconds;
    phases.gram = phases.gram! - taps.passSeconds;
    run.report.probe.meanLoss = taps.meanLoss !== null && Number.isFinite(taps.meanLoss) ? taps.meanLoss : null;
  } finally {
    numerics.ops.dispose(...weights.values());
  }
  await solveAll(grams, numerics.ops.roundoff, request, run, means);
  if (request.directions) await run.time('directions', () => readDirections(model, parameters, p, numerics, run, means));
}

async function readDirections(
  model: Model,
  parameters: ReadonlyMap<string, Parameter>,
  { probe, request }: Prepared,
  { ops }: Numerics,
  run: Run,
  means: Means,
): Promise<void> {
  const found = await readModelDirections(model, parameters, probe!, { loss: request.loss!, seed: request.seed }, ops, {
    progress: (layer, done, total) => run.progress('directions', layer, done, total),
    found: (direction) => means.emit({ type: 'direction', direction }),
    signal: means.signal,
  });
  Object.assign(run.report, found satisfies Partial<Report>);
}

/** Solves in the order of the layers, as many at a time as the solver likes; spectra arrive in order. */
async function solveAll(grams: readonly TapGrams[], tapRoundoff: number, request: Request, run: Run, means: Means): Promise<void> {
  const { threshold, seed } = request;
  let solved = 0;
  await run.time('eigen', async () => {
    const jobs = grams.map(({ total, ...g }) => {
      const job = { ...g, tap: { layer: g.layer, side: g.side }, tapRoundoff, threshold };
      // Those without a Gram are solved here, each when it is its turn.
      if ('values' in total) {
        const large = { ...job, factor: total, dimension: total.columns, rows: total.rows, digits: request.digits ?? LARGE_DIGITS, seed };
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
      run.progress('eigen', grams[i]!.layer, grams.length + solved, 2 * grams.length);
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

/** Unit roundoff of the floating-point types that taps are recorded in. */
const RECORDED_ROUNDOFF: Readonly<Record<string, number>> = {
  f64: 2 ** -53,
  f32: 2 ** -24,
  f16: 2 ** -11,
  bf16: 2 ** -8,
  f8_e4m3: 2 ** -4,
  f8_e4m3fnuz: 2 ** -4,
  f8_e5m2: 2 ** -3,
  f8_e5m2fnuz: 2 ** -3,
  f8_e8m0: 2 ** -1,
};

/** Weight tensors of an unknown architecture, and taps recorded elsewhere: read, squared and solved one by one. */
async function analyzeTensors(subject: Exclude<Subject, { kind: 'model' }>, p: Prepared, run: Run, means: Means): Promise<void> {
  run.computesOn(means.reference, NO_LAYERS);
  const names = new Set(p.selected.map((l) => l.name));
  const taps: BundleTap[] =
    subject.kind === 'bundle'
      ? subject.taps.filter((t) => names.has(t.layer))
      : subject.tensors.filter((t) => names.has(t.name)).map((tensor) => ({ layer: tensor.name, side: 'weight' as const, tensor }));
  for (const [i, tap] of taps.entries()) {
    means.signal?.throwIfAborted();
    run.progress('read', tap.layer, i, taps.length);
    const known = means.known?.(tap.tensor.name);
    if (known) {
      run.add(known);
      continue;
    }
    try {
      const values = await run.time('read', () => tap.tensor.values());
      const broken = notFinite(new Map([[tap.tensor.name, { values, shape: tap.tensor.shape }]]));
      if (broken) {
        run.skip(tap.layer, tap.side, broken);
        continue;
      }
      run.progress('eigen', tap.layer, i + 0.5, taps.length);
      // Recorded taps carry the roundoff of what recorded them; a weight is exact as it is stored.
      const tapRoundoff = subject.kind === 'bundle' ? RECORDED_ROUNDOFF[tap.tensor.dtype]! : 0;
      const job = { tap: { layer: tap.layer, side: tap.side }, tapRoundoff, digits: p.request.digits ?? 1, threshold: p.request.threshold };
      const [rows, columns] = matrixShape(tap.tensor.shape);
      if (tap.side !== 'parameter' && Math.min(rows, columns) > MAX_DIMENSION) {
        const size = tap.side === 'weight' ? { dimension: Math.min(rows, columns), rows: 1 } : { dimension: columns, rows };
        const large = { ...job, ...size, factor: { values, rows, columns }, cancellation: 1, seed: p.request.seed };
        run.add(await run.time('eigen', () => solveLarge(large, means.signal)));
        continue;
      }
      const total = await run.time('gram', () => gramOfTap(tap, values, means.signal));
      const dense = { ...job, total, without: [], ...(tap.side === 'weight' ? {} : { dimension: columns }) };
      run.add(await run.time('eigen', () => solveSpectrum(dense, means.solver, means.signal)));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      run.skip(tap.layer, tap.side, messageOf(error));
    }
  }
}

/** X^T X of a tap, or X X^T where that is large; the shorter side of a weight, not divided by anything; a recorded Gram as it is. */
async function gramOfTap({ side, tensor }: BundleTap, values: Float32Array | Float64Array, signal?: AbortSignal): Promise<Gram> {
  const [rows, columns] = matrixShape(tensor.shape);
  if (side === 'parameter') {
    if (rows !== columns) throw new InputError('bundle-gram', `'${tensor.name}' has shape [${rows}, ${columns}]; a Gram is square.`, { tensor: tensor.name });
    const hi = Float64Array.from(values, (v, k) => (v + values[(k % rows) * rows + Math.floor(k / rows)]!) / 2);
    return { dimension: rows, rows, hi, lo: null, roundoff: Math.max(2 ** -53, RECORDED_ROUNDOFF[tensor.dtype]!), digest: null };
  }
  if (side !== 'weight') return columns > MAX_DIMENSION ? dualGramOfRowsAsync(values, rows, columns, signal) : gramOfRowsAsync(values, rows, columns, signal);
  const gram = rows >= columns ? await gramOfRowsAsync(values, rows, columns, signal) : await gramOfRowsAsync(transpose(values, rows, columns), columns, rows, signal);
  return { ...gram, rows: 1 };
}
