/** The tap points of a graph: its linear maps and embeddings, and what follows each of them before anything else reads it. */
import type { ModelLayer } from '../types';
import type { Graph, GraphNode, Operator } from './graph';
import { pixelsOf, type ParameterShapes, type Shapes } from './shapes';

export interface GraphTap {
  readonly node: GraphNode;
  /**
   * The node whose value is the activation of this layer: the last of the norms, and of the one activation behind them, that directly follow it
   * and that alone read what comes before them.
   */
  readonly last: GraphNode;
  readonly layer: ModelLayer;
}

/** A linear map of channels. */
export type LinearNode = GraphNode & { readonly operator: Extract<Operator, { kind: 'dense' | 'conv' }> };

/** What reads the value of each node. */
export function readersOf(nodes: readonly GraphNode[]): ReadonlyMap<string, readonly GraphNode[]> {
  const readers = new Map<string, GraphNode[]>();
  for (const node of nodes) for (const input of new Set(node.inputs)) readers.set(input, [...(readers.get(input) ?? []), node]);
  return readers;
}

export function tapsOf({ nodes }: Graph, shapes: Shapes, parameters: ParameterShapes): GraphTap[] {
  const readers = readersOf(nodes);
  return nodes.flatMap((node): GraphTap[] => {
    const { name, operator } = node;
    const { channels } = shapes.get(name)!;
    if (operator.kind === 'embedding') return [{ node, last: node, layer: { name, kind: 'embedding', width: channels, activation: 'linear', dense: null } }];
    if (operator.kind !== 'dense' && operator.kind !== 'conv') return [];
    const { last, activation } = followed(node, readers);
    const { weight, bias } = operator;
    const conv = operator.kind === 'conv';
    const grouped = conv && operator.groups > 1;
    const positions = pixelsOf(shapes.get(name)!);
    const layer: ModelLayer = {
      name,
      kind: !conv ? 'linear' : grouped ? `convolution in ${operator.groups} groups` : 'convolution',
      width: channels,
      activation,
      dense: grouped ? null : { weight, inputAxis: 0, bias },
      ...(shapes.get(name)!.kind === 'image' ? { positions } : {}),
      ...(conv ? { inputs: parameters(weight)![0]! } : {}),
    };
    return [{ node, last, layer }];
  });
}

function followed(node: GraphNode, readers: ReadonlyMap<string, readonly GraphNode[]>): { last: GraphNode; activation: string } {
  let last = node;
  for (;;) {
    const after = readers.get(last.name) ?? [];
    const [next] = after;
    if (after.length !== 1 || !next) return { last, activation: 'linear' };
    if (next.operator.kind === 'activation') return { last: next, activation: next.operator.activation };
    if (next.operator.kind !== 'batch-norm' && next.operator.kind !== 'norm') return { last, activation: 'linear' };
    last = next;
  }
}
