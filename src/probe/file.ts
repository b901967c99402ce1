/** A probe read from a dropped file: `inputs`, optional `targets` and recorded `outputs`. Shapes are checked against the model before anything runs. */
import { InputError } from '../base/errors';
import type { SideFile } from './content';
import { imagesOfArray } from './images';
import type { Preprocessor } from './pixels';
import type { RecordedOutputs } from './recorded';
import { outputPositions, type Probe, type ProbeInputs, type ProbeSpec, type Targets } from './types';

/** An array of the file, with its values decoded. */
export interface ProbeArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly integers: boolean;
  /** The largest value of its type, where pixels are stored in it: 255, 65535. */
  readonly most?: number;
  readonly values: Float32Array | Float64Array;
}

export interface ProbeFileContent {
  readonly kind?: 'arrays';
  readonly file: string;
  readonly inputs: ProbeArray;
  readonly targets: ProbeArray | null;
  /** Outputs of the network as another program computed them. */
  readonly outputs?: (ProbeArray & { readonly roundoff: number }) | null;
  readonly beside?: readonly SideFile[];
}

/** @throws InputError naming the file, the array, what was found and what the model expects. */
export async function probeFromFile(content: ProbeFileContent, spec: ProbeSpec, preprocessor: (channels: number) => Preprocessor | null = () => null): Promise<Probe> {
  const images = areImages(content.inputs, spec) ? await imagesOfArray(content.file, content.inputs, spec, preprocessor) : null;
  const inputs = images?.inputs ?? readInputs(content, spec);
  const found = content.inputs.shape[0]!;
  const targets = content.targets ? readTargets(content, content.targets, inputs, spec) : null;
  const used = inputs.samples < found ? `the first ${inputs.samples} of ${found}` : `${found}`;
  const shape = inputs.kind === 'tokens' ? `sequences of ${inputs.positions} tokens` : images ? `images [${content.inputs.shape.slice(1).join(', ')}]` : `vectors of width ${inputs.width}`;
  return {
    kind: 'file',
    description: `${content.file}: ${used} ${shape}${targets ? ', with targets' : ', no targets'}`,
    ...(images && { evidence: images.evidence, choices: images.choices }),
    inputs,
    targets,
    ...(content.outputs && { recorded: readOutputs(content, content.outputs, inputs, spec) }),
  };
}

/** Whole numbers in rows are vectors for a network that does not say that it takes images. */
function areImages({ shape, integers }: ProbeArray, { input }: ProbeSpec): boolean {
  return input.kind === 'vector' && (shape.length > 2 || (shape.length === 2 && integers && input.image !== undefined)) && !shape.includes(0);
}

function readInputs({ file, inputs }: ProbeFileContent, spec: ProbeSpec): ProbeInputs {
  const fail = (code: string, text: string) => new InputError(code, `${file}: 'inputs' ${text}`, { file, tensor: 'inputs' });
  const shape = `[${inputs.shape.join(', ')}]`;
  if (inputs.shape.length !== 2) {
    const expected = spec.input.kind === 'tokens' ? '[samples, positions]' : `[samples, ${spec.input.width}]`;
    throw fail('probe-shape', `has shape ${shape}; this model takes ${expected}.`);
  }
  const [count, second] = inputs.shape as [number, number];
  if (count === 0 || second === 0) throw fail('probe-empty', `has shape ${shape}: there is nothing to run. Give at least one sample.`);
  const samples = Math.min(count, spec.samples ?? count);
  const values = inputs.values.subarray(0, samples * second);
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) {
    throw fail('probe-not-finite', `holds ${values[bad]} at [${Math.floor(bad / second)}, ${bad % second}]. Remove such samples and try again.`);
  }
  if (spec.input.kind === 'vector') {
    if (second !== spec.input.width) throw fail('probe-width', `has shape ${shape}; this model takes vectors of width ${spec.input.width}.`);
    return { kind: 'vector', values: Float64Array.from(values), samples, width: second };
  }
  const { vocabulary, context } = spec.input;
  if (second > context) throw fail('probe-context', `has ${second} positions; this model has a context of ${context}.`);
  const odd = values.findIndex((v) => !Number.isInteger(v) || v < 0 || v >= vocabulary);
  if (odd >= 0) {
    throw fail('probe-token', `holds ${values[odd]} at [${Math.floor(odd / second)}, ${odd % second}]; token ids are integers from 0 to ${vocabulary - 1}.`);
  }
  return { kind: 'tokens', ids: Int32Array.from(values), samples, positions: second };
}

function readTargets({ file, inputs: given }: ProbeFileContent, targets: ProbeArray, inputs: ProbeInputs, { input, outputs }: ProbeSpec): Targets {
  const fail = (code: string, text: string) => new InputError(code, `${file}: 'targets' ${text}`, { file, tensor: 'targets' });
  const shape = `[${targets.shape.join(', ')}]`;
  if (targets.shape[0] !== given.shape[0]) {
    throw fail('probe-targets', `has shape ${shape}, but there are ${given.shape[0]} inputs. Give one target for each.`);
  }
  const n = inputs.samples;
  if (inputs.kind === 'tokens' && !(input.kind === 'tokens' && input.pooled)) {
    const t = inputs.positions;
    const perPosition = targets.shape.length === 2 && targets.shape[1] === t;
    const perSample = targets.shape.length === 1 || (targets.shape.length === 2 && targets.shape[1] === 1 && t !== 1);
    if (!perPosition && !perSample) throw fail('probe-targets', `has shape ${shape}; [${n}] (last position) or [${n}, ${t}] was expected.`);
    const labels = new Int32Array(n * t).fill(-1);
    for (let i = 0; i < (perPosition ? n * t : n); i++) labels[perPosition ? i : i * t + t - 1] = label(targets.values[i]!, outputs, fail);
    return { kind: 'labels', labels };
  }
  const flat = targets.shape.length === 1 || (targets.shape.length === 2 && targets.shape[1] === 1);
  if (flat && targets.integers && outputs > 1) {
    return { kind: 'labels', labels: Int32Array.from(targets.values.subarray(0, n), (v) => label(v, outputs, fail)) };
  }
  const width = targets.shape.length === 1 ? 1 : targets.shape[1];
  if (targets.shape.length > 2 || width !== outputs) {
    throw fail('probe-targets', `has shape ${shape}; [${n}, ${outputs}] values${outputs > 1 ? `, or [${n}] integer labels,` : ''} were expected.`);
  }
  const values = Float64Array.from(targets.values.subarray(0, n * outputs));
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw fail('probe-not-finite', `holds ${values[bad]} for sample ${Math.floor(bad / outputs)}. Remove such samples and try again.`);
  return { kind: 'values', values };
}

/** [samples, outputs], or [samples, positions, outputs] where each position has a row; last axes may be flattened into one. */
function readOutputs({ file, inputs: given }: ProbeFileContent, { name, shape, values, roundoff }: NonNullable<ProbeFileContent['outputs']>, inputs: ProbeInputs, { input, outputs }: ProbeSpec): RecordedOutputs {
  const rows = outputPositions(inputs, input);
  const each = rows * outputs;
  if (shape[0] !== given.shape[0] || values.length !== shape[0]! * each) {
    const expected = rows > 1 ? `[${given.shape[0]}, ${rows}, ${outputs}]` : `[${given.shape[0]}, ${outputs}]`;
    throw new InputError('probe-outputs', `${file}: '${name}' has shape [${shape.join(', ')}]; outputs of this model for these inputs are ${expected}.`, { file, tensor: name });
  }
  const kept = Float64Array.from(values.subarray(0, inputs.samples * each));
  const bad = kept.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw new InputError('probe-not-finite', `${file}: '${name}' holds ${kept[bad]} for sample ${Math.floor(bad / each)}. Leave the array out, or record outputs that are finite.`, { file, tensor: name });
  return { name, values: kept, roundoff };
}

function label(value: number, classes: number, fail: (code: string, text: string) => InputError): number {
  if (!Number.isInteger(value) || value < -1 || value >= classes) {
    throw fail('probe-label', `holds ${value}; labels are integers from 0 to ${classes - 1}, or -1 for none.`);
  }
  return value;
}
