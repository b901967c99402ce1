/** A graph and where its parameters lie -> a runnable model: all that an importer has to make. */
import { InputError } from '../../base/errors';
import type { Checkpoint } from '../../checkpoint/types';
import { readSources, type Sources } from '../sources';
import { tensorStatuses, type Unread } from '../tensor-status';
import type { ImageInput, InputSpec, Model, ModelChoice, Recognition } from '../types';
import type { Graph, GraphInput } from './graph';
import { tapsOf } from './graph-layers';
import { graphNorms } from './graph-norms';
import { graphSpaces } from './graph-spaces';
import { graphSymmetries, groupsOf } from './graph-symmetries';
import { runGraph } from './run-graph';
import { shapesOf, showValue, sizeOfValue } from './shapes';

export interface RecognisedGraph extends Unread {
  readonly architecture: string;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly transforms: readonly string[];
  readonly choices: readonly ModelChoice[];
  readonly graph: Graph;
  /** By the names that the graph's nodes use. */
  readonly sources: Sources;
  readonly defaultLoss: 'mse' | 'ce';
  /** How networks of this kind are usually given their pixels, where that is known. */
  readonly pixels?: ImageInput['pixels'];
}

/** @throws InputError `graph`, naming the node, where its shapes do not fit. */
export function graphModel(checkpoint: Checkpoint, recognised: RecognisedGraph): Model {
  const { graph, sources, architecture, title, evidence, transforms, choices, defaultLoss } = recognised;
  const parameters = (name: string) => sources.get(name)?.shape;
  const shapes = shapesOf(graph, parameters);
  const taps = tapsOf(graph, shapes, parameters);
  const output = shapes.get(graph.nodes.at(-1)!.name)!;
  if (graph.input.kind === 'tokens' && output.kind !== 'sequence') {
    throw new InputError('graph', `The graph reads tokens and gives ${showValue(output)}: an output for every token was expected.`);
  }
  const matrices = new Set(graph.nodes.flatMap(({ operator }) => ('weight' in operator ? [operator.weight] : operator.kind === 'embedding' ? [operator.table] : [])));
  return {
    architecture,
    title,
    evidence,
    transforms,
    tied: checkpoint.shared,
    choices,
    input: inputOf(graph.input, recognised.pixels),
    outputs: sizeOfValue(output),
    defaultLoss,
    layers: taps.map(({ layer }) => layer),
    tensors: tensorStatuses(checkpoint, sources, matrices, recognised),
    symmetries: () => graphSymmetries(graph, shapes, parameters),
    spaces: () => graphSpaces(groupsOf(graph, shapes), parameters),
    norms: () => graphNorms(graph, shapes, parameters),
    parameters: (names) => readSources(checkpoint, sources, names),
    forward: (ops, weights, batch, sink) => runGraph(ops, { graph, shapes, taps }, weights, batch, sink),
  };
}

function inputOf(input: GraphInput, pixels: ImageInput['pixels']): InputSpec {
  if (input.kind !== 'image') return input;
  const { channels, height, width, order } = input;
  return { kind: 'vector', width: channels * height * width, image: { channels, height, width, order, ...(pixels && { pixels }) } };
}

/** The model, or the sentence that says which node does not fit. @param matched part of the anchors that are there */
export function recogniseGraph(checkpoint: Checkpoint, matched: number, recognised: RecognisedGraph): Recognition {
  try {
    return { model: graphModel(checkpoint, recognised) };
  } catch (error) {
    if (error instanceof InputError && error.code === 'graph') return { missing: error.message.replace(/\.$/, ''), matched };
    throw error;
  }
}
