/**
 * Constants that cancel: what biases, shifts of norms and embeddings add to a channel may move between them, or into the constants of what reads it,
 * wherever no function of the channel, no padding and no output stands between.
 */
import { DirectionBuilder, type Symmetry } from '../symmetries/symmetry';
import { channelAt, type ChannelGroup, type Touch } from './channels';
import type { Graph, GraphNode, Operator } from './graph';
import { readersOf } from './graph-layers';
import { readerPort } from './graph-ports';
import { factorOf } from './graph-scales';
import { kernel } from './kernel';
import { sizeOfValue, type ParameterShapes, type Shapes } from './shapes';

type Shift = readonly number[];

/** How much each source adds to the values of a group, and where it must add up to nothing. */
interface Flow {
  readonly sources: readonly Touch[];
  /** What readers take up at each place of a channel, by the sources. */
  readonly taken: readonly { readonly reader: Touch; readonly amounts: readonly Shift[] }[];
  readonly blocked: readonly Shift[];
}

/** By the places that a channel has in a value: all channels of a group have theirs alike, so one of them stands for all. */
type Amounts = ReadonlyMap<number, Shift>;

/** @param shared whether a node uses a parameter that another node uses too */
export function shiftSymmetries(graph: Graph, shapes: Shapes, group: ChannelGroup, parameters: ParameterShapes, shared: (node: GraphNode) => boolean): Symmetry[] {
  const { sources, taken, blocked } = flowOf(graph, shapes, group, shared);
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
          for (const { reader, amounts: own } of taken) {
            const added = own.map((amount) => amount.reduce((sum, a, s) => sum + a * amounts[s]!, 0));
            if (added.some((a) => a !== 0)) takeBack(direction, graph, reader, i, added, parameters);
          }
          yield direction.vector;
        }
      },
    };
  });
}

function flowOf({ nodes }: Graph, shapes: Shapes, { writers, readers }: ChannelGroup, shared: (node: GraphNode) => boolean): Flow {
  const writing = new Map(writers.map((touch) => [touch.node, touch]));
  const reading = new Map(readers.map((touch) => [touch.node, touch]));
  const sources = writers.filter(({ node }) => constantOf(node.operator) !== null && !shared(node));
  const after = readersOf(nodes);
  const nothing: Shift = sources.map(() => 0);
  const values = new Map<string, Amounts>();
  const taken: { reader: Touch; amounts: Shift[] }[] = [];
  const blocked: Shift[] = [];
  for (const node of nodes) {
    const own = writing.get(node);
    const reader = reading.get(node);
    if (reader) {
      const by = taker(node, after);
      const given = node.inputs.map((name): Amounts => values.get(name) ?? new Map());
      if (by && !shared(by) && !shared(node)) taken.push({ reader, amounts: Array.from(reader.entries[0]!, (place) => given[0]!.get(place) ?? nothing) });
      else blocked.push(...given.flatMap((amounts) => [...amounts.values()]));
    }
    if (own) values.set(node.name, new Map(Array.from(own.entries[0]!, (place) => [place, sources.map((source) => (source === own ? 1 : 0))])));
    else if (!reader && node.inputs.some((name) => values.has(name))) values.set(node.name, through(node, shapes, values, nothing, blocked));
  }
  blocked.push(...(values.get(nodes.at(-1)!.name)?.values() ?? []));
  return { sources, taken, blocked };
}

/** What a node that makes no channels of its own gives, and what it needs to be nothing. */
function through({ name, operator, inputs }: GraphNode, shapes: Shapes, values: ReadonlyMap<string, Amounts>, nothing: Shift, blocked: Shift[]): Amounts {
  const minus = (a: Shift, b: Shift) => a.map((x, s) => x - b[s]!);
  const given = inputs.map((input): Amounts => values.get(input) ?? new Map());
  if (!passes(operator)) {
    // What adds up to nothing in front of it adds nothing behind it.
    blocked.push(...given.flatMap((amounts) => [...amounts.values()]));
    return new Map([...given[0]!.keys()].map((place) => [place, nothing]));
  }
  const amounts = new Map<number, Shift>();
  if (operator.kind === 'add') {
    for (const own of given) for (const [place, amount] of own) amounts.set(place, (amounts.get(place) ?? nothing).map((a, s) => a + amount[s]!));
    return amounts;
  }
  if (operator.kind === 'concat') {
    let offset = 0;
    given.forEach((own, k) => {
      for (const [place, amount] of own) amounts.set(offset + place, amount);
      offset += shapes.get(inputs[k]!)!.channels;
    });
    return amounts;
  }
  if (operator.kind !== 'flatten' && operator.kind !== 'to-image') return given[0]!;
  const image = shapes.get(operator.kind === 'flatten' ? inputs[0]! : name)!;
  for (let i = 0; i < sizeOfValue(image); i++) {
    const c = channelAt(i, image, operator.order);
    const [from, to] = operator.kind === 'flatten' ? [c, i] : [i, c];
    const amount = given[0]!.get(from);
    if (!amount) continue;
    // The pixels of one channel have one constant.
    if (amounts.has(to)) blocked.push(minus(amount, amounts.get(to)!));
    amounts.set(to, amount);
  }
  return amounts;
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
    case 'upsample':
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

/** @param added by the places of the channel */
function takeBack(direction: DirectionBuilder, { nodes }: Graph, reader: Touch, i: number, added: readonly number[], shapes: ParameterShapes): void {
  const { node, entries } = reader;
  const lose = (norm: Extract<Operator, { kind: 'batch-norm' }>, c: number, constant: number) => {
    direction.addValues({ name: norm.shift!, axis: 0 }, c, [-factorOf(norm, direction, c) * constant]);
  };
  if (node.operator.kind === 'batch-norm') {
    const norm = node.operator;
    entries[i]!.forEach((c, k) => lose(norm, c, added[k]!));
    return;
  }
  const { operator } = taker(node, readersOf(nodes))!;
  const port = readerPort(reader, shapes)!;
  const { values, shape } = direction.parameter(port.name);
  const sums = new Float64Array(shape[1]!);
  const places = port.places!(i);
  places.forEach((at, k) => (sums[at % shape[1]!]! += values[at]! * added[Math.floor((k * added.length) / places.length)]!));
  sums.forEach((constant, k) => {
    if (operator.kind === 'batch-norm') lose(operator, k, constant);
    else if ('bias' in operator) direction.addValues({ name: operator.bias!, axis: 0 }, k, [-constant]);
  });
}
