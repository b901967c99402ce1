/** Hidden spaces between the parameters that write into them and those that read from them: y = R (W x). */
import { DirectionBuilder, type Direction, type Parameters, type Port, type Symmetry } from './symmetry';

export interface HiddenSpace {
  readonly family: string;
  readonly layer: string;
  readonly width: number;
  /** Weights by their output axis, and biases. */
  readonly writers: readonly Port[];
  /** Weights by their input axis; or, for a bilinear form such as query times key, the other side with its biases. */
  readonly readers: readonly Port[];
}

/** Nothing between writers and readers: W -> (1 + X) W, R -> R (1 - X) for X in gl(width). */
export function linearSpace(space: HiddenSpace): Symmetry {
  const { width } = space;
  return symmetry(space, width * width, function* () {
    for (let i = 0; i < width; i++) for (let j = 0; j < width; j++) yield [[i, j, 1]];
  });
}

/** A function that commutes with positive scales of each unit (ReLU, leaky ReLU), or a factor of a product (the up-projection of a gated unit). */
export function unitScales(space: HiddenSpace): Symmetry {
  return symmetry(space, space.width, function* () {
    for (let i = 0; i < space.width; i++) yield [[i, i, 1]];
  });
}

/**
 * Rotary queries and keys: what commutes with the rotations is a scale and a rotation of each pair of coordinates, with frequencies that
 * differ, and anything on the coordinates beyond `rotated`.
 */
export function rotarySpace(space: HiddenSpace, rotated: number, adjacent: boolean): Symmetry {
  const rest = space.width - rotated;
  return symmetry(space, rotated + rest * rest, function* () {
    for (let pair = 0; pair < rotated / 2; pair++) {
      const [i, j] = adjacent ? [2 * pair, 2 * pair + 1] : [pair, pair + rotated / 2];
      yield [[i, i, 1], [j, j, 1]];
      yield [[i, j, 1], [j, i, -1]];
    }
    for (let i = rotated; i < space.width; i++) for (let j = rotated; j < space.width; j++) yield [[i, j, 1]];
  });
}

/** A sparse matrix X: [row, column, value]. */
type Entries = readonly (readonly [number, number, number])[];

function symmetry({ family, layer, writers, readers }: HiddenSpace, dimension: number, algebra: () => Iterable<Entries>): Symmetry {
  return {
    family,
    layer,
    dimension,
    *generators(parameters: Parameters): Iterable<Direction> {
      for (const entries of algebra()) {
        const direction = new DirectionBuilder(parameters);
        for (const [i, j, x] of entries) {
          for (const port of writers) direction.addLine(port, i, j, x);
          for (const port of readers) direction.addLine(port, j, i, -x);
        }
        yield direction.vector;
      }
    },
  };
}
