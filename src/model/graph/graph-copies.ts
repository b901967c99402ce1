/**
 * What a linear map reads more than once: where it reads a channel beside parts of what the channel is made of (a skip that is both added and joined),
 * the channel may grow, or gain some of such a part, and the map reads the part less. Channels are sums of terms: a channel that a node made, and the
 * pools behind it.
 */
import { DirectionBuilder, type Symmetry } from '../symmetries/symmetry';
import { channelAt, type Touch } from './channels';
import { INPUT, type Graph, type GraphNode, type Operator } from './graph';
import { readersOf, type LinearNode } from './graph-layers';
import { readerPort, writerPorts } from './graph-ports';
import { kernel } from './kernel';
import { sizeOfValue, windowOutput, type Image, type ParameterShapes, type Shapes } from './shapes';

/** Coefficients by term: the node and its channel, and after a tab each, the pools that it went through. */
type Sum = ReadonlyMap<string, number>;

/** What a map reads, channel by channel, and where a term, or a channel with any pools behind it, is part of that. */
interface Reading {
  readonly reader: LinearNode;
  readonly sums: readonly Sum[];
  readonly having: ReadonlyMap<string, readonly number[]>;
  readonly parts: ReadonlyMap<string, readonly { readonly of: number; readonly pools: string; readonly amount: number }[]>;
}

/** Channel `to` of a map gains itself, or channel `from` of what the map reads by the weight at this place; readers then read channels less. */
interface Gain {
  readonly map: LinearNode;
  readonly to: number;
  readonly from: { readonly channel: number; readonly weight: number } | null;
  readonly losses: readonly { readonly reader: LinearNode; readonly of: number; readonly like: number; readonly amount: number }[];
}

/** @param shared whether a node uses a parameter that another node uses too */
export function copySymmetries(graph: Graph, shapes: Shapes, parameters: ParameterShapes, shared: (node: GraphNode) => boolean): Symmetry[] {
  const after = readersOf(graph.nodes);
  const maps = graph.nodes.flatMap((map) => {
    const readers = isMap(map) && !shared(map) ? joinedReaders(map, after, shared) : [];
    return isMap(map) && readers.length > 0 ? [{ map, readers }] : [];
  });
  if (maps.length === 0) return [];
  const sums = sumsOf(graph, shapes);
  const readings = new Map([...new Set(maps.flatMap(({ readers }) => readers))].map((reader) => [reader, readingOf(reader, sums.get(reader.inputs[0]!)!)]));
  return maps.flatMap(({ map, readers }) => {
    const gains: Gain[] = [];
    for (let to = 0; to < shapes.get(map.name)!.channels; to++) {
      for (const from of [null, ...identities(map, shapes, parameters, to)]) {
        const gained: Sum = from === null ? new Map([[made(map.name, to), 1]]) : sums.get(map.inputs[0]!)![from.channel]!;
        const losses = lossesOf(made(map.name, to), gained, readers.map((reader) => readings.get(reader)!), parameters);
        // A channel that is read as it is alone has a scale anyway.
        if (losses && (from !== null || losses.some(({ of, like }) => of !== like))) gains.push({ map, to, from, losses });
      }
    }
    const of = (family: string, some: readonly Gain[]) => (some.length === 0 ? [] : [symmetry(family, some, parameters)]);
    return [
      ...of('scale of a channel beside a skip that is read again', gains.filter(({ from }) => from === null)),
      ...of('part of a skip that is read again', gains.filter(({ from }) => from !== null)),
    ];
  });
}

function isMap(node: GraphNode): node is LinearNode {
  return node.operator.kind === 'dense' || node.operator.kind === 'conv';
}

/** Whether a node gives sums of the channels that it reads, pixel by pixel or by the same pool for all. */
function isSum({ operator }: GraphNode): boolean {
  if (operator.kind === 'activation') return operator.activation === 'linear';
  return ['add', 'concat', 'flatten', 'average-pool', 'global-average-pool'].includes(operator.kind);
}

/** The maps that read the channels of a map; none where anything else does, or where one reads nothing beside them. */
function joinedReaders(map: LinearNode, after: ReadonlyMap<string, readonly GraphNode[]>, shared: (node: GraphNode) => boolean): LinearNode[] {
  const readers = new Map<LinearNode, boolean>();
  const seen = new Set<string>();
  const waiting: { name: string; joined: boolean }[] = [{ name: map.name, joined: false }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const behind = after.get(next.name) ?? [];
    if (behind.length === 0) return [];
    for (const node of behind) {
      const joined = next.joined || node.operator.kind === 'concat';
      const key = JSON.stringify([node.name, joined]);
      if (isMap(node) && !shared(node)) readers.set(node, joined || (readers.get(node) ?? false));
      else if (!isSum(node)) return [];
      else if (!seen.has(key)) waiting.push({ name: node.name, joined });
      seen.add(key);
    }
  }
  return [...readers.values()].every(Boolean) ? [...readers.keys()] : [];
}

function made(node: string, channel: number): string {
  return `${JSON.stringify(node)} ${channel}`;
}

/** The channels of every value as sums of terms. */
function sumsOf({ nodes }: Graph, shapes: Shapes): ReadonlyMap<string, readonly Sum[]> {
  const own = (name: string) => Array.from({ length: shapes.get(name)!.channels }, (_, c): Sum => new Map([[made(name, c), 1]]));
  const behind = (sum: Sum, pool: string): Sum => new Map([...sum].map(([term, x]) => [`${term}\t${pool}`, x]));
  const sums = new Map<string, readonly Sum[]>([[INPUT, own(INPUT)]]);
  for (const node of nodes) {
    const { name, operator, inputs } = node;
    const given = inputs.map((input) => sums.get(input)!);
    if (!isSum(node)) sums.set(name, own(name));
    else if (operator.kind === 'concat') sums.set(name, given.flat());
    else if (operator.kind === 'add') {
      sums.set(name, given[0]!.map((_, c) => {
        const total = new Map<string, number>();
        for (const part of given) for (const [term, x] of part[c]!) total.set(term, (total.get(term) ?? 0) + x);
        return total;
      }));
    } else if (operator.kind === 'flatten') {
      const image = shapes.get(inputs[0]!)!;
      const pixels = sizeOfValue(image) / image.channels;
      const pixel = (i: number) => (operator.order === 'hwc' ? Math.floor(i / image.channels) : i % pixels);
      sums.set(name, Array.from({ length: sizeOfValue(image) }, (_, i) => behind(given[0]![channelAt(i, image, operator.order)]!, `pixel ${pixel(i)}`)));
    } else sums.set(name, operator.kind === 'activation' ? given[0]! : given[0]!.map((sum) => behind(sum, JSON.stringify(operator))));
  }
  return sums;
}

function readingOf(reader: LinearNode, sums: readonly Sum[]): Reading {
  const having = new Map<string, number[]>();
  const parts = new Map<string, { of: number; pools: string; amount: number }[]>();
  sums.forEach((sum, of) => {
    for (const [term, amount] of sum) {
      const channel = term.split('\t', 1)[0]!;
      having.set(term, [...(having.get(term) ?? []), of]);
      parts.set(channel, [...(parts.get(channel) ?? []), { of, pools: term.slice(channel.length), amount }]);
    }
  });
  return { reader, sums, having, parts };
}

/** Channels that a map could give on as they are, by the weight of its window that moves with the pixels. */
function identities({ operator, inputs }: LinearNode, shapes: Shapes, parameters: ParameterShapes, to: number): { channel: number; weight: number }[] {
  const read = shapes.get(inputs[0]!)!;
  const width = parameters(operator.weight)![1]!;
  if (operator.kind === 'dense') return Array.from({ length: read.channels }, (_, channel) => ({ channel, weight: channel * width + to }));
  const centre = centreOf(operator, read as Image);
  if (centre === null) return [];
  const size = read.channels / operator.groups;
  const group = Math.floor(to / (width / operator.groups));
  return Array.from({ length: size }, (_, c) => ({ channel: group * size + c, weight: (centre * size + c) * width + to }));
}

/** The place of a window that reads each pixel where the convolution writes it; null where there is none. */
function centreOf(operator: Extract<Operator, { kind: 'conv' }>, image: Image): number | null {
  const { kernel: size, stride, padding, dilation } = operator;
  const [row, column] = [padding[0] / dilation[0], padding[1] / dilation[1]];
  const [height, width] = windowOutput(image, operator, dilation)!;
  const fits = Number.isInteger(row) && Number.isInteger(column) && row < size[0] && column < size[1];
  return fits && stride.every((s) => s === 1) && height === image.height && width === image.width ? row * size[1] + column : null;
}

/** What the readers read less of where a channel gains; null where one of them cannot take it back. */
function lossesOf(channel: string, gained: Sum, readings: readonly Reading[], parameters: ParameterShapes): Gain['losses'] | null {
  const losses: Gain['losses'][number][] = [];
  for (const reading of readings) {
    const added = new Map<number, Map<string, number>>();
    for (const { of, pools, amount } of reading.parts.get(channel) ?? []) {
      const sum = added.get(of) ?? new Map<string, number>();
      added.set(of, sum);
      for (const [term, x] of gained) sum.set(term + pools, (sum.get(term + pools) ?? 0) + amount * x);
    }
    for (const [of, sum] of added) {
      const parts = partsOf(sum, reading, of, parameters);
      if (!parts) return null;
      losses.push(...parts.map(([like, amount]) => ({ reader: reading.reader, of, like, amount })));
    }
  }
  return losses;
}

/** A sum as a combination of what a map reads in the group of one of its channels. */
function partsOf(sum: Sum, { reader: { operator }, sums, having }: Reading, of: number, parameters: ParameterShapes): [number, number][] | null {
  const size = operator.kind === 'dense' ? sums.length : parameters(operator.weight)![0]! / (operator.kernel[0] * operator.kernel[1]);
  // All that shares a term with it, or with what does.
  const terms = new Set(sum.keys());
  const channels = new Set<number>();
  for (const term of terms) {
    for (const c of having.get(term) ?? []) {
      if (Math.floor(c / size) !== Math.floor(of / size)) continue;
      channels.add(c);
      for (const more of sums[c]!.keys()) terms.add(more);
    }
  }
  const parts = [...channels];
  const rows = [...terms].map((term) => [...parts.map((c) => sums[c]!.get(term) ?? 0), sum.get(term) ?? 0]);
  const solution = kernel(rows, parts.length + 1).find((x) => Math.abs(x[parts.length]!) > 1e-9);
  return solution ? parts.flatMap((c, i): [number, number][] => (Math.abs(solution[i]!) > 1e-9 ? [[c, -solution[i]! / solution[parts.length]!]] : [])) : null;
}

function symmetry(family: string, gains: readonly Gain[], parameters: ParameterShapes): Symmetry {
  const touch = (node: LinearNode, width: number): Touch => ({ node, entries: Array.from({ length: width }, (_, c) => Int32Array.of(c)) });
  return {
    family,
    layer: gains[0]!.map.name,
    dimension: gains.length,
    *generators(weights) {
      for (const { map, to, from, losses } of gains) {
        const direction = new DirectionBuilder(weights);
        const { values, shape } = direction.parameter(map.operator.weight);
        if (from === null) for (const port of writerPorts(touch(map, shape[1]!), parameters)) direction.addLine(port, to, to, 1);
        else direction.addVector(map.operator.weight, Float64Array.from(values, (_, at) => (at === from.weight ? 1 : 0)));
        for (const { reader, of, like, amount } of losses) {
          direction.addLine(readerPort(touch(reader, Math.max(of, like) + 1), parameters)!, like, of, -amount);
        }
        yield direction.vector;
      }
    },
  };
}
