/** What a graph of operators leaves free at any weights, in evaluation mode (science.md, section 4). */
import { logitShift } from '../symmetries/constants';
import { DirectionBuilder, type Symmetry } from '../symmetries/symmetry';
import { channelGroups, type ChannelGroup } from './channels';
import type { Graph, GraphNode, Operator } from './graph';
import { copySymmetries } from './graph-copies';
import { readersOf, type LinearNode } from './graph-layers';
import { mixingSymmetries } from './graph-mixing';
import { narrowSymmetries } from './graph-narrow';
import { normSymmetries } from './graph-norms';
import { scaleSymmetries } from './graph-scales';
import { shiftSymmetries } from './graph-shifts';
import { basisSymmetries } from './graph-spaces';
import { pixelsOf, type Image, type ParameterShapes, type Shapes } from './shapes';
import { windowPixels } from './windows';

export function graphSymmetries(graph: Graph, shapes: Shapes, parameters: ParameterShapes): Symmetry[] {
  const shared = sharing(graph);
  const groups = groupsOf(graph, shapes);
  return [
    ...scaleSymmetries(groups, parameters),
    ...mixingSymmetries(groups, parameters),
    ...copySymmetries(graph, shapes, parameters, shared),
    ...groups.flatMap((group) => narrowSymmetries(group, parameters, logitMap(graph, shapes, shared))),
    ...groups.flatMap((group) => [...basisSymmetries(group, parameters), ...shiftSymmetries(graph, shapes, group, parameters, shared)]),
    ...normSymmetries(graph, shapes, parameters, groups),
    ...graph.nodes.flatMap((node) => unseenWeights(node, shapes, parameters)),
    ...logits(graph, shapes, parameters, shared),
  ];
}

export function groupsOf(graph: Graph, shapes: Shapes): ChannelGroup[] {
  return channelGroups(graph, shapes, sharing(graph));
}

/** Whether a node uses a parameter that another node uses too. */
function sharing({ nodes }: Graph): (node: GraphNode) => boolean {
  const uses = new Map<string, number>();
  for (const { operator } of nodes) for (const name of parametersOf(operator)) uses.set(name, (uses.get(name) ?? 0) + 1);
  return ({ operator }) => parametersOf(operator).some((name) => uses.get(name)! > 1);
}

function parametersOf(operator: Operator): string[] {
  const names = ['weight', 'bias', 'scale', 'shift', 'table'].map((field) => (operator as Record<string, unknown>)[field]);
  return names.filter((name) => typeof name === 'string');
}

/** Weights at places of a window that lie in the padding wherever the window goes: of 3 x 3 on an image of one pixel, all but the middle. */
function unseenWeights({ name, operator, inputs }: GraphNode, shapes: Shapes, parameters: ParameterShapes): Symmetry[] {
  if (operator.kind !== 'conv') return [];
  const pixels = windowPixels(shapes.get(inputs[0]!) as Image, operator);
  const places = operator.kernel[0] * operator.kernel[1];
  const seen = new Set<number>();
  pixels.forEach((pixel, at) => pixel >= 0 && seen.add(at % places));
  const unseen = Array.from({ length: places }, (_, place) => place).filter((place) => !seen.has(place));
  if (unseen.length === 0) return [];
  const [rows, width] = parameters(operator.weight) as [number, number];
  const size = (rows / places) * width;
  return [{
    family: 'weights that only padding meets',
    layer: name,
    dimension: unseen.length * size,
    *generators(weights) {
      for (const place of unseen)
        for (let i = 0; i < size; i++) {
          const direction = new DirectionBuilder(weights);
          const { values } = direction.parameter(operator.weight);
          const change = new Float64Array(values.length);
          change[place * size + i] = 1;
          direction.addVector(operator.weight, change);
          yield direction.vector;
        }
    },
  }];
}

/** Behind the last linear map, what does not change that all logits gain the same. */
function logits(graph: Graph, shapes: Shapes, parameters: ParameterShapes, shared: (node: GraphNode) => boolean): Symmetry[] {
  const last = logitMap(graph, shapes, shared);
  if (!last) return [];
  const [rows] = parameters(last.operator.weight) as [number, number];
  return [logitShift(last.name, { name: last.operator.weight, axis: 0 }, rows, last.operator.bias)];
}

/** The map whose outputs, or their means over the pixels, are the logits. */
function logitMap({ nodes }: Graph, shapes: Shapes, shared: (node: GraphNode) => boolean): LinearNode | null {
  const readers = readersOf(nodes);
  let at: GraphNode | undefined = nodes.at(-1)!;
  while (at && (readers.get(at.name) ?? []).length <= (at === nodes.at(-1) ? 0 : 1)) {
    const { operator, inputs }: GraphNode = at;
    if (operator.kind === 'dense' || operator.kind === 'conv') return shared(at) ? null : (at as LinearNode);
    const onePixel = (operator.kind === 'flatten' || operator.kind === 'average-pool') && pixelsOf(shapes.get(inputs[0]!)!) === 1;
    if (operator.kind !== 'global-average-pool' && !onePixel) return null;
    at = nodes.find((node) => node.name === inputs[0]);
  }
  return null;
}
