/** What an ONNX graph reads and gives, and what of that a person has to say: one input, one output, and the size of images that it leaves open. */
import type { OnnxNode, OnnxProgram, OnnxValue } from '../../checkpoint/program';
import type { Checkpoint } from '../../checkpoint/types';
import { decide, plainQuestion } from '../choices';
import { imageSize } from '../image-size';
import type { Choices, ModelChoice } from '../types';
import { listAttribute } from './attributes';
import { nodesOf, type ReadInput } from './translate';
import { Unsupported } from './values';

/** The output that is read, with the nodes that it depends on. Throws Unsupported. */
export async function chooseOutput(checkpoint: Checkpoint, program: OnnxProgram, choices: Choices): Promise<{ output: string; nodes: readonly OnnxNode[]; choice: ModelChoice | null }> {
  const names = program.outputs.map(({ name }) => name);
  if (names.length === 0) throw new Unsupported('its graph has no output');
  const choice = names.length === 1 ? null : await decide(checkpoint, choices, plainQuestion('output', names, []), () => ({ value: names[0]!, evidence: `the first of ${names.length} outputs` }));
  const output = choice?.value ?? names[0]!;
  return { output, nodes: nodesOf(program, output), choice };
}

/** The input that the nodes read. Throws Unsupported. */
export async function readInput(checkpoint: Checkpoint, { inputs }: OnnxProgram, nodes: readonly OnnxNode[], choices: Choices): Promise<{ input: ReadInput; choice: ModelChoice | null }> {
  const read = new Set(nodes.flatMap((node) => node.inputs));
  const found = inputs.filter(({ name }) => read.has(name) && !checkpoint.tensors.has(name));
  const [value] = found;
  if (!value) throw new Unsupported('its output depends on no input');
  if (found.length > 1) throw new Unsupported(`it reads ${found.length} inputs (${found.slice(0, 4).map(({ name }) => `'${name}'`).join(', ')}); only networks of one input are run here`);
  if (!value.shape) throw new Unsupported(`its input '${value.name}' has no shape`);
  const [first, ...sizes] = value.shape;
  const batch = typeof first === 'number' ? first : null;
  const readers = nodes.filter((node) => node.inputs.includes(value.name));
  if (sizes.length === 3) return imageInput(checkpoint, value, batch, sizes, readers, choices);
  if (sizes.length < 1 || sizes.length > 2) throw new Unsupported(`its input '${value.name}' is ${shown(value)}; vectors [batch, width] or images [batch, channels, height, width] were expected`);
  const shape = sizes.length === 1 && typeof sizes[0] !== 'number' ? [widthRead(checkpoint, readers)] : sizes;
  if (!shape.every((size): size is number => typeof size === 'number' && size > 0)) throw new Unsupported(`its input '${value.name}' is ${shown(value)}, of which only the batch may be open`);
  return { input: { name: value.name, shape, form: 'vector', batch }, choice: null };
}

async function imageInput(checkpoint: Checkpoint, value: OnnxValue, batch: number | null, sizes: OnnxValue['shape'] & object, readers: readonly OnnxNode[], choices: Choices) {
  // Images whose channels stand last are turned round at once, by exporters from TensorFlow.
  const last = readers.length > 0 && readers.every((node) => node.op === 'Transpose' && listAttribute(node, 'perm')?.join() === '0,3,1,2');
  const channels = sizes[last ? 2 : 0];
  if (typeof channels !== 'number' || channels < 1) throw new Unsupported(`its input '${value.name}' is ${shown(value)}, whose channels are open`);
  const pixels = last ? sizes.slice(0, 2) : sizes.slice(1);
  const open = pixels.some((size) => typeof size !== 'number' || size < 1);
  const choice = open
    ? await decide(checkpoint, choices, imageSize(choices['input-size']), () => ({ value: '32', evidence: `its input '${value.name}' is ${shown(value)}, which leaves the size of images open` }))
    : null;
  const known = pixels.map((size) => (typeof size === 'number' && size > 0 ? size : Number(choice!.value)));
  const input: ReadInput = { name: value.name, shape: last ? [...known, channels] : [channels, ...known], form: last ? 'hwc' : 'chw', batch };
  return { input, choice };
}

/** Inputs of the matrix that reads a vector of open width; null where it is read otherwise. */
function widthRead(checkpoint: Checkpoint, readers: readonly OnnxNode[]): number | null {
  for (const node of readers) {
    const shape = checkpoint.tensors.get(node.inputs[1] ?? '')?.shape;
    if (shape?.length === 2 && (node.op === 'Gemm' || node.op === 'MatMul')) return shape[node.op === 'Gemm' && node.attributes.get('transB') === 1 ? 1 : 0]!;
  }
  return null;
}

function shown({ shape }: OnnxValue): string {
  return `[${shape!.map((size) => size ?? '?').join(', ')}]`;
}
