/**
 * Linear channels that may be added to each other: those that the same groups of convolutions write and read, also through a batch norm, which is
 * an affine map in evaluation mode. A channel added to itself is a scale (graph-scales.ts).
 */
import { DirectionBuilder, type Symmetry } from '../symmetries/symmetry';
import type { ChannelGroup, Touch } from './channels';
import type { Operator } from './graph';
import { readerPort, writerPorts } from './graph-ports';
import { factorOf, meanOf } from './graph-scales';
import { isLinear } from './graph-spaces';
import type { ParameterShapes } from './shapes';

/** What writes channels of a group: a linear map, or a batch norm with the channels in front of it, by coordinate. */
interface Writer {
  readonly touch: Touch;
  readonly before: readonly { readonly group: ChannelGroup; readonly coordinate: number }[] | null;
}

export function mixingSymmetries(groups: readonly ChannelGroup[], parameters: ParameterShapes): Symmetry[] {
  return groups.flatMap((group): Symmetry[] => {
    if (isLinear(group) || !isPlain(group) || group.readers.some((touch) => !isMap(touch))) return [];
    const writers = group.writers.map((touch) => writerOf(touch, groups));
    if (!writers.every((writer) => writer !== null)) return [];
    const blocks = blocksOf(group, writers, parameters);
    const dimension = blocks.reduce((sum, { length }) => sum + length * (length - 1), 0);
    if (dimension === 0) return [];
    return [{
      family: 'mixing of linear channels',
      layer: group.writers[0]!.node.name,
      dimension,
      *generators(weights) {
        for (const block of blocks)
          for (const i of block)
            for (const j of block) {
              if (i === j) continue;
              const direction = new DirectionBuilder(weights);
              // A batch norm whose scale is zero writes a constant, to which nothing can be added.
              if (writers.every((writer) => canAdd(direction, writer, i))) {
                for (const writer of writers) add(direction, writer, i, j, parameters);
                for (const touch of group.readers) direction.addLine(readerPort(touch, parameters)!, j, i, -1);
              }
              yield direction.vector;
            }
      },
    }];
  });
}

/** Channels without a function on their way, each of which has one place in what writes it. */
function isPlain({ pinned, functions, writers }: ChannelGroup): boolean {
  return !pinned && functions.size === 0 && writers.length > 0 && writers.every(({ entries }) => entries.every(({ length }) => length === 1));
}

function isMap({ node: { operator } }: Touch): boolean {
  return operator.kind === 'dense' || operator.kind === 'conv' || operator.kind === 'embedding';
}

function writerOf(touch: Touch, groups: readonly ChannelGroup[]): Writer | null {
  if (isMap(touch)) return { touch, before: null };
  const { node } = touch;
  if (node.operator.kind !== 'batch-norm' || (node.operator.shift === null && node.operator.statistics !== null)) return null;
  const channels = new Map<number, { group: ChannelGroup; coordinate: number }>();
  for (const group of groups) {
    const reader = group.readers.find((read) => read.node === node);
    if (!reader || group.readers.length > 1 || !isPlain(group) || !group.writers.every(isMap)) continue;
    reader.entries.forEach((entries, coordinate) => entries.length === 1 && channels.set(entries[0]!, { group, coordinate }));
  }
  const before = touch.entries.map(([c]) => channels.get(c!));
  return before.every((channel) => channel !== undefined) ? { touch, before } : null;
}

/** Coordinates that lie in the same groups of all convolutions. */
function blocksOf({ width, readers }: ChannelGroup, writers: readonly Writer[], parameters: ParameterShapes): number[][] {
  const blocks = new Map<string, number[]>();
  const groups = new Map<ChannelGroup, number>();
  const numberOf = (group: ChannelGroup) => groups.get(group) ?? (groups.set(group, groups.size), groups.size - 1);
  for (let i = 0; i < width; i++) {
    const written = writers.map(({ touch, before }) => {
      if (!before) return blockOf(touch, i, 'output', parameters);
      const { group, coordinate } = before[i]!;
      return [numberOf(group), ...group.writers.map((inner) => blockOf(inner, coordinate, 'output', parameters))];
    });
    const key = JSON.stringify([written, readers.map((touch) => blockOf(touch, i, 'input', parameters))]);
    blocks.set(key, [...(blocks.get(key) ?? []), i]);
  }
  return [...blocks.values()];
}

/** The groups of a convolution in which the places of a coordinate lie. */
function blockOf({ node: { operator }, entries }: Touch, i: number, side: 'input' | 'output', parameters: ParameterShapes): number[] {
  if (operator.kind !== 'conv') return [];
  const { weight, groups, kernel } = operator;
  const [rows, width] = parameters(weight) as [number, number];
  const size = side === 'output' ? width / groups : rows / (kernel[0] * kernel[1]);
  return Array.from(entries[i]!, (c) => Math.floor(c / size));
}

type BatchNorm = Extract<Operator, { kind: 'batch-norm' }>;

function canAdd(direction: DirectionBuilder, { touch, before }: Writer, i: number): boolean {
  return !before || factorOf(touch.node.operator as BatchNorm, direction, touch.entries[i]![0]!) !== 0;
}

/** Channel i gains channel j where it is written. */
function add(direction: DirectionBuilder, { touch, before }: Writer, i: number, j: number, shapes: ParameterShapes): void {
  if (!before) {
    for (const port of writerPorts(touch, shapes)) direction.addLine(port, i, j, 1);
    return;
  }
  const norm = touch.node.operator as BatchNorm;
  const [to, from] = [touch.entries[i]![0]!, touch.entries[j]![0]!];
  const factor = factorOf(norm, direction, from);
  for (const inner of before[i]!.group.writers)
    for (const port of writerPorts(inner, shapes)) direction.addLine(port, before[i]!.coordinate, before[j]!.coordinate, factor / factorOf(norm, direction, to));
  if (norm.shift === null) return;
  const constant = direction.parameter(norm.shift).values[from]! - factor * meanOf(norm, direction, from);
  direction.addValues({ name: norm.shift, axis: 0 }, to, [constant]);
}
