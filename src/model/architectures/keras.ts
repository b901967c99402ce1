/** Sequential and Functional models of Keras and of TensorFlow.js layers: the file says what to run. */
import { InputError } from '../../base/errors';
import type { KerasProgram } from '../../checkpoint/program';
import type { Checkpoint } from '../../checkpoint/types';
import type { GraphInput } from '../graph/graph';
import { graphModel } from '../graph/graph-model';
import { Builder } from '../keras/builder';
import { readCalls, type Computation } from '../keras/calls';
import { LAYERS } from '../keras/layers';
import { NotRun } from '../keras/settings';
import type { Architecture, Model, Recognition } from '../types';

/** Tokens of a probe where the model takes any number. */
const CONTEXT = 128;
/** Values of one sample: an image of 4096 x 4096 in eight channels. */
const MAX_INPUT = 2 ** 27;

export const keras: Architecture = {
  key: 'keras',
  title: 'a Keras model',
  program: 'keras',
  async recognise(checkpoint: Checkpoint): Promise<Recognition> {
    if (checkpoint.program?.kind !== 'keras') return { missing: 'there is no config of Keras', matched: 0 };
    try {
      return { model: build(checkpoint, checkpoint.program) };
    } catch (error) {
      if (error instanceof NotRun) return { missing: error.message, matched: 1 };
      if (error instanceof InputError && error.code === 'graph') return { missing: `its layers do not fit each other: ${error.message.replace(/\.$/, '')}`, matched: 1 };
      throw error;
    }
  },
};

function build(checkpoint: Checkpoint, program: KerasProgram): Model {
  const computation = readCalls(program.config);
  const { calls, output, title } = computation;
  const builder = new Builder(checkpoint, program, inputOf(computation, checkpoint, program), output);
  for (const call of calls) {
    const translate = LAYERS.get(call.kind);
    if (!translate) throw new NotRun(`${call.settings.subject} is of a class that is not run here`);
    translate(builder, call);
  }
  const { nodes, sources, probabilities } = builder;
  if (nodes.length === 0) throw new NotRun('it computes nothing');
  const layers = new Map<string, number>();
  for (const { kind } of calls) layers.set(kind, (layers.get(kind) ?? 0) + 1);
  const classifies = probabilities || (/crossentropy/i.test(computation.loss ?? '') && !/binary/i.test(computation.loss!));
  return graphModel(checkpoint, {
    architecture: 'keras',
    title: `${title}, ${calls.length} layers`,
    evidence: [`the model's config: ${[...layers].map(([kind, n]) => `${n} ${kind}`).join(', ')}`],
    transforms: ['kernels are stored [in, out], those of convolutions [height, width, in, out]: their rows as they are', ...(probabilities ? ['the softmax at the end is left out: the outputs are logits'] : [])],
    choices: [],
    graph: { input: builder.input, nodes },
    sources,
    defaultLoss: classifies ? 'ce' : 'mse',
    buffer: (name) => (/(^|\/)seed_generator/.test(name) ? 'the state of a random generator' : null),
  });
}

/** Sequences of rows [t, d] are images of width 1. */
function inputOf({ input, calls }: Computation, checkpoint: Checkpoint, { variables }: KerasProgram): GraphInput {
  const first = calls.find(({ inputs }) => inputs.includes(''));
  if (first?.kind === 'Embedding') {
    const table = checkpoint.tensors.get(variables.get(first.layer)?.[0]?.tensor ?? '');
    if (!table || input.length > 1) throw new NotRun(`${first.settings.subject} has no table of embeddings, or reads something other than a list of tokens`);
    return { kind: 'tokens', vocabulary: table.shape[0] ?? 0, context: input[0] ?? CONTEXT };
  }
  if (!input.every((n): n is number => n !== null && Number.isInteger(n) && n > 0)) {
    throw new NotRun(`its input [${input.map((n) => n ?? 'any').join(', ')}] has a size that is open. Save it with a fixed input shape: keras.Input((height, width, channels))`);
  }
  const size = input.reduce((product, n) => product * n, 1);
  if (size > MAX_INPUT) throw new NotRun(`its input [${input.join(', ')}] has more values than the ${MAX_INPUT} that are run`);
  const [a, b, c] = input as readonly number[];
  if (input.length === 1) return { kind: 'vector', width: a! };
  if (input.length > 3 || input.length === 0) throw new NotRun(`its input [${input.join(', ')}] has ${input.length} dimensions; vectors, sequences and images are run`);
  return { kind: 'image', height: a!, width: input.length === 3 ? b! : 1, channels: c ?? b!, order: 'hwc' };
}
