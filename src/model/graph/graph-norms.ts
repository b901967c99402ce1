/** Norms over the channels of a graph: what dense layers do not see of a LayerNorm, and what a LayerNorm does not see of what writes into it. */
import { normKernels, type NormSite } from '../symmetries/norms';
import { streamMeans, type Writer } from '../symmetries/streams';
import type { Symmetry } from '../symmetries/symmetry';
import type { Graph, GraphNode } from './graph';
import { readersOf } from './graph-layers';
import type { ParameterShapes } from './shapes';

/** Norms that dense layers read, with these readers. @param shared whether a node uses a parameter that another node uses too */
export function normSites({ nodes }: Graph, parameters: ParameterShapes, shared: (node: GraphNode) => boolean): NormSite[] {
  const after = readersOf(nodes);
  return nodes.flatMap((node): NormSite[] => {
    const { operator, name } = node;
    if (operator.kind !== 'norm' || shared(node)) return [];
    const readers = (after.get(name) ?? []).flatMap((reader) => {
      if (reader.operator.kind !== 'dense' || shared(reader)) return [];
      const { weight, bias } = reader.operator;
      return [{ layer: reader.name, weight, inputAxis: 0 as const, outputs: parameters(weight)![1]!, bias }];
    });
    if (readers.length === 0) return [];
    const width = parameters(readers[0]!.weight)![0]!;
    return [{ layer: name, kind: operator.normalization, width, scale: operator.scale, shift: operator.shift, readers }];
  });
}

/** Scales and shifts of norms are channels like others (graph-spaces.ts, graph-shifts.ts); this is what LayerNorms have besides. */
export function normSymmetries(graph: Graph, parameters: ParameterShapes, shared: (node: GraphNode) => boolean): Symmetry[] {
  return [...normSites(graph, parameters, shared).flatMap(normKernels), ...graph.nodes.flatMap((node) => meansInto(node, graph, parameters, shared))];
}

/** What dense layers add along (1, ..., 1) to sums that a LayerNorm alone reads. */
function meansInto(norm: GraphNode, { nodes }: Graph, parameters: ParameterShapes, shared: (node: GraphNode) => boolean): Symmetry[] {
  if (norm.operator.kind !== 'norm' || norm.operator.normalization !== 'layer-norm') return [];
  const made = new Map(nodes.map((node) => [node.name, node]));
  const after = readersOf(nodes);
  const writers: Writer[] = [];
  const waiting = [...norm.inputs];
  while (waiting.length > 0) {
    const node = made.get(waiting.pop()!);
    if (!node || after.get(node.name)!.length > 1) continue;
    if (node.operator.kind === 'add') waiting.push(...new Set(node.inputs));
    if (node.operator.kind !== 'dense' || shared(node)) continue;
    const { weight, bias } = node.operator;
    writers.push({ name: weight, axis: 1, lines: parameters(weight)![0]! });
    if (bias !== null) writers.push({ name: bias, axis: 0, lines: 1 });
  }
  if (writers.length === 0) return [];
  return [streamMeans(norm.name, parameters(writers[0]!.name)![1]!, writers)];
}
