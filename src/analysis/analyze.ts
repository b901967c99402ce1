/** The pipeline as one readable function: checkpoint, probe and request in, report out, with events on the way. */
import { InputError, messageOf } from '../base/errors';
import { ROUNDOFF } from '../checkpoint/dtype';
import type { Checkpoint } from '../checkpoint/types';
import { dualGramOfRowsAsync, gramOfRowsAsync } from '../numerics/cpu/gram';
import type { Gram, Numerics } from '../numerics/types';
import type { ProbeContent } from '../probe/content';
import { analyzeModel, type ModelMeans } from './analyze-model';
import { APP } from './app';
import { NO_LAYERS } from './choice';
import { workOf, type Work } from './cost';
import { fingerprintOf } from './fingerprint';
import { prepare, type Prepared } from './inspect';
import { solveLarge } from './large-spectrum';
import { boundOf, planMemory } from './memory';
import { readNorms } from './norm-readings';
import { notFinite } from './not-finite';
import { REPORT_SCHEMA, type BackendChoice, type MemoryRoute, type NormReading, type Report, type Spectrum } from './report';
import type { Request } from './request';
import { Run } from './run';
import { solveSpectrum } from './spectra';
import { matrixShape, MAX_DIMENSION, type BundleTap, type Subject } from './subject';
import { overRows } from './tap-rows';
import { inPlace, solveWeight } from './weight-spectrum';

/** A backend for this much work, and why it. */
export type ChooseNumerics = (work: Work) => Promise<Chosen>;

export interface Chosen {
  numerics: Numerics;
  choice: BackendChoice;
}

export interface Means extends ModelMeans {
  /** Taps are computed here. The reference: weights and recorded taps, and models whose weights are not finite. */
  numerics: Numerics | ChooseNumerics;
  /** A spectrum of a weight or of a recorded tap that need not be computed again: its tensor is known to be the same. */
  known?(tensor: string): Spectrum | null;
}

/**
 * @throws InputError when nothing can be analysed, with the reason; AbortError on cancel (spectra that were emitted stay valid).
 */
export async function analyze(checkpoint: Checkpoint, probe: ProbeContent | null, request: Partial<Request>, means: Means): Promise<Report> {
  const started = performance.now();
  const prepared = await prepare(checkpoint, probe, request);
  const chosen = typeof means.numerics === 'function' ? await means.numerics(workOf(prepared)) : { numerics: means.numerics };
  const plan = prepared.needs && planMemory(prepared.needs, boundOf(prepared.request, means.memory ?? null));
  const norms = prepared.subject.kind === 'model' ? await readNorms(prepared.subject.model) : [];
  const report = emptyReport(prepared, chosen, plan?.memory, norms);
  means.emit({ type: 'started', report });
  const run = new Run(report, (event) => means.emit(event), started);

  const { subject } = prepared;
  if (subject.kind === 'model') await analyzeModel(subject.model, prepared, plan, chosen.numerics, run, means);
  else await analyzeTensors(subject, prepared, run, means);

  report.provenance.grams = await fingerprintOf(report.spectra);
  report.provenance.seconds = (performance.now() - started) / 1000;
  if (report.spectra.length === 0) {
    const reasons = report.skipped.slice(0, 3).map((s) => `${s.layer}: ${s.reason}`).join('; ');
    throw new InputError('nothing-analysed', `${checkpoint.name}: nothing could be analysed. ${reasons || 'It holds no weight matrix.'}`, { file: checkpoint.name });
  }
  return report;
}

function emptyReport(p: Prepared, { numerics, choice }: Pick<Chosen, 'numerics'> & Partial<Chosen>, memory: MemoryRoute | undefined, norms: NormReading[]): Report {
  return {
    kind: 'deadreckon-report',
    schema: REPORT_SCHEMA,
    request: p.request,
    checkpoint: p.checkpoint,
    model: p.model,
    probe: p.summary,
    layers: p.selected,
    ...(norms.length > 0 && { norms }),
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
      ...(memory && { memory }),
    },
  };
}

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
      const [rows, columns] = matrixShape(tap.tensor.shape);
      // Recorded taps carry the roundoff of what recorded them; a weight is exact as it is stored.
      const tapRoundoff = subject.kind === 'bundle' ? ROUNDOFF[tap.tensor.dtype]! : 0;
      const job = { tap: { layer: tap.layer, side: tap.side }, tapRoundoff, digits: p.request.digits ?? 1, threshold: p.request.threshold };
      if (tap.side === 'weight' && inPlace(rows, columns)) {
        const progress = (phase: 'gram' | 'eigen', part: number) => run.progress(phase, tap.layer, i + part, taps.length);
        run.add(await solveWeight(job, tap.tensor, { progress, time: (phase, work) => run.time(phase, work), signal: means.signal }));
        continue;
      }
      const values = await run.time('read', () => tap.tensor.values());
      const broken = notFinite(new Map([[tap.tensor.name, { values, shape: tap.tensor.shape }]]));
      if (broken) {
        run.skip(tap.layer, tap.side, broken);
        continue;
      }
      run.progress('eigen', tap.layer, i + 0.5, taps.length);
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
    return { dimension: rows, rows, hi, lo: null, roundoff: Math.max(2 ** -53, ROUNDOFF[tensor.dtype]!), digest: null };
  }
  if (side !== 'weight') return overRows(rows, columns) ? dualGramOfRowsAsync(values, rows, columns, signal) : gramOfRowsAsync(values, rows, columns, signal);
  const gram = await (rows >= columns ? gramOfRowsAsync : dualGramOfRowsAsync)(values, rows, columns, signal);
  return { ...gram, rows: 1 };
}
