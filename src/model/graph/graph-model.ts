/** A graph and where its parameters lie -> a runnable model: all that an importer has to make. */
import { InputError } from '../../base/errors';
import type { Checkpoint } from '../../checkpoint/types';
import { readSources, type Sources } from '../sources';
import type { Model, ModelChoice, Recognition } from '../types';
import type { Graph } from './graph';
import { tapsOf } from './graph-layers';
import { graphNorms } from './graph-norms';
import { graphSpaces } from './graph-spaces';
import { graphSymmetries, groupsOf } from './graph-symmetries';
import { runGraph } from './run-graph';
import { shapesOf, showValue, sizeOfValue } from './shapes';

export interface RecognisedGraph {
  readonly architecture: string;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly transforms: readonly string[];
  readonly choices: readonly ModelChoice[];
  readonly graph: Graph;
  /** By the names that the graph's nodes use. */
  readonly sources: Sources;
  readonly defaultLoss: 'mse' | 'ce';
  /** Tensors that are no parameters, and why. */
  buffer?(name: string): string | null;
  /** Tensors that the output does not depend on, and why. */
  excluded?(name: string): string | null;
}

type Status = { status: 'analysed' | 'used' | 'buffer' | 'excluded'; reason: string | null };

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
  const { input } = graph;
  return {
    architecture,
    title,
    evidence,
    transforms,
    tied: checkpoint.shared,
    choices,
    input:
      input.kind === 'tokens'
        ? { kind: 'tokens', vocabulary: input.vocabulary, context: input.context }
        : { kind: 'vector', width: input.kind === 'vector' ? input.width : input.channels * input.height * input.width },
    outputs: sizeOfValue(output),
    defaultLoss,
    layers: taps.map(({ layer }) => layer),
    tensors: tensorsOf(checkpoint, recognised),
    symmetries: () => graphSymmetries(graph, shapes, parameters),
    spaces: () => graphSpaces(groupsOf(graph, shapes), parameters),
    norms: () => graphNorms(graph, shapes, parameters),
    parameters: () => readSources(checkpoint, sources),
    forward: (ops, weights, batch, sink) => runGraph(ops, { graph, shapes, taps }, weights, batch, sink),
  };
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

function tensorsOf(checkpoint: Checkpoint, { graph, sources, ...recognised }: RecognisedGraph): Map<string, Status> {
  const matrices = new Set(graph.nodes.flatMap(({ operator }) => ('weight' in operator ? [operator.weight] : operator.kind === 'embedding' ? [operator.table] : [])));
  const tensors = new Map<string, Status>();
  for (const [name, { tensor }] of sources) {
    if (matrices.has(name)) tensors.set(tensor, { status: 'analysed', reason: null });
    else if (!tensors.has(tensor)) tensors.set(tensor, { status: 'used', reason: 'used in the forward pass' });
  }
  for (const name of checkpoint.tensors.keys()) {
    if (tensors.has(name)) continue;
    for (const status of ['buffer', 'excluded'] as const) {
      const reason = recognised[status]?.(name) ?? null;
      if (reason !== null) tensors.set(name, { status, reason });
    }
  }
  return tensors;
}
