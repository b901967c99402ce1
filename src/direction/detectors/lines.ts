/** Lines of parameters that belong to one coordinate of a hidden space. */
import type { Random } from '../../base/random';
import { DirectionBuilder, type Parameters, type Port } from '../../model/symmetries/symmetry';

/** The entries of all ports at one coordinate, one after the other. */
export function lineOf(parameters: Parameters, ports: readonly Port[], coordinate: number): Float64Array {
  return Float64Array.from(
    ports.flatMap(({ name, axis, begin = 0 }) => {
      const { values, shape } = parameters.get(name)!;
      const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      const outer = values.length / (inner * shape[axis]!);
      return Array.from({ length: outer * inner }, (_, k) => values[(Math.floor(k / inner) * shape[axis]! + begin + coordinate) * inner + (k % inner)]!);
    }),
  );
}

/** Moves the line of a coordinate by `change`, laid out as `lineOf` gives it. */
export function moveLine(direction: DirectionBuilder, ports: readonly Port[], coordinate: number, change: ArrayLike<number>): void {
  let at = 0;
  for (const port of ports) {
    const { values, shape } = direction.parameter(port.name);
    const length = values.length / shape[port.axis]!;
    direction.addValues(port, coordinate, Array.from({ length }, (_, k) => change[at + k]!));
    at += length;
  }
}

/** Random normals in all ports of a coordinate. */
export function moveAnyhow(direction: DirectionBuilder, parameters: Parameters, ports: readonly Port[], coordinate: number, random: Random): void {
  moveLine(direction, ports, coordinate, random.normals(lineOf(parameters, ports, coordinate).length));
}

export function length(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!;
  return Math.sqrt(sum);
}
