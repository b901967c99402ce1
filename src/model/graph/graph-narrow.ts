/**
 * Linear channels that outnumber what writes or reads them: a combination of them that no reader sees may be written as one likes, and one that no
 * writer ever makes may be read as one likes. With a basis of the channels (spaces.ts) this is all that leaves the product of two matrices alone.
 * A combination that is constant, because weights never make it and biases do, is not followed.
 */
import { DirectionBuilder, placesOf, type Parameters, type Port, type Symmetry } from '../symmetries/symmetry';
import type { ChannelGroup } from './channels';
import type { LinearNode } from './graph-layers';
import { readerPort, writerPorts } from './graph-ports';
import { isLinear } from './graph-spaces';
import { kernel } from './kernel';
import type { ParameterShapes } from './shapes';

/** @param logits the map that makes the logits: softmax does not see what adds the same to all of them */
export function narrowSymmetries(group: ChannelGroup, parameters: ParameterShapes, logits: LinearNode | null): Symmetry[] {
  if (!isLinear(group) || group.writers.length === 0 || group.readers.length === 0) return [];
  const { width, writers: [first], readers: [only, ...more] } = group;
  const writers = group.writers.flatMap((touch) => writerPorts(touch, parameters));
  const readers = group.readers.flatMap((touch) => readerPort(touch, parameters) ?? []);
  const layer = first!.node.name;
  const alike = more.length === 0 && only!.node === logits && linesOf(readers) === parameters(logits.operator.weight)![1] && linesOf(readers) <= width;
  return [
    ...outnumbering('linear channels that nothing reads', layer, width, readers, writers),
    ...outnumbering('linear channels that nothing writes', only!.node.name, width, writers, readers),
    ...(alike ? [symmetry('linear channels that add the same to all logits', layer, 1, writers, (weights) => sharedBy(readers[0]!, width, weights), 'ce')] : []),
  ];
}

/** Weights that meet one channel. */
function linesOf(ports: readonly Port[]): number {
  return ports.reduce((sum, { places }) => sum + places!(0).length, 0);
}

function outnumbering(family: string, layer: string, width: number, few: readonly Port[], gaining: readonly Port[]): Symmetry[] {
  const count = width - linesOf(few);
  if (count <= 0) return [];
  return [symmetry(family, layer, count, gaining, (weights) => kernel(few.flatMap((port) => rowsOf(port, width, weights)), width).slice(0, count))];
}

/** The combination of channels that a map turns into ones, without a part that it does not see. */
function sharedBy(port: Port, width: number, weights: Parameters): number[][] {
  const rows = rowsOf(port, width, weights);
  const found = kernel(rows.map((row) => [...row, -1]), width + 1).find((x) => Math.abs(x[width]!) > 1e-9);
  return [found ? found.slice(0, width) : new Array<number>(width).fill(0)];
}

/** Weights by channel, line by line. */
function rowsOf(port: Port, width: number, weights: Parameters): number[][] {
  const parameter = weights.get(port.name)!;
  const places = Array.from({ length: width }, (_, i) => placesOf(parameter, port, i));
  return Array.from(places[0]!, (_, m) => places.map((own) => parameter.values[own[m]!]!));
}

/** Every line of these ports gains each of these combinations. */
function symmetry(
  family: string,
  layer: string,
  count: number,
  gaining: readonly Port[],
  combinations: (weights: Parameters) => readonly (readonly number[])[],
  loss?: 'ce',
): Symmetry {
  return {
    family,
    layer,
    dimension: count * linesOf(gaining),
    ...(loss ? { loss } : {}),
    *generators(weights) {
      for (const combination of combinations(weights)) {
        for (const port of gaining) {
          const lines = linesOf([port]);
          for (let m = 0; m < lines; m++) {
            const direction = new DirectionBuilder(weights);
            combination.forEach((x, i) => x !== 0 && direction.addValues(port, i, Float64Array.from({ length: lines }, (_, at) => (at === m ? x : 0))));
            yield direction.vector;
          }
        }
      }
    },
  };
}
