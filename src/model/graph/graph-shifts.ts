/**
 * Constants that cancel: what biases, shifts of norms and embeddings add to a channel may move between them, or into the constants of what reads it,
 * wherever no function of the channel, no padding and no output stands between.
 */
import { deviation } from '../symmetries/batch-norm';
import { DirectionBuilder, type Symmetry } from '../symmetries/symmetry';
import type { ChannelGroup, Touch } from './channels';
import type { Graph, GraphNode, Operator } from './graph';
import { readersOf } from './graph-layers';
import { readerPort } from './graph-ports';
import { kernel } from './kernel';
import type { ParameterShapes } from './shapes';

type Shift = readonly number[];

/** How much each source adds to the values of a group, and where it must add up to nothing. */
interface Flow {
  readonly sources: readonly Touch[];
  /** What readers take up, by the sources. */
  readonly taken: readonly { readonly reader: Touch; readonly amount: Shift }[];
  readonly blocked: readonly Shift[];
}

/** @param shared whether a node uses a parameter that another node uses too */
export function shiftSymmetries(graph: Graph, group: ChannelGroup, parameters: ParameterShapes, shared: (node: GraphNode) => boolean): Symmetry[] {
  const { sources, taken, blocked } = flowOf(graph, group, shared);
  if (sources.length === 0) return [];
  return kernel(blocked, sources.length).map((amounts): Symmetry => {
    const active = sources.filter((_, s) => amounts[s] !== 0);
    return {
      family: active.length > 1 ? 'constant between biases of one channel' : 'constant against what reads it',
      layer: active[0]!.node.name,
      dimension: group.width,
      *generators(weights) {
        for (let i = 0; i < group.width; i++) {
          const direction = new DirectionBuilder(weights);
          sources.forEach((touch, s) => amounts[s] !== 0 && gain(direction, touch, i, amounts[s]!));
          for (const { reader, amount } of taken) {
            const added = amount.reduce((sum, a, s) => sum + a * amounts[s]!, 0);
            if (added !== 0) takeBack(direction, graph, reader, i, added, parameters);
          }
          yield direction.vector;
        }
      },
    };
  });
}

function flowOf({ nodes }: Graph, { writers, readers }: ChannelGroup, shared: (node: GraphNode) => boolean): Flow {
  const writing = new Map(writers.map((touch) => [touch.node, touch]));
  const reading = new Map(readers.map((touch) => [touch.node, touch]));
  const sources = writers.filter(({ node }) => constantOf(node.operator) !== null && !shared(node));
  const after = readersOf(nodes);
  // By the values that carry channels of the group.
  const amounts = new Map<string, Shift>();
  const taken: { reader: Touch; amount: Shift }[] = [];
  const blocked: Shift[] = [];
  for (const node of nodes) {
    const own = writing.get(node);
    const reader = reading.get(node);
    const given = node.inputs.map((name) => amounts.get(name)).filter((amount) => amount !== undefined);
    const sum = sources.map((_, s) => given.reduce((total, amount) => total + amount[s]!, 0));
    if (reader) {
      const by = taker(node, after);
      if (by && !shared(by) && !shared(node)) taken.push({ reader, amount: sum });
      else blocked.push(sum);
    }
    if (own) amounts.set(node.name, sources.map((source) => (source === own ? 1 : 0)));
    else if (!reader && given.length > 0) {
      if (!passes(node.operator)) {
        blocked.push(sum);
        // What adds up to nothing in front of it adds nothing behind it.
        amounts.set(node.name, sources.map(() => 0));
      }
      // Joined to themselves, channels have one constant.
      else if (node.operator.kind === 'concat') {
        blocked.push(...given.slice(1).map((amount) => amount.map((a, s) => a - given[0]![s]!)));
        amounts.set(node.name, given[0]!);
      } else amounts.set(node.name, sum);
    }
  }
  const output = amounts.get(nodes.at(-1)!.name);
  if (output) blocked.push(output);
  return { sources, taken, blocked };
}

/** The vector, or the table, by which a node adds a constant to what it writes. */
function constantOf(operator: Operator): string | null {
  if (operator.kind === 'dense' || operator.kind === 'conv') return operator.bias;
  if (operator.kind === 'batch-norm' || operator.kind === 'norm') return operator.shift;
  return operator.kind === 'embedding' ? operator.table : null;
}

/** Whether a constant of a channel leaves as the same constant. */
function passes(operator: Operator): boolean {
  switch (operator.kind) {
    case 'add':
    case 'concat':
    case 'max-pool':
    case 'global-average-pool':
    case 'flatten':
    case 'to-image':
      return true;
    case 'average-pool':
      return !operator.countPadding || operator.padding.every((p) => p === 0);
    case 'activation':
      return operator.activation === 'linear';
    default:
      return false;
  }
}

/** The node whose constant takes back what a constant of its input adds: the reader itself, or the batch norm that alone reads a map without a bias. */
function taker(node: GraphNode, after: ReadonlyMap<string, readonly GraphNode[]>): GraphNode | null {
  const { operator } = node;
  if (operator.kind === 'batch-norm') return operator.shift !== null ? node : null;
  if (operator.kind !== 'dense' && operator.kind !== 'conv') return null;
  // At the border of an image padding takes the place of the constant.
  if (operator.kind === 'conv' && operator.padding.some((p) => p > 0)) return null;
  if (operator.bias !== null) return node;
  const [next, ...more] = after.get(node.name) ?? [];
  return next?.operator.kind === 'batch-norm' && next.operator.shift !== null && more.length === 0 ? next : null;
}

function gain(direction: DirectionBuilder, { node: { operator }, entries }: Touch, i: number, amount: number): void {
  const name = constantOf(operator)!;
  const { shape } = direction.parameter(name);
  const rows = shape.length === 1 ? 1 : shape[0]!;
  for (const c of entries[i]!) direction.addValues({ name, axis: shape.length - 1 }, c, new Float64Array(rows).fill(amount));
}

function takeBack(direction: DirectionBuilder, { nodes }: Graph, reader: Touch, i: number, added: number, shapes: ParameterShapes): void {
  const { node, entries } = reader;
  const lose = (norm: Extract<Operator, { kind: 'batch-norm' }>, c: number, constant: number) => {
    const gamma = norm.scale === null ? 1 : direction.parameter(norm.scale).values[c]!;
    direction.addValues({ name: norm.shift!, axis: 0 }, c, [(-gamma * constant) / deviation(norm, direction.parameters, c)]);
  };
  if (node.operator.kind === 'batch-norm') {
    for (const c of entries[i]!) lose(node.operator, c, added);
    return;
  }
  const { operator } = taker(node, readersOf(nodes))!;
  const port = readerPort(reader, shapes)!;
  const { values, shape } = direction.parameter(port.name);
  const sums = new Float64Array(shape[1]!);
  for (const at of port.places!(i)) sums[at % shape[1]!]! += values[at]! * added;
  sums.forEach((constant, k) => {
    if (operator.kind === 'batch-norm') lose(operator, k, constant);
    else if ('bias' in operator) direction.addValues({ name: operator.bias!, axis: 0 }, k, [-constant]);
  });
}
