/** Lines of parameters that belong to one coordinate of a hidden space. */
import type { Random } from '../../base/random';
import { placesOf, type DirectionBuilder, type Parameters, type Port } from '../../model/symmetries/symmetry';

/** The entries of all ports at one coordinate, one after the other. */
export function lineOf(parameters: Parameters, ports: readonly Port[], coordinate: number): Float64Array {
  return Float64Array.from(
    ports.flatMap((port) => {
      const parameter = parameters.get(port.name)!;
      return Array.from(placesOf(parameter, port, coordinate), (at) => parameter.values[at]!);
    }),
  );
}

/** Moves the line of a coordinate by `change`, laid out as `lineOf` gives it. */
export function moveLine(direction: DirectionBuilder, ports: readonly Port[], coordinate: number, change: ArrayLike<number>): void {
  let at = 0;
  for (const port of ports) {
    const { length } = placesOf(direction.parameter(port.name), port, coordinate);
    direction.addValues(port, coordinate, Array.from({ length }, (_, k) => change[at + k]!));
    at += length;
  }
}

/** Random normals in all ports of a coordinate. */
export function moveAnyhow(direction: DirectionBuilder, parameters: Parameters, ports: readonly Port[], coordinate: number, random: Random): void {
  moveLine(direction, ports, coordinate, random.normals(lineOf(parameters, ports, coordinate).length));
}
