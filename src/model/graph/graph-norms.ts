/** LayerNorm and RMSNorm in a graph: the sites whose output linear maps read, and what is free in the channels that only norms read. */
import { normKernels, type NormSite, type Reader } from '../symmetries/norms';
import { normedStream, type Writer } from '../symmetries/streams';
import type { Symmetry } from '../symmetries/symmetry';
import type { ChannelGroup, Touch } from './channels';
import type { Graph, GraphNode } from './graph';
import { readersOf } from './graph-layers';
import type { ParameterShapes, Shapes } from './shapes';
import { isPointwise } from './windows';

interface Norm {
  readonly node: GraphNode;
  readonly site: NormSite;
  /** Linear maps of whole channels are all that reads it: `site` names them. */
  readonly linear: boolean;
  readonly epsilon: number;
}

/** Norms that linear maps read as they are. */
export function graphNorms(graph: Graph, shapes: Shapes, parameters: ParameterShapes): NormSite[] {
  return normsOf(graph, shapes, parameters).flatMap(({ site, linear }) => (linear ? [site] : []));
}

export function normSymmetries(graph: Graph, shapes: Shapes, parameters: ParameterShapes, groups: readonly ChannelGroup[]): Symmetry[] {
  const norms = normsOf(graph, shapes, parameters);
  return [
    ...norms.flatMap(({ site, linear }) => (linear ? normKernels(site) : [])),
    ...groups.flatMap((group) => {
      const reading = group.readers.map(({ node }) => norms.find((norm) => norm.node === node));
      const writers = group.writers.map((touch) => writersOf(touch, parameters));
      const plain = !group.pinned && group.functions.size === 0 && group.writers.length > 0;
      if (!plain || !reading.every((norm) => norm !== undefined) || !writers.every((ports) => ports !== null)) return [];
      const linear = reading.every((norm) => norm.linear);
      const epsilon = Math.max(...reading.map((norm) => norm.epsilon));
      return normedStream(group.writers[0]!.node.name, group.width, writers.flat(), reading.map(({ site }) => site), epsilon, { linear });
    }),
  ];
}

function normsOf({ nodes }: Graph, shapes: Shapes, parameters: ParameterShapes): Norm[] {
  const after = readersOf(nodes);
  return nodes.flatMap((node): Norm[] => {
    const { name, operator } = node;
    if (operator.kind !== 'norm') return [];
    const maps = (after.get(name) ?? []).map((reader) => readerOf(reader, parameters));
    const linear = maps.length > 0 && maps.every((map) => map !== null);
    const { normalization: kind, scale, shift, epsilon } = operator;
    return [{ node, linear, epsilon, site: { layer: name, kind, width: shapes.get(name)!.channels, scale, shift, readers: linear ? maps : [] } }];
  });
}

function readerOf({ name, operator }: GraphNode, parameters: ParameterShapes): Reader | null {
  const whole = operator.kind === 'dense' || (operator.kind === 'conv' && operator.groups === 1 && isPointwise(operator));
  return whole ? { layer: name, weight: operator.weight, inputAxis: 0, outputs: parameters(operator.weight)![1]!, bias: operator.bias } : null;
}

/** Null where it is no linear map that writes all channels in their order. */
function writersOf({ node: { operator }, entries }: Touch, parameters: ParameterShapes): Writer[] | null {
  if (!entries.every((own, i) => own.length === 1 && own[0] === i)) return null;
  const matrix = (name: string): Writer => ({ name, axis: 1, lines: parameters(name)![0]! });
  if (operator.kind === 'embedding') return [matrix(operator.table)];
  if (operator.kind !== 'dense' && (operator.kind !== 'conv' || operator.groups > 1)) return null;
  return [matrix(operator.weight), ...(operator.bias === null ? [] : [{ name: operator.bias, axis: 0, lines: 1 }])];
}
