/** Networks that come as an ONNX graph: what they compute is in the file, and nothing is guessed from names. */
import { InputError } from '../../base/errors';
import type { OnnxProgram } from '../../checkpoint/program';
import type { Checkpoint } from '../../checkpoint/types';
import { graphModel } from '../graph/graph-model';
import { chooseOutput, readInput } from '../onnx/input';
import { translate, type Translated } from '../onnx/translate';
import { Unsupported } from '../onnx/values';
import type { Architecture, Choices, Model, Recognition } from '../types';

export const onnx: Architecture = { key: 'onnx', title: 'a network of ONNX', program: 'onnx', recognise };

async function recognise(checkpoint: Checkpoint, choices: Choices): Promise<Recognition> {
  const { program } = checkpoint;
  if (program?.kind !== 'onnx') return { missing: 'it is no ONNX file', matched: 0 };
  try {
    return { model: await read(checkpoint, program, choices) };
  } catch (error) {
    if (error instanceof Unsupported) return { missing: error.message, matched: 1 };
    // Shapes that do not fit, or a number of the graph that cannot be read.
    if (error instanceof InputError) return { missing: error.message.replace(/\.$/, ''), matched: 1 };
    throw error;
  }
}

async function read(checkpoint: Checkpoint, program: OnnxProgram, choices: Choices): Promise<Model> {
  const { output, nodes, choice } = await chooseOutput(checkpoint, program, choices);
  const { input, choice: size } = await readInput(checkpoint, program, nodes, choices);
  const translated = await translate(checkpoint, program, nodes, input, output);
  const { graph, sources, softmax, transforms, numbers } = translated;
  const images = graph.input.kind === 'image';
  const producer = checkpoint.metadata.get('producer');
  return graphModel(checkpoint, {
    architecture: 'onnx',
    title: `Network of ${contents(translated)}`,
    evidence: [
      `a graph of ${program.nodes.length} nodes in opset ${program.opset}${producer ? `, written by ${producer} ${checkpoint.metadata.get('producer_version') ?? ''}`.trimEnd() : ''}`,
      `input '${input.name}' [${[input.batch ?? 'batch', ...input.shape].join(', ')}], output '${output}'`,
      ...(softmax === null ? [] : [`'${softmax}' at the end is left out: its inputs are the logits`]),
    ],
    transforms: [...arrangements(translated), ...transforms],
    choices: [choice, size].filter((c) => c !== null),
    graph,
    sources,
    defaultLoss: softmax !== null || images ? 'ce' : 'mse',
    buffer: (name) => (numbers.has(name) ? 'a number of the graph' : null),
    excluded: (name) => (numbers.has(name) ? null : `nothing that '${output}' depends on reads it`),
  });
}

/** '4 convolutions and 1 dense layer, relu, images 3 × 32 × 32' */
function contents({ graph: { nodes, input } }: Translated): string {
  const many = (kind: string, one: string) => {
    const n = nodes.filter(({ operator }) => operator.kind === kind).length;
    return n === 0 ? [] : [`${n} ${one}${n === 1 ? '' : 's'}`];
  };
  const layers = [...many('conv', 'convolution'), ...many('dense', 'dense layer')].join(' and ');
  const activations = new Set(nodes.flatMap(({ operator }) => (operator.kind === 'activation' ? [operator.activation] : [])));
  const read = input.kind === 'image' ? `images ${input.channels} × ${input.height} × ${input.width}` : input.kind === 'vector' ? `vectors of ${input.width}` : 'tokens';
  return [layers || 'no layers', ...activations, read].join(', ');
}

function arrangements({ graph: { nodes }, sources }: Translated): string[] {
  const uses = new Map<string, string[]>();
  for (const [name, { tensor }] of sources) uses.set(tensor, [...(uses.get(tensor) ?? []), name]);
  // Exporters store equal tensors once, whether they were one parameter or not.
  const shared = [...uses].filter(([, names]) => names.length > 1).map(([tensor, names]) => `'${tensor}' is stored once and read as ${names.length} parameters: ${names.slice(0, 4).join(', ')}${names.length > 4 ? ', …' : ''}`);
  const turned = nodes.some(({ operator }) => operator.kind === 'conv') ? ['weights of convolutions [out, in, height, width] are read as matrices [height · width · in, out]'] : [];
  return [...turned, ...shared];
}
