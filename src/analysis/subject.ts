/** What there is to analyse in a checkpoint: a runnable model, a bundle of taps made elsewhere, or weight tensors alone. */
import type { Checkpoint, TensorEntry } from '../checkpoint/types';
import { recogniseModel } from '../model/recognise';
import type { Model } from '../model/types';
import type { Choices } from '../model/types';
import { trainedOn } from './trained-on';
import type { Layer, ModelSummary, Side, Skipped, TensorLine } from './report';

/** Above this size of a Gram not all eigenvalues are solved for: its head is, and the rest estimated from the factor. */
export const MAX_DIMENSION = 4096;
/** Values of a tensor that are read at once. */
const MAX_VALUES = 2 ** 28;
const MAX_LINES = 20_000;
/** Types that weights are stored in. */
export const FLOATS: ReadonlySet<string> = new Set(['f16', 'bf16', 'f32', 'f64', 'f8_e4m3', 'f8_e5m2', 'f8_e8m0', 'f8_e4m3fnuz', 'f8_e5m2fnuz']);

/** One tap of a bundle: the tensor that holds it. */
export interface BundleTap {
  layer: string;
  side: Side;
  tensor: TensorEntry;
}

export type Subject =
  | { kind: 'model'; model: Model }
  | { kind: 'bundle'; taps: BundleTap[]; delta: Map<string, TensorEntry> }
  | { kind: 'tensors'; tensors: TensorEntry[]; sentence: string };

const BUNDLE = /^(act|delta|gram)\/(.+)$/;

export async function subjectOf(checkpoint: Checkpoint, choices: Choices): Promise<Subject> {
  const bundle = bundleOf(checkpoint);
  if (bundle) return bundle;
  const verdict = await recogniseModel(checkpoint, choices);
  if (verdict.model) return { kind: 'model', model: verdict.model };
  const tensors = [...checkpoint.tensors.values()].filter((t) => whyNotAnalysed(t) === null);
  return { kind: 'tensors', tensors, sentence: verdict.sentence };
}

/** A file of `act/<layer>`, `delta/<layer>` and `gram/<layer>` made by a script beside the training code (conventions.md §3.3). */
function bundleOf(checkpoint: Checkpoint): Subject | null {
  const taps: BundleTap[] = [];
  const delta = new Map<string, TensorEntry>();
  for (const tensor of checkpoint.tensors.values()) {
    const match = BUNDLE.exec(tensor.name);
    if (!match) {
      if (/^loss\//.test(tensor.name)) continue;
      return null;
    }
    if (tensor.shape.length !== 2 || !FLOATS.has(tensor.dtype)) return null;
    const layer = match[2]!;
    const side = match[1] === 'act' ? 'activation' : match[1] === 'delta' ? 'gradient' : 'parameter';
    taps.push({ layer, side, tensor });
    if (side === 'gradient') delta.set(layer, tensor);
  }
  return taps.length > 0 ? { kind: 'bundle', taps, delta } : null;
}

/** Why a tensor's own spectrum is not taken; null when it is. */
function whyNotAnalysed(t: TensorEntry): string | null {
  if (!FLOATS.has(t.dtype)) return `${t.dtype} values are not weights to differentiate`;
  if (t.shape.length < 2) return `a ${t.shape.length === 0 ? 'scalar' : 'vector'} has no spectrum`;
  if (t.shape.some((n) => n === 0)) return 'it is empty';
  const [rows, columns] = matrixShape(t.shape);
  if (rows * columns > MAX_VALUES) return `it holds ${rows * columns} values, and up to ${MAX_VALUES} are read at once`;
  return null;
}

/** A tensor as a matrix: [out, in * kh * kw]. */
export function matrixShape(shape: readonly number[]): [number, number] {
  return [shape[0]!, shape.slice(1).reduce((a, b) => a * b, 1)];
}

export function layersOf(subject: Subject): Layer[] {
  switch (subject.kind) {
    case 'model':
      return subject.model.layers.map((l) => ({ ...l }));
    case 'bundle':
      return [...new Set(subject.taps.map((t) => t.layer))].map((name) => {
        const tap = subject.delta.get(name) ?? subject.taps.find((t) => t.layer === name)!.tensor;
        return { name, kind: 'recorded taps', width: tap.shape[1]!, activation: 'unknown' };
      });
    case 'tensors':
      return subject.tensors.map((t) => ({ name: t.name, kind: 'weight tensor', width: Math.min(...matrixShape(t.shape)), activation: 'none' }));
  }
}

export function describe(subject: Subject, checkpoint: Checkpoint): ModelSummary {
  const parameters = [...checkpoint.tensors.values()].reduce((n, t) => n + t.shape.reduce((a, b) => a * b, 1), 0);
  const data = trainedOn(checkpoint.metadata);
  const clip = (list: readonly string[], most: number) => list.slice(0, most).map((s) => s.slice(0, 4000));
  switch (subject.kind) {
    case 'model': {
      const m = subject.model;
      return {
        architecture: m.architecture,
        title: m.title.slice(0, 400),
        parameters,
        evidence: clip([...m.evidence, ...(data === null ? [] : [data])], 100),
        transforms: clip(m.transforms, 1000),
        tied: m.tied.slice(0, 1000).map((g) => g.slice(0, 100)),
        choices: m.choices.map((c) => ({ ...c, options: [...c.options] })),
      };
    }
    case 'bundle':
      return {
        architecture: 'bundle',
        title: `Probe bundle, ${layersOf(subject).length} layers`,
        parameters: 0,
        evidence: ['every tensor is named act/<layer>, delta/<layer> or gram/<layer>: taps recorded elsewhere, read as they are'],
        transforms: [],
        tied: [],
        choices: [],
      };
    case 'tensors':
      return {
        architecture: 'tensors',
        title: `${checkpoint.tensors.size} tensors of no known architecture`,
        parameters,
        evidence: clip([subject.sentence, ...(data === null ? [] : [data])], 100),
        transforms: ['a tensor of more than two dimensions is read as [first, product of the rest]'],
        tied: checkpoint.shared.slice(0, 1000).map((g) => g.slice(0, 100)),
        choices: [],
      };
  }
}

/** What became of every tensor, the first 20 000 of them. */
export function tensorLines(subject: Subject, checkpoint: Checkpoint): TensorLine[] {
  const lines: TensorLine[] = [];
  for (const t of checkpoint.tensors.values()) {
    if (lines.length === MAX_LINES) break;
    const common = { name: t.name, dtype: t.dtype, shape: [...t.shape] };
    if (subject.kind === 'model') {
      const place = subject.model.tensors.get(t.name) ?? { status: 'unused' as const, reason: `no place in the ${subject.model.architecture} architecture` };
      lines.push({ ...common, ...place });
    } else if (subject.kind === 'bundle') {
      const known = BUNDLE.test(t.name);
      lines.push({ ...common, status: known ? 'analysed' : 'unused', reason: known ? null : 'a loss curve: not read by this version' });
    } else {
      const reason = whyNotAnalysed(t);
      lines.push({ ...common, status: reason === null ? 'analysed' : 'unsupported', reason });
    }
  }
  return lines;
}

/** Tensors of an unrecognised checkpoint that have no spectrum. */
export function skippedTensors(subject: Subject, checkpoint: Checkpoint): Skipped[] {
  if (subject.kind !== 'tensors') return [];
  return [...checkpoint.tensors.values()].slice(0, MAX_LINES).flatMap((t) => {
    const reason = whyNotAnalysed(t);
    return reason === null ? [] : [{ layer: t.name, side: 'weight' as const, reason }];
  });
}
