/**
 * Continuous symmetries that an architecture gives to every network of its kind (science.md, section 4): a family of directions in
 * parameter space along which the function does not change, at any weights.
 */
import { allFinite } from '../../numerics/finite';
import type { Parameter } from '../types';

export type Parameters = ReadonlyMap<string, Parameter>;

/** A direction in parameter space by parameter, row-major in the parameter's own shape; what is absent does not move. */
export type Direction = ReadonlyMap<string, Float64Array>;

export interface Symmetry {
  /** What it is, for people: 'rescaling of ReLU units', 'QK of a head'. */
  readonly family: string;
  /** The tensor prefix of the layer that it is listed under. */
  readonly layer: string;
  /** How many generators there are; at special weights some may be dependent or zero. */
  readonly dimension: number;
  /** The loss under which it holds; absent: under any. */
  readonly loss?: 'ce';
  /** Why it is not exact: 'the epsilon of the norm'. */
  readonly approximate?: string;
  /** Generators at the given weights, one at a time. */
  generators(parameters: Parameters): Iterable<Direction>;
}

/** Coordinates begin .. begin + width of an axis of a parameter: where a hidden space meets it. */
export interface Port {
  readonly name: string;
  readonly axis: number;
  readonly begin?: number;
  /** Row-major places of a coordinate, where no axis holds it: a channel of a flattened image, or of one group of a convolution. */
  readonly places?: (coordinate: number) => Int32Array;
}

/** Its generators at these weights; one that they do not have, as 1 / gamma where a gamma is zero, is left out. */
export function* generatorsOf(symmetry: Symmetry, parameters: Parameters): Iterable<Direction> {
  for (const direction of symmetry.generators(parameters)) if ([...direction.values()].every(allFinite)) yield direction;
}

/** Whether it holds to roundoff under this loss. */
export function isExact({ approximate, loss }: Symmetry, under: 'mse' | 'ce'): boolean {
  return approximate === undefined && (loss === undefined || loss === under);
}

/** Where the line of a port at a coordinate lies among the values of its parameter, row-major along the other axes. */
export function placesOf({ shape, values }: Parameter, { axis, begin = 0, places }: Port, coordinate: number): Int32Array {
  if (places) return places(coordinate);
  const length = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  return Int32Array.from({ length: values.length / length }, (_, k) => (Math.floor(k / inner) * length + begin + coordinate) * inner + (k % inner));
}

/** A direction that is being made. */
export class DirectionBuilder {
  readonly vector = new Map<string, Float64Array>();

  constructor(readonly parameters: Parameters) {}

  parameter(name: string): Parameter {
    const parameter = this.parameters.get(name);
    if (!parameter) throw new Error(`internal: a symmetry names '${name}', which is no parameter`);
    return parameter;
  }

  /** The line `to` of the port moves by scale times the line `from` of the same port. */
  addLine(port: Port, to: number, from: number, scale: number): void {
    const parameter = this.parameter(port.name);
    const source = placesOf(parameter, port, from);
    const out = this.moving(port.name);
    placesOf(parameter, port, to).forEach((at, k) => (out[at]! += scale * parameter.values[source[k]!]!));
  }

  /** Every entry of the line `to` moves by the entry of `change` for its place along the other axes, row-major. */
  addValues(port: Port, to: number, change: ArrayLike<number>): void {
    const out = this.moving(port.name);
    placesOf(this.parameter(port.name), port, to).forEach((at, k) => (out[at]! += change[k]!));
  }

  /** All entries of a vector move. */
  addVector(name: string, change: ArrayLike<number>): void {
    const out = this.moving(name);
    for (let i = 0; i < change.length; i++) out[i]! += change[i]!;
  }

  private moving(name: string): Float64Array {
    const out = this.vector.get(name) ?? new Float64Array(this.parameter(name).values.length);
    this.vector.set(name, out);
    return out;
  }
}
