/** A constructed point of weight space with a direction whose order is known. */
import type { Random } from '../base/random';
import type { NamedVector, OutputMap } from '../direction/output-map';
import type { Verdict } from '../direction/types';
import type { Parameter } from '../model/types';

export interface CellPoint extends OutputMap {
  readonly direction: NamedVector;
  /** Tangents of all continuous symmetries of the map at this point that are known from its form. */
  readonly generators: readonly NamedVector[];
}

/** The values of every tensor. */
export type Values = Readonly<Record<string, Float64Array>>;

export interface Cell {
  readonly name: string;
  /** lineOrder: of the straight line in these coordinates; null where it shows nothing. order: null where flat. */
  readonly expected: { readonly lineOrder: number | null; readonly order: number | null; readonly verdict: Verdict };
  point(random: Random): CellPoint;
  /** A random element of the map's own symmetry group: linear in the weights, so that it moves tangents as it moves points. */
  readonly symmetry?: (random: Random) => (values: Values) => Values;
}

export function tensor(shape: readonly number[], values: ArrayLike<number>): Parameter {
  return { shape, values: Float64Array.from(values) };
}

export function named(parts: Readonly<Record<string, ArrayLike<number>>>): NamedVector {
  return new Map(Object.entries(parts).map(([name, values]) => [name, Float64Array.from(values)]));
}

/** The cell's point, direction and generators, moved by a symmetry. */
export function moved(point: CellPoint, act: (values: Values) => Values): CellPoint {
  const dense = (vector: NamedVector): Values =>
    Object.fromEntries([...point.weights].map(([name, { values }]) => [name, vector.get(name) ?? new Float64Array(values.length)]));
  const vector = (v: NamedVector) => named(act(dense(v)));
  const at = act(Object.fromEntries([...point.weights].map(([name, { values }]) => [name, Float64Array.from(values)])));
  return {
    ...point,
    weights: new Map([...point.weights].map(([name, { shape }]) => [name, { shape, values: at[name]! }])),
    direction: vector(point.direction),
    generators: point.generators.map(vector),
  };
}
