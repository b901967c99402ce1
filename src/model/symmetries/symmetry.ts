/**
 * Continuous symmetries that an architecture gives to every network of its kind (science.md, section 4): a family of directions in
 * parameter space along which the function does not change, at any weights.
 */
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
    const { values } = this.parameter(port.name);
    this.eachOfLines(port, to, from, (out, at, source) => (out[at]! += scale * values[source]!));
  }

  /** Every entry of the line `to` moves by the entry of `change` for its place along the other axes, row-major. */
  addValues(port: Port, to: number, change: ArrayLike<number>): void {
    let k = 0;
    this.eachOfLines(port, to, to, (out, at) => (out[at]! += change[k++]!));
  }

  /** All entries of a vector move. */
  addVector(name: string, change: ArrayLike<number>): void {
    for (let i = 0; i < change.length; i++) this.addValues({ name, axis: 0 }, i, [change[i]!]);
  }

  private eachOfLines({ name, axis, begin = 0 }: Port, to: number, from: number, visit: (out: Float64Array, at: number, source: number) => void): void {
    const { shape, values } = this.parameter(name);
    const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
    const out = this.vector.get(name) ?? new Float64Array(values.length);
    this.vector.set(name, out);
    for (let o = 0; o < outer; o++) {
      const start = o * shape[axis]! * inner;
      for (let i = 0; i < inner; i++) visit(out, start + (begin + to) * inner + i, start + (begin + from) * inner + i);
    }
  }
}
