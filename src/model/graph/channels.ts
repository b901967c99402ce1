/**
 * The hidden channels of a graph: a channel is what one writer makes, followed through everything that takes each channel on its own (activations,
 * pools, sums, joins, flattening) up to what reads it. Sums make channels one.
 */
import { INPUT, type Graph, type GraphNode, type Operator } from './graph';
import { sizeOfValue, type Shapes, type ValueShape } from './shapes';

/** A node that writes or reads channels, and which of its own outputs or inputs each coordinate of a group has there. */
export interface Touch {
  readonly node: GraphNode;
  readonly entries: readonly Int32Array[];
}

/** Channels that the same nodes write and read. */
export interface ChannelGroup {
  readonly width: number;
  readonly writers: readonly Touch[];
  readonly readers: readonly Touch[];
  /** Functions of each channel on the way, 'max-pool' among them; none where it is linear. */
  readonly functions: ReadonlySet<string>;
  /** The data, the output, or what parameters that are used twice touch: nothing about them is free. */
  readonly pinned: boolean;
}

/** Whether a node makes channels of its own from those that it reads. */
function isMap({ kind }: Operator): boolean {
  return kind === 'dense' || kind === 'conv' || kind === 'batch-norm' || kind === 'norm' || kind === 'embedding' || kind === 'multiply';
}

class Channels {
  private readonly parents: number[] = [];
  readonly functions: Set<string>[] = [];
  readonly pinned: boolean[] = [];

  make(count: number): Int32Array {
    return Int32Array.from({ length: count }, () => {
      this.functions.push(new Set());
      this.pinned.push(false);
      return this.parents.push(this.parents.length) - 1;
    });
  }

  root(id: number): number {
    let at = id;
    while (this.parents[at] !== at) at = this.parents[at] = this.parents[this.parents[at]!]!;
    return at;
  }

  join(a: number, b: number): void {
    const [p, q] = [this.root(a), this.root(b)];
    if (p === q) return;
    this.parents[q] = p;
    for (const f of this.functions[q]!) this.functions[p]!.add(f);
    this.pinned[p] ||= this.pinned[q]!;
  }

  pin(ids: Int32Array): void {
    for (const id of ids) this.pinned[this.root(id)] = true;
  }

  passes(ids: Int32Array, f: string): void {
    for (const id of ids) this.functions[this.root(id)]!.add(f);
  }
}

/** @param shared whether a node uses a parameter that another node uses too */
export function channelGroups({ nodes }: Graph, shapes: Shapes, shared: (node: GraphNode) => boolean): ChannelGroup[] {
  const channels = new Channels();
  const values = new Map<string, Int32Array>([[INPUT, channels.make(shapes.get(INPUT)!.channels)]]);
  channels.pin(values.get(INPUT)!);
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => values.get(name)!);
    const output = through(channels, node, inputs, shapes);
    values.set(node.name, output);
    if (isMap(node.operator) && shared(node)) for (const ids of [output, ...inputs]) channels.pin(ids);
  }
  channels.pin(values.get(nodes.at(-1)!.name)!);

  const touched = new Map<number, { writers: Map<GraphNode, number[]>; readers: Map<GraphNode, number[]> }>();
  const touch = (side: 'writers' | 'readers', node: GraphNode, ids: Int32Array) =>
    ids.forEach((id, entry) => {
      const root = channels.root(id);
      const own = touched.get(root) ?? { writers: new Map(), readers: new Map() };
      touched.set(root, own);
      const entries = own[side].get(node);
      if (entries) entries.push(entry);
      else own[side].set(node, [entry]);
    });
  for (const node of nodes) {
    if (!isMap(node.operator)) continue;
    touch('writers', node, values.get(node.name)!);
    if (node.operator.kind !== 'embedding') for (const name of node.inputs) touch('readers', node, values.get(name)!);
  }
  const groups = new Map<string, number[]>();
  for (const [root, { writers, readers }] of touched) {
    const names = (side: ReadonlyMap<GraphNode, readonly number[]>) => [...side].map(([{ name }, entries]) => [name, entries.length]);
    const signature = JSON.stringify([names(writers), names(readers), [...channels.functions[root]!].sort(), channels.pinned[root]]);
    groups.set(signature, [...(groups.get(signature) ?? []), root]);
  }
  return [...groups.values()].map((roots): ChannelGroup => {
    const first = touched.get(roots[0]!)!;
    const side = (which: 'writers' | 'readers'): Touch[] =>
      [...first[which].keys()].map((node) => ({ node, entries: roots.map((root) => Int32Array.from(touched.get(root)![which].get(node)!)) }));
    return { width: roots.length, writers: side('writers'), readers: side('readers'), functions: channels.functions[roots[0]!]!, pinned: channels.pinned[roots[0]!]! };
  });
}

function through(channels: Channels, { name, operator, inputs: names }: GraphNode, inputs: readonly Int32Array[], shapes: Shapes): Int32Array {
  const x = inputs[0]!;
  if (isMap(operator)) return channels.make(shapes.get(name)!.channels);
  switch (operator.kind) {
    case 'activation':
      if (operator.activation !== 'linear') channels.passes(x, operator.activation);
      return x;
    case 'max-pool':
      channels.passes(x, 'max-pool');
      return x;
    case 'add':
      for (const other of inputs) other.forEach((id, c) => channels.join(x[c]!, id));
      return x;
    case 'concat':
      return Int32Array.from(inputs.flatMap((ids) => [...ids]));
    case 'flatten': {
      const from = shapes.get(names[0]!)!;
      return Int32Array.from({ length: sizeOfValue(from) }, (_, i) => x[channelAt(i, from, operator.order)]!);
    }
    case 'to-image': {
      const to = shapes.get(name)!;
      const first = new Map<number, number>();
      x.forEach((id, i) => {
        const c = channelAt(i, to, operator.order);
        channels.join(first.get(c) ?? id, id);
        if (!first.has(c)) first.set(c, id);
      });
      return Int32Array.from({ length: to.channels }, (_, c) => first.get(c)!);
    }
    default:
      return x;
  }
}

/** The channel of entry i of a flattened image. */
export function channelAt(i: number, image: ValueShape, order: 'chw' | 'hwc'): number {
  return order === 'hwc' ? i % image.channels : Math.floor(i / (sizeOfValue(image) / image.channels));
}
