/** Every network that a library wrote, with a probe that carries the library's own outputs. */
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { safetensors } from '../checkpoint/writers';
import { ADAPTED, CONVOLUTIONS, FAMILIES } from './family-files';
import { fixture, FIXTURES, recorded } from './fixture';
import { APPLICATIONS, KERAS, TFJS } from './keras-files';
import { NETWORK_FILES } from './network-files';
import { ONNX_FILES } from './onnx-files';

export interface RecordedFile {
  /** Within the fixtures: files, or folders of them, that are one network. */
  readonly paths: readonly string[];
  /** Its outputs (and the inputs, in NAME.probe.npz) are in this file. */
  readonly outputs: string;
  /** What the file does not say, chosen as a person would. */
  readonly choices?: Readonly<Record<string, string>>;
  /** Logarithms of probabilities were kept, up to what a row has in common: its probabilities are what is compared. */
  readonly softmax?: boolean;
  /** What the library's arithmetic allows, relative to the largest output: float64, or float32. */
  readonly within: number;
}

const family = ({ path, name }: { path: string | readonly string[]; name: string }) => ({
  paths: [path].flat().map((p) => `families/${p}`),
  outputs: `families/${name}.json`,
  within: 1e-10,
});
const onnx = (folder: string) => ({ path, of }: { path: string; of: string }) => ({ paths: [`${folder}/${path}`], outputs: `${folder}/${of}.json`, within: 1e-10 });

const lens = (file: string, choices: Readonly<Record<string, string>> = {}) => ({
  paths: [`references/${file}`], outputs: `outputs/${file.replace(/\..*/, '')}.json`, choices, within: 1e-10,
});

export const RECORDED: readonly RecordedFile[] = [
  lens('tl-ln.pt'),
  lens('tl-folded.safetensors'),
  lens('tl-rms-gated-rotary-gqa.pt', { activation: 'silu', normalization: 'rms-norm' }),
  lens('tl-attn-only.pt'),
  lens('tl-bidirectional.pt', { activation: 'gelu_new', attention: 'bidirectional' }),
  ...FAMILIES.map(family),
  ...ADAPTED.map(family),
  ...CONVOLUTIONS.map(family),
  ...ONNX_FILES.map(onnx('onnx')),
  ...NETWORK_FILES.map(onnx('networks')),
  ...KERAS.flatMap(({ name, files }) => files.map((file) => ({ paths: [`keras/${file}`], outputs: `keras/${name}.json`, softmax: name === 'keras2', within: 1e-10 }))),
  ...APPLICATIONS.flatMap(({ name, files }) => files.map((file) => ({ paths: [`applications/${file}`], outputs: `applications/${name}.json`, within: 1e-10 }))),
  // Computed in float32.
  ...TFJS.map((name) => ({ paths: [`tfjs/${name}`], outputs: `tfjs/${name}.json`, softmax: true, within: 1e-5 })),
];

/** The files of one network, absolute. */
export function filesOf({ paths }: RecordedFile): string[] {
  return paths.flatMap((path) => {
    const at = join(FIXTURES, path);
    return statSync(at).isDirectory() ? readdirSync(at).sort().map((name) => join(at, name)) : [at];
  });
}

/** The network at this path alone. */
export function recordedAt(path: string): RecordedFile {
  return RECORDED.find(({ paths }) => paths.join() === path)!;
}

/** Writes a probe of its inputs and the library's outputs. */
export async function writeRecordedProbe({ outputs, softmax, within }: RecordedFile, to: string): Promise<void> {
  const truth = recorded(outputs);
  const { values, shape } = truth.inputs
    ? { values: Float64Array.from(truth.inputs), shape: [truth.shape[0]!, truth.inputs.length / truth.shape[0]!] }
    : await inputsBeside(outputs);
  const logits = Float64Array.from(truth.logits);
  const arrays = { inputs: { values, shape }, logits: { values: softmax ? probabilities(logits, truth.shape[1]!) : logits, shape: truth.shape } };
  const [dtype, bytes] = within < 1e-6 ? ['F64', Float64Array] : ['F32', Float32Array];
  let end = 0;
  const header = Object.entries(arrays).map(([name, { values: { length }, shape }]) => [name, { dtype, shape, data_offsets: [end, (end += length * bytes.BYTES_PER_ELEMENT)] }]);
  const data = Buffer.concat(Object.values(arrays).map(({ values }) => Buffer.from(bytes.from(values).buffer)));
  writeFileSync(to, safetensors(Object.fromEntries(header) as object, data));
}

async function inputsBeside(outputs: string): Promise<{ values: Float64Array; shape: readonly number[] }> {
  const { tensors } = await fixture(outputs.replace('.json', '.probe.npz'));
  const inputs = tensors.get('inputs')!;
  return { values: Float64Array.from(await inputs.values()), shape: inputs.shape };
}

function probabilities(logits: Float64Array, outputs: number): Float64Array {
  const sums = Float64Array.from({ length: logits.length / outputs }, (_, row) => logits.subarray(row * outputs, (row + 1) * outputs).reduce((sum, y) => sum + Math.exp(y), 0));
  return logits.map((y, i) => Math.exp(y) / sums[Math.floor(i / outputs)]!);
}

/** The largest difference that a sentence of page or command line states, relative to the largest output. */
export function statedDifference(text: string): number {
  const found = /Outputs agree with the (?:outputs|probabilities) recorded in the probe \('logits', \d+ values\): the largest difference is (\S+) of the largest value/.exec(text);
  if (!found) throw new Error(`no agreement is stated: ${/Outputs do not agree[^.]*\./.exec(text)?.[0] ?? text.slice(0, 400)}`);
  return Number(found[1]);
}
