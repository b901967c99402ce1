/**
 * Scales of the channels of a graph: what writes a channel grows, what reads it shrinks. A rate for every channel, such that what passes along it
 * commutes with scales and the rate of a product is the sum of the rates of its factors.
 */
import { deviation } from '../symmetries/batch-norm';
import { isHomogeneous } from '../layers/activations';
import { DirectionBuilder, type Symmetry } from '../symmetries/symmetry';
import type { ChannelGroup, Touch } from './channels';
import type { Operator } from './graph';
import { readerPort, writerPorts } from './graph-ports';
import { isLinear } from './graph-spaces';
import { kernel } from './kernel';
import type { ParameterShapes } from './shapes';

type BatchNorm = Extract<Operator, { kind: 'batch-norm' }>;

/** A channel that may grow, by a coordinate of its group, and how fast. */
interface Rate {
  readonly group: ChannelGroup;
  readonly coordinate: number;
  readonly rate: number;
}

/** Channels in any basis, whose scales are some of those, are left out. */
export function scaleSymmetries(groups: readonly ChannelGroup[], parameters: ParameterShapes): Symmetry[] {
  const free = groups.filter((group) => !isLinear(group) && canGrow(group, parameters));
  const tied = new Set(free.filter(({ writers, readers }) => [...writers, ...readers].some(ties)));
  return [
    ...free.filter((group) => !tied.has(group)).map((group) =>
      symmetry(Array.from({ length: group.width }, (_, coordinate) => [{ group, coordinate, rate: 1 }]), parameters)),
    ...tiedRates(groups, tied).map((rates) => symmetry(rates, parameters)),
  ];
}

/** Whether a node gives what it writes a rate by that of what it reads: a product, or a batch norm without a scale of its own. */
function ties({ node: { operator } }: Touch): boolean {
  return operator.kind === 'multiply' || (operator.kind === 'batch-norm' && operator.scale === null);
}

function canGrow(group: ChannelGroup, parameters: ParameterShapes): boolean {
  if (group.pinned || group.writers.length === 0 || [...group.functions].some((f) => !isHomogeneous(f))) return false;
  // Behind a norm without a scale nothing can grow.
  if (group.writers.some(({ node: { operator } }) => operator.kind === 'norm' && operator.scale === null)) return false;
  return group.readers.every((touch) => {
    const { operator } = touch.node;
    if (operator.kind === 'batch-norm') return operator.statistics === null || operator.shift !== null || biasBefore(group, touch) !== null;
    return operator.kind === 'multiply' || readerPort(touch, parameters) !== null;
  });
}

/** The bias of the map that a batch norm, and nothing else, directly reads: it can do what a shift would. */
function biasBefore({ writers: [writer, ...more], readers }: ChannelGroup, { node }: Touch): string | null {
  if (!writer || more.length > 0 || readers.length > 1 || writer.node.name !== node.inputs[0]) return null;
  const { operator } = writer.node;
  return operator.kind === 'dense' || operator.kind === 'conv' ? operator.bias : null;
}

/** Rates of channels that hang together, one kind of channels after the other. */
function tiedRates(groups: readonly ChannelGroup[], tied: ReadonlySet<ChannelGroup>): Rate[][][] {
  const ids = new Map<ChannelGroup, number>();
  const channels: Omit<Rate, 'rate'>[] = [];
  for (const group of tied) {
    ids.set(group, channels.length);
    for (let coordinate = 0; coordinate < group.width; coordinate++) channels.push({ group, coordinate });
  }
  // By node and its channel: what is read less what is written comes to nothing. What cannot grow has no part in it.
  const equations = new Map<string, Map<number, number>>();
  for (const group of groups) {
    for (const side of ['writers', 'readers'] as const) {
      for (const touch of group[side].filter(ties)) {
        touch.entries.forEach((entries, coordinate) => {
          for (const entry of entries) {
            const key = JSON.stringify([touch.node.name, entry]);
            const equation = equations.get(key) ?? new Map<number, number>();
            equations.set(key, equation);
            if (!tied.has(group)) continue;
            const id = ids.get(group)! + coordinate;
            equation.set(id, (equation.get(id) ?? 0) + (side === 'readers' ? 1 : -1));
          }
        });
      }
    }
  }
  const index = [...tied];
  const kinds = new Map<string, Rate[][]>();
  for (const { members, rows } of connected(channels.length, [...equations.values()])) {
    for (const rates of kernel(rows.map((row) => members.map((id) => row.get(id) ?? 0)), members.length)) {
      const moving = members.flatMap((id, m): Rate[] => (rates[m] === 0 ? [] : [{ ...channels[id]!, rate: rates[m]! }]));
      const kind = JSON.stringify(moving.map(({ group, rate }) => [index.indexOf(group), rate]));
      kinds.set(kind, [...(kinds.get(kind) ?? []), moving]);
    }
  }
  return [...kinds.values()];
}

/** Unknowns that equations tie to each other, with these equations. */
function connected(count: number, equations: readonly ReadonlyMap<number, number>[]): { members: number[]; rows: ReadonlyMap<number, number>[] }[] {
  const of: ReadonlyMap<number, number>[][] = Array.from({ length: count }, () => []);
  for (const equation of equations) for (const id of equation.keys()) of[id]!.push(equation);
  const seen = new Set<number>();
  return Array.from({ length: count }, (_, first) => {
    const members: number[] = [];
    const rows = new Set<ReadonlyMap<number, number>>();
    const waiting = [first];
    while (waiting.length > 0) {
      const id = waiting.pop()!;
      if (seen.has(id)) continue;
      seen.add(id);
      members.push(id);
      for (const equation of of[id]!) {
        rows.add(equation);
        waiting.push(...equation.keys());
      }
    }
    return { members: members.sort((a, b) => a - b), rows: [...rows] };
  }).filter(({ members }) => members.length > 0);
}

/** One generator for each list of rates. */
function symmetry(all: readonly (readonly Rate[])[], parameters: ParameterShapes): Symmetry {
  const first = all[0]!;
  const groups = [...new Set(first.map(({ group }) => group))];
  const multiplied = groups.some(({ writers, readers }) => [...writers, ...readers].some(({ node }) => node.operator.kind === 'multiply'));
  return {
    family: multiplied ? 'scale of factors of a product' : nameOf(groups[0]!),
    layer: groups[0]!.writers[0]!.node.name,
    dimension: all.length,
    *generators(weights) {
      for (const rates of all) {
        const direction = new DirectionBuilder(weights);
        for (const rate of rates) grow(direction, rate, parameters);
        yield direction.vector;
      }
    },
  };
}

/** What writes a channel grows and what reads it shrinks; the constant that a batch norm takes off grows back in its shift, or in the bias before it. */
function grow(direction: DirectionBuilder, { group, coordinate: i, rate }: Rate, shapes: ParameterShapes): void {
  for (const touch of group.writers) for (const port of writerPorts(touch, shapes)) direction.addLine(port, i, i, rate);
  for (const touch of group.readers) {
    const port = readerPort(touch, shapes);
    if (port) direction.addLine(port, i, i, -rate);
    const norm = touch.node.operator;
    if (norm.kind !== 'batch-norm') continue;
    for (const c of touch.entries[i]!) {
      if (norm.scale !== null) direction.addLine({ name: norm.scale, axis: 0 }, c, c, -rate);
      // What the mean takes off does not grow with the channel.
      const mean = meanOf(norm, direction, c);
      if (mean === 0) continue;
      if (norm.shift !== null) direction.addValues({ name: norm.shift, axis: 0 }, c, [-rate * mean * factorOf(norm, direction, c)]);
      else direction.addValues({ name: biasBefore(group, touch)!, axis: 0 }, c, [-rate * mean]);
    }
  }
}

/** What a batch norm multiplies channel c by: gamma / sqrt(variance + epsilon). */
export function factorOf(norm: BatchNorm, { parameters }: DirectionBuilder, c: number): number {
  return (norm.scale === null ? 1 : parameters.get(norm.scale)!.values[c]!) / (norm.statistics === null ? 1 : deviation(norm.statistics, parameters, c));
}

/** What a batch norm takes off channel c before that. */
export function meanOf({ statistics }: BatchNorm, direction: DirectionBuilder, c: number): number {
  return statistics === null ? 0 : direction.parameter(statistics.mean).values[c]!;
}

function nameOf({ functions, readers }: ChannelGroup): string {
  const curved = [...functions].find((f) => f !== 'max-pool') ?? [...functions][0];
  if (curved !== undefined) return `rescaling of ${curved} units`;
  return readers.every(({ node }) => node.operator.kind === 'batch-norm') ? 'scale of batch-norm channels' : 'scale of channels';
}
