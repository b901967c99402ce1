/** What is known about a checkpoint before anything is computed: the verdict, the layers, and a request with its defaults filled in. */
import { globMatcher } from '../base/glob';
import { InputError } from '../base/errors';
import type { Checkpoint } from '../checkpoint/types';
import type { Model } from '../model/types';
import { probeFromFile, type ProbeFileContent } from '../probe/file';
import { defaultSource } from '../probe/sources/registry';
import type { Probe } from '../probe/types';
import { AT_ONCE, TYPICAL_CPU, secondsOf, workOf } from './cost';
import type { Inspection } from './events';
import { backwardPasses } from './model-taps';
import type { CheckpointSummary, Layer, ProbeSummary, Skipped } from './report';
import { Request, type Fisher, type Loss } from './request';
import { recordedStep } from './run-order';
import { describe, layersOf, skippedTensors, subjectOf, tensorLines, type Subject } from './subject';

/** What a person may choose about one architecture or another. */
const CHOICES = ['activation', 'normalization', 'attention', 'heads', 'norm-position', 'input-size', 'stem', 'padding', 'stride', 'pool', 'pool-after'];
/** More backward passes than this are refused: the exact Fisher of a language model would take one for every token. */
const MAX_PASSES = 4096;
/** Jackknife folds are solved by default up to this width. */
const CHEAP_WIDTH = 256;
const DEFAULT_FOLDS = 5;

/** Everything that an analysis needs, checked against the model. */
export interface Prepared {
  subject: Subject;
  checkpoint: CheckpointSummary;
  /** All layers, and those that the globs select. */
  layers: Layer[];
  selected: Layer[];
  skipped: Skipped[];
  request: Request;
  /** Null where there is no model to run. */
  probe: Probe | null;
  summary: ProbeSummary;
}

/** @throws InputError when the request does not fit the model or the probe file does not. */
export async function prepare(checkpoint: Checkpoint, content: ProbeFileContent | null, partial: Partial<Request>): Promise<Prepared> {
  const asked = Request.parse(partial);
  const subject = await subjectOf(checkpoint, asked.choices);
  if (subject.kind === 'model') checkChoices(asked.choices, subject.model);
  const layers = layersOf(subject);
  const matches = globMatcher(asked.layers);
  const selected = layers.filter((l) => matches(l.name));
  if (selected.length === 0 && layers.length > 0) {
    const some = layers.slice(0, 4).map((l) => l.name).join(', ');
    throw new InputError('no-layer', `No layer is named like "${asked.layers}". This checkpoint has ${some}${layers.length > 4 ? ', …' : ''}.`);
  }
  const skipped = [
    ...skippedTensors(subject, checkpoint),
    ...layers.filter((l) => !matches(l.name)).map((l) => ({ layer: l.name, side: null, reason: `not selected by "${asked.layers}"` })),
  ];
  const common = { subject, checkpoint: summarise(checkpoint, subject), layers, selected, skipped };
  if (subject.kind !== 'model') {
    const what = subject.kind === 'bundle' ? 'taps recorded in the file' : 'none: weights are read as they are';
    const summary: ProbeSummary = {
      kind: subject.kind === 'bundle' ? 'bundle' : 'none',
      description: what,
      samples: 0,
      positions: 1,
      seed: asked.seed,
      loss: null,
      fisher: null,
      meanLoss: null,
    };
    return { ...common, request: { ...asked, folds: 0 }, probe: null, summary };
  }
  const { model } = subject;
  const probe = makeProbe(model, content, asked);
  const loss = chooseLoss(model, probe, asked);
  const fisher = chooseFisher(model, probe, asked);
  const positions = probe.inputs.kind === 'tokens' ? probe.inputs.positions : 1;
  const { samples } = probe.inputs;
  const cheap = selected.every((l) => l.width <= CHEAP_WIDTH) && samples >= 2 * DEFAULT_FOLDS;
  const folds = asked.folds ?? (cheap ? DEFAULT_FOLDS : 0);
  return {
    ...common,
    request: { ...asked, samples, positions, loss, fisher, folds },
    probe,
    summary: { kind: probe.kind, description: probe.description, samples, positions, seed: asked.seed, loss, fisher, meanLoss: null },
  };
}

/** What was asked for must exist: a silent fallback would give plausible, wrong spectra. */
function checkChoices(asked: Request['choices'], { choices }: Model): void {
  for (const [key, value] of Object.entries(asked)) {
    const choice = choices.find((c) => c.key === key);
    // A choice that this model does not have to make (the activation of attention alone) changes nothing.
    if (!choice) {
      if (CHOICES.includes(key)) continue;
      throw new InputError('choice', `There is no choice '${key}'; the choices about a model are ${CHOICES.join(', ')}.`);
    }
    if (!choice.options.includes(value)) {
      throw new InputError('choice', `'${value}' is no ${key} that is known here; choose one of ${choice.options.join(', ')}.`);
    }
  }
}

export function toInspection(id: string, p: Prepared, checkpoint: Checkpoint): Inspection {
  const cost = secondsOf(workOf(p), TYPICAL_CPU);
  const step = recordedStep(checkpoint.metadata);
  return {
    id,
    checkpoint: p.checkpoint,
    model: describe(p.subject, checkpoint),
    layers: p.layers,
    skipped: p.skipped,
    request: p.request,
    probe: p.summary,
    cost,
    runsAtOnce: cost <= AT_ONCE,
    ...(step !== null && { step }),
  };
}

function summarise(checkpoint: Checkpoint, subject: Subject): CheckpointSummary {
  return {
    format: checkpoint.format,
    name: checkpoint.name,
    files: checkpoint.files.map((f) => ({ ...f })).slice(0, 10_000),
    fingerprint: checkpoint.fingerprint,
    warnings: checkpoint.warnings.slice(0, 1000).map((w) => w.slice(0, 4000)),
    tensors: tensorLines(subject, checkpoint),
    tensorCount: checkpoint.tensors.size,
  };
}

function makeProbe(model: Model, content: ProbeFileContent | null, asked: Request): Probe {
  const spec = { input: model.input, outputs: model.outputs, samples: asked.samples, positions: asked.positions, seed: asked.seed };
  return content ? probeFromFile(content, spec) : defaultSource(model.input.kind).make(spec);
}

function chooseLoss(model: Model, probe: Probe, asked: Request): Loss {
  const loss = asked.loss ?? (probe.targets?.kind === 'labels' ? 'ce' : probe.targets?.kind === 'values' ? 'mse' : model.defaultLoss);
  if (loss === 'ce' && probe.targets?.kind === 'values') {
    throw new InputError('loss-targets', `Cross-entropy needs integer labels as targets, but these targets are values. Choose the loss mse, or give labels.`);
  }
  if (loss === 'ce' && model.outputs < 2) {
    throw new InputError('loss-outputs', 'Cross-entropy needs at least two outputs; this model has one. Choose the loss mse.');
  }
  return loss;
}

function chooseFisher(model: Model, probe: Probe, asked: Request): Fisher {
  const fisher = asked.fisher ?? (probe.targets ? 'empirical' : 'sampled');
  if (fisher === 'empirical' && !probe.targets) {
    throw new InputError('fisher-targets', 'The empirical Fisher needs targets. Drop a probe file with inputs and targets, or choose the sampled or exact Fisher.');
  }
  if (fisher === 'exact') {
    const count = backwardPasses(model, probe, fisher);
    if (count > MAX_PASSES) {
      throw new InputError('fisher-passes', `The exact Fisher would take ${count} backward passes here, one for each output and position (at most ${MAX_PASSES} are run). Choose the sampled Fisher.`);
    }
  }
  return fisher;
}
