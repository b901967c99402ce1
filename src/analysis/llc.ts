/** Checkpoint and probe in, local learning coefficient out: chains on the loss of the model itself. */
import { InputError } from '../base/errors';
import { remembering } from '../checkpoint/held';
import type { Checkpoint } from '../checkpoint/types';
import { calibrate, stepsToSweep, type Calibration } from '../llc/calibrate';
import { chainsHere, estimateLlc, defaultNbeta, type ChainHost } from '../llc/estimate';
import { effectiveDraws } from '../llc/moments';
import { networkLoss } from '../llc/network-loss';
import type { Numerics } from '../numerics/types';
import type { ProbeContent } from '../probe/content';
import { APP } from './app';
import type { ChainWorkers } from './chain-job';
import { prepare } from './inspect';
import { llcCost, MOST_WEIGHTS, WALK_BYTES, PILOT_CHAINS, PILOT_PART } from './llc-cost';
import { boundOf, gigabytes } from './memory';
import { LLC_SCHEMA, LlcRequest, type LlcProgress, type LlcRecord } from './llc-record';
import { notFinite } from './not-finite';
import type { Request } from './request';

/** A thread starts in half a second: samplings that are expected to take fewer seconds than this run without. */
const WORTH_WORKERS = 1;

export interface LlcMeans {
  numerics: Numerics;
  /** Where `numerics` is what they compute with. Without workers chains run here, one after another, as on a GPU. */
  workers?: ChainWorkers;
  /** Bytes of memory that the machine has; absent: enough. */
  memory?: number;
  signal?: AbortSignal;
  /** Between 0 and 1. */
  progress?(part: number, phase: LlcProgress['phase']): void;
}

/** @throws InputError where there is no model to run, or nothing to run it on; AbortError on cancel. */
export async function readLlc(
  checkpoint: Checkpoint,
  content: ProbeContent | null,
  request: Partial<Request>,
  asked: Partial<LlcRequest>,
  { numerics, workers, memory, signal, progress }: LlcMeans,
): Promise<LlcRecord> {
  const started = performance.now();
  const { checkpoint: open, held } = remembering(checkpoint);
  const { subject, request: full, probe, summary, model: about } = await prepare(open, content, request);
  const { name: file, format, fingerprint } = checkpoint;
  if (subject.kind !== 'model') {
    throw new InputError('llc-no-model', `${file}: sampling needs a network that can be run, and no known architecture was recognised here.`, { file });
  }
  const { model } = subject;
  const [needs, bound] = [WALK_BYTES * about.parameters, boundOf(full, memory ?? null)];
  if (bound !== null && needs > bound) {
    const why = `A chain walks on all weights at once: for ${about.parameters.toLocaleString('en-US')} of them it would take about ${gigabytes(needs)}, more than the ${gigabytes(bound)} that it may take.`;
    throw new InputError('llc-memory', `${file}: ${why} Allow more memory, or sample a smaller network.`, { file });
  }
  const parameters = await model.parameters();
  const broken = notFinite(parameters);
  if (broken) throw new InputError('llc-not-finite', `${file}: ${broken}. There is no loss to sample around.`, { file });
  const llc = LlcRequest.parse(asked);
  const { chains, burnIn, draws, step: given, gammas, nbeta: temperature, adjusted, preconditioner, batch, seed: own } = llc;
  const { samples } = summary;
  if (batch !== null && batch > samples) throw new InputError('llc-batch', `A minibatch of ${batch} was asked for, and the probe has ${samples} samples.`, { file });
  if (adjusted && batch !== null && batch < samples) {
    throw new InputError('llc-adjusted', 'Adjusted steps need the loss over all samples: leave out the minibatch, or the adjustment.', { file });
  }
  if (samples < 2) throw new InputError('llc-samples', `The probe has ${samples} sample: nβ = n / log n needs two or more.`, { file });

  const loss = full.loss!;
  const network = await networkLoss(model, parameters, probe!, { loss, batch }, numerics.ops);
  const host = ((): ChainHost => {
    const atOnce = Math.min(workers?.size ?? 1, Math.floor(MOST_WEIGHTS / network.dimension));
    const { seconds } = llcCost(llc, { weights: network.dimension, samples, positions: summary.positions });
    if (!workers || atOnce < 2 || seconds < WORTH_WORKERS) return chainsHere(network, network.start);
    const common = { checkpoint: held(), choices: full.choices, probe: { inputs: probe!.inputs, targets: probe!.targets }, loss: { loss, batch } };
    return { atOnce, run: (task, hooks) => workers.chain({ ...common, task }, hooks) };
  })();
  const nbeta = temperature ?? defaultNbeta(samples);
  const seed = own ?? full.seed;
  const common = { nbeta, adjusted, preconditioner, box: null, seed };
  let calibration: Calibration | null = null;
  const [main, pilot] = [chains * (burnIn + draws), PILOT_CHAINS * Math.ceil((burnIn + draws) / PILOT_PART)];
  let before = 0;
  let total = main;
  if (given === null || gammas.length > 1) {
    const scale = { nbeta, gamma: Math.min(...gammas), seed };
    const { steps, passes } = given === null ? await stepsToSweep(network, network.start, scale) : { steps: [given], passes: 0 };
    before = pilot * (steps.length + gammas.length - 1);
    total += before;
    const sweep = { ...common, chains: PILOT_CHAINS, burnIn: Math.ceil(burnIn / PILOT_PART), draws: Math.ceil(draws / PILOT_PART), steps, gammas };
    calibration = await calibrate(network, network.start, sweep, { signal, progress: (k) => progress?.(Math.min(k, before) / total, 'calibration') }, host);
    calibration = { ...calibration, passes: calibration.passes + passes };
  }
  const step = calibration?.step ?? given!;
  const gamma = calibration?.gamma ?? gammas[0]!;
  const settings = { ...common, step, gamma, chains, burnIn, draws };
  const found = await estimateLlc(network, network.start, settings, { signal, progress: (k) => progress?.((before + k) / total, 'chains') }, host);
  return {
    kind: 'deadreckon-llc',
    schema: LLC_SCHEMA,
    checkpoint: { name: file.slice(0, 400), format, fingerprint },
    model: { title: model.title.slice(0, 400), architecture: model.architecture, parameters: network.dimension },
    probe: { description: summary.description, samples, positions: summary.positions, seed: full.seed, loss, labels: probe!.targets ? 'targets' : 'own' },
    settings: { chains, burnIn, draws, step, gamma, nbeta, adjusted, preconditioner, batch, seed },
    llc: found.llc,
    standardError: found.standardError,
    effectiveDraws: found.effectiveDraws,
    acceptance: found.acceptance,
    initialLoss: finite(found.initialLoss),
    passes: found.passes + (calibration?.passes ?? 0),
    calibration: calibration && { sentence: calibration.sentence, passes: calibration.passes, rows: calibration.rows.map((row) => ({ ...row, problems: [...row.problems] })) },
    chains: found.chains.map((c) => ({
      mean: finite(c.mean),
      acceptance: c.acceptance,
      divergedAt: c.divergedAt,
      effectiveDraws: c.divergedAt === null ? effectiveDraws(c) : null,
      opening: plain(c.opening),
      trace: plain(c.trace),
    })),
    problems: [...found.problems],
    provenance: { app: APP, backend: numerics.name, device: numerics.device, createdAt: new Date().toISOString(), seconds: (performance.now() - started) / 1000 },
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function plain({ length, means }: { length: number; means: Float64Array }): { length: number; means: number[] } {
  return { length, means: Array.from(means) };
}
