/** What is known about a checkpoint before anything is computed: the verdict, the layers, and a request with its defaults filled in. */
import { globMatcher } from '../base/glob';
import { InputError } from '../base/errors';
import { folderOf } from '../checkpoint/config';
import type { Checkpoint } from '../checkpoint/types';
import type { Model } from '../model/types';
import { sizeOf } from '../numerics/shape';
import type { ProbeContent } from '../probe/content';
import { probeFromFile } from '../probe/file';
import { probeFromPictures } from '../probe/images';
import { readPreprocessor } from '../probe/pixels';
import { defaultSource } from '../probe/sources/registry';
import { probeFromText } from '../probe/text';
import { openTokenizer } from '../probe/tokenizer';
import type { Probe } from '../probe/types';
import { AT_ONCE, TYPICAL_CPU, secondsOf, workOf } from './cost';
import type { Inspection } from './events';
import { boundOf, memoryNeeds, planMemory, type MemoryNeeds } from './memory';
import { readNorms } from './norm-readings';
import { besideOf } from './probe-file';
import { probeHash } from './probe-hash';
import { recordedLosses } from './recorded-loss';
import type { CheckpointSummary, Layer, ModelSummary, ProbeSummary, Skipped } from './report';
import { Request, type Fisher, type Loss } from './request';
import { recordedStep } from './run-order';
import { backwardPasses } from './run-settings';
import { describe, layersOf, skippedTensors, subjectOf, tensorLines, type Subject } from './subject';

/** What a person may choose about one architecture or another. */
const CHOICES = ['activation', 'normalization', 'attention', 'heads', 'norm-position', 'norm-scale', 'pooling', 'input-size', 'stem', 'padding', 'stride', 'pool', 'pool-after', 'pixels', 'output'];
/** More backward passes than this are refused: the exact Fisher of a language model would take one for every token. */
const MAX_PASSES = 4096;
/** Jackknife folds are solved by default up to this width. */
const CHEAP_WIDTH = 256;
const DEFAULT_FOLDS = 5;

/** Everything that an analysis needs, checked against the model. */
export interface Prepared {
  subject: Subject;
  checkpoint: CheckpointSummary;
  model: ModelSummary;
  /** All layers, and those that the globs select. */
  layers: Layer[];
  selected: Layer[];
  skipped: Skipped[];
  request: Request;
  /** Null where there is no model to run. */
  probe: Probe | null;
  summary: ProbeSummary;
  /** Null where there is no model to run. */
  needs: MemoryNeeds | null;
}

/** @throws InputError when the request does not fit the model or the probe file does not. */
export async function prepare(checkpoint: Checkpoint, content: ProbeContent | null, partial: Partial<Request>): Promise<Prepared> {
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
  const common = { subject, checkpoint: summarise(checkpoint, subject), model: describe(subject, checkpoint), layers, selected, skipped };
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
    return { ...common, request: { ...asked, folds: 0 }, probe: null, summary, needs: null };
  }
  const { model } = subject;
  const probe = await makeProbe(model, checkpoint, content, asked);
  const loss = chooseLoss(model, probe, asked);
  const fisher = chooseFisher(model, probe, asked);
  const positions = probe.inputs.kind === 'tokens' ? probe.inputs.positions : 1;
  const { samples } = probe.inputs;
  const cheap = selected.every((l) => l.width <= CHEAP_WIDTH) && samples >= 2 * DEFAULT_FOLDS;
  const folds = asked.folds ?? (cheap ? DEFAULT_FOLDS : 0);
  const request = { ...asked, samples, positions, loss, fisher, folds };
  return {
    ...common,
    model: { ...common.model, choices: [...common.model.choices, ...(probe.choices ?? []).map((c) => ({ ...c, options: [...c.options] }))] },
    request,
    probe,
    needs: memoryNeeds({ ...common, request, probe }),
    summary: {
      kind: probe.kind, description: probe.description.slice(0, 4000), samples, positions, seed: asked.seed, loss, fisher, meanLoss: null,
      outputs: model.outputs,
      ...(probe.targets && { labels: probe.targets.kind === 'labels' ? probe.targets.labels.filter((y) => y >= 0).length : samples }),
      ...(probe.evidence && { evidence: probe.evidence.map((s) => s.slice(0, 4000)) }),
      ...(content && { content: await probeHash(probe) }),
    },
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

/** @param machine Bytes of memory, where they are known. */
export async function toInspection(id: string, p: Prepared, checkpoint: Checkpoint, machine: number | null): Promise<Inspection> {
  const cost = secondsOf(workOf(p), TYPICAL_CPU);
  const step = recordedStep(checkpoint.metadata);
  return {
    id,
    checkpoint: p.checkpoint,
    model: p.model,
    layers: p.layers,
    skipped: p.skipped,
    request: p.request,
    probe: p.summary,
    cost,
    runsAtOnce: cost <= AT_ONCE,
    ...(p.needs && { memory: planMemory(p.needs, boundOf(p.request, machine)).memory }),
    ...(p.subject.kind === 'model' && { norms: await readNorms(p.subject.model) }),
    ...(step !== null && { step }),
    ...(p.subject.kind === 'model' && { takes: p.subject.model.input.kind }),
    ...(checkpoint.beside && { fetches: true }),
  };
}

function summarise(checkpoint: Checkpoint, subject: Subject): CheckpointSummary {
  const losses = recordedLosses(checkpoint.metadata);
  return {
    format: checkpoint.format,
    name: checkpoint.name,
    files: checkpoint.files.map((f) => ({ ...f })).slice(0, 10_000),
    fingerprint: checkpoint.fingerprint,
    warnings: checkpoint.warnings.slice(0, 1000).map((w) => w.slice(0, 4000)),
    tensors: tensorLines(subject, checkpoint),
    tensorCount: checkpoint.tensors.size,
    ...(losses.length > 0 && { losses }),
  };
}

async function makeProbe(model: Model, checkpoint: Checkpoint, content: ProbeContent | null, asked: Request): Promise<Probe> {
  const { choices, samples, positions, seed } = asked;
  const input = model.input.kind === 'tokens' ? { ...model.input, ...tokensOf(checkpoint) } : model.input;
  const parameters = Array.from(model.staged?.shapes.values() ?? [], sizeOf).reduce((a, b) => a + b, 0);
  const spec = { input, outputs: model.outputs, parameters, samples, positions, seed, choices };
  if (!content) return defaultSource(model.input.kind).make(spec);
  const folders = [folderOf(checkpoint.files[0]?.name ?? '')];
  const given = content.kind === 'pictures' ? content.pictures[0]!.name : content.file;
  const beside = (base: string) => besideOf(content.beside, base, [...folders, folderOf(given)], checkpoint.beside);
  if (content.kind === 'text') {
    const tokenizer = input.kind === 'tokens' ? await beside('tokenizer.json') : null;
    return probeFromText(content, tokenizer && (await openTokenizer(tokenizer, await beside('tokenizer_config.json'))), spec);
  }
  const recorded = input.kind === 'vector' && input.image ? await beside('preprocessor_config.json') : null;
  const preprocessor = (channels: number) => recorded && readPreprocessor(recorded.name, recorded.text, channels);
  return content.kind === 'pictures' ? probeFromPictures(content, spec, preprocessor) : probeFromFile(content, spec, preprocessor);
}

/** Which ids stand for text, as config.json and tokenizer.json beside the weights say. */
function tokensOf({ metadata }: Checkpoint): { special: number[]; known?: number } {
  const ids = [...metadata].flatMap(([name, text]) => (/(^|\.)(bos|eos|pad|cls|sep|mask|decoder_start)_token_id$/.test(name) ? [text] : []));
  const special = [...ids, ...(metadata.get('tokenizer.special')?.split(',') ?? [])].map(Number).filter((id) => Number.isInteger(id) && id >= 0);
  const size = Number(metadata.get('tokenizer.size'));
  return { special: [...new Set(special)], ...(size > 0 && { known: size }) };
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
