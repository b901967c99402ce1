/**
 * Units that weight decay has all but killed. Decay never reaches zero, and a unit with weights of size s is alive for steps shorter than s
 * (science.md 3, failure mode 1): its order is that of the point nearby at which it is dead. Weights are taken to that point where the
 * network hardly notices, and everything is read there.
 */
import { placesOf, type Parameters } from '../model/symmetries/symmetry';
import type { Model, Parameter } from '../model/types';
import type { ArcMap } from './arc-map';
import { norm } from './scales';
import { unitSides } from './unit-sides';

/** A side of a unit is nearly dead at or under this part of the largest of its space. */
const NEARLY = 1e-4;
/** Outputs may move by this part of their variation over the probe, or by roundoff where that is more. */
const UNNOTICED = 1e-8;
const ROUNDOFFS = 16;

export interface DecayedUnit {
  readonly layer: string;
  readonly index: number;
  /** Of its weights that were set to zero. */
  readonly norm: number;
}

export interface DecayedUnits {
  /** All weights, at the point where these units are dead. */
  readonly parameters: Map<string, Parameter>;
  readonly units: readonly DecayedUnit[];
  /** How many weights were set to zero, their norm, and how far that moves the outputs, by their variation over the probe. */
  readonly weights: number;
  readonly norm: number;
  readonly moved: number;
  /** Whether a direction moves any of them. */
  touches(vector: ReadonlyMap<string, Float64Array>): boolean;
}

interface Found extends DecayedUnit {
  /** By parameter, where its weights are that are small and not zero. */
  readonly places: ReadonlyMap<string, readonly number[]>;
}

/** Null where there is none. @param map at `parameters` */
export async function decayedUnits(map: ArcMap, model: Pick<Model, 'spaces'>, parameters: Parameters): Promise<DecayedUnits | null> {
  const found = nearlyDead(model, parameters).sort((a, b) => a.norm - b.norm);
  if (found.length === 0) return null;
  const [outputs] = await map.coefficients([map.point], 0);
  const variation = variationOf(outputs!, map.map.samples ?? 1);
  if (variation <= ROUNDOFFS * map.ops.roundoff * norm(outputs!)) return null;
  const allowed = Math.max(UNNOTICED, ROUNDOFFS * map.ops.roundoff) * variation;
  const movedBy = async (units: readonly Found[]) => {
    const point = map.point.slice();
    for (const { places } of units) for (const [name, list] of places) for (const at of list) point[map.offset(name) + at] = 0;
    const [there] = await map.coefficients([point], 0);
    return norm(there!.map((y, i) => y - outputs![i]!));
  };
  /** All of `units` that can go beside those in `kept`: together, else by halves. */
  const keep = async (units: readonly Found[], kept: readonly Found[]): Promise<readonly Found[]> => {
    if ((await movedBy([...kept, ...units])) <= allowed) return [...kept, ...units];
    if (units.length === 1) return kept;
    const half = units.length >> 1;
    return keep(units.slice(half), await keep(units.slice(0, half), kept));
  };
  const units = await keep(found, []);
  if (units.length === 0) return null;
  const places = new Map<string, Set<number>>();
  for (const unit of units) for (const [name, list] of unit.places) places.set(name, new Set([...(places.get(name) ?? []), ...list]));
  const removed = [...places].map(([name, list]) => Float64Array.from(list, (at) => parameters.get(name)!.values[at]!));
  return {
    parameters: new Map([...parameters].map(([name, parameter]) => [name, without(parameter, places.get(name))])),
    units,
    weights: removed.reduce((sum, values) => sum + values.length, 0),
    norm: norm(Float64Array.from(removed, norm)),
    moved: (await movedBy(units)) / variation,
    touches: (vector) => [...places].some(([name, list]) => vector.get(name)?.some((x, at) => x !== 0 && list.has(at))),
  };
}

function nearlyDead({ spaces }: Pick<Model, 'spaces'>, parameters: Parameters): Found[] {
  return spaces().flatMap((space) => {
    const sides = unitSides(space, parameters) ?? [];
    return Array.from({ length: space.width }, (_, index) => {
      const places = new Map<string, readonly number[]>();
      for (const { ports, shares } of sides) {
        if (shares[index]! > NEARLY) continue;
        for (const port of ports) {
          const parameter = parameters.get(port.name)!;
          const list = [...placesOf(parameter, port, index)].filter((at) => parameter.values[at] !== 0);
          if (list.length > 0) places.set(port.name, [...new Set([...(places.get(port.name) ?? []), ...list])]);
        }
      }
      const values = [...places].flatMap(([name, list]) => list.map((at) => parameters.get(name)!.values[at]!));
      return { layer: space.layer, index, norm: norm(Float64Array.from(values)), places };
    }).filter(({ places }) => places.size > 0);
  });
}

/** Norm of the outputs less their mean over the samples; values come sample by sample. */
function variationOf(outputs: Float64Array, samples: number): number {
  const width = outputs.length / samples;
  const mean = new Float64Array(width);
  outputs.forEach((y, i) => (mean[i % width]! += y / samples));
  return norm(outputs.map((y, i) => y - mean[i % width]!));
}

function without(parameter: Parameter, places: ReadonlySet<number> | undefined): Parameter {
  if (!places) return parameter;
  const values = parameter.values.slice();
  for (const at of places) values[at] = 0;
  return { ...parameter, values };
}
