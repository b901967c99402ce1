/** Hidden spaces between the parameters that write into them and those that read from them: y = R (W x). */
import { isHomogeneous } from '../layers/activations';
import { DirectionBuilder, type Direction, type Parameters, type Port, type Symmetry } from './symmetry';

export interface HiddenSpace {
  /** What it is, for people: 'units', 'query and key channels of head 3'. */
  readonly name: string;
  readonly layer: string;
  readonly width: number;
  /** Weights by their output axis, and biases. */
  readonly writers: readonly Port[];
  /** Weights by their input axis; or, for a bilinear form such as query times key, the other side with its biases. */
  readonly readers: readonly Port[];
  /** What stands between them: 'linear', or a function of each coordinate by its name. */
  readonly activation: string;
  /** The coordinates of the writers are multiplied with the activation of these (gated units); their own activation is 'linear'. */
  readonly gates?: { readonly ports: readonly Port[]; readonly activation: string };
  /** Writers and readers are turned by rotary positions before they meet. */
  readonly rotary?: { readonly rotated: number; readonly adjacent: boolean };
}

/** The continuous symmetries of the coordinates of a space; none where the function between is generic. */
export function spaceSymmetries(space: HiddenSpace): Symmetry[] {
  if (space.rotary) return [rotarySpace(space, space.rotary)];
  if (space.gates) {
    const found = [unitScales(space, 'scale of gated units, up against down')];
    if (isHomogeneous(space.gates.activation)) {
      found.push(unitScales({ ...space, writers: space.gates.ports }, 'scale of gated units, gate against down'));
    }
    return found;
  }
  if (space.activation === 'linear') return [linearSpace(space)];
  return isHomogeneous(space.activation) ? [unitScales(space, `rescaling of ${space.activation} units`)] : [];
}

/** Nothing between writers and readers: W -> (1 + X) W, R -> R (1 - X) for X in gl(width). */
export function linearSpace(space: HiddenSpace): Symmetry {
  const { width } = space;
  return symmetry(space, `basis of ${space.name}`, width * width, function* () {
    for (let i = 0; i < width; i++) for (let j = 0; j < width; j++) yield [[i, j, 1]];
  });
}

/** A function that commutes with positive scales of each unit (ReLU, leaky ReLU), or a factor of a product (the up-projection of a gated unit). */
function unitScales(space: HiddenSpace, family: string): Symmetry {
  return symmetry(space, family, space.width, function* () {
    for (let i = 0; i < space.width; i++) yield [[i, i, 1]];
  });
}

/**
 * Rotary queries and keys: what commutes with the rotations is a scale and a rotation of each pair of coordinates, with frequencies that
 * differ, and anything on the coordinates beyond `rotated`.
 */
function rotarySpace(space: HiddenSpace, { rotated, adjacent }: NonNullable<HiddenSpace['rotary']>): Symmetry {
  const rest = space.width - rotated;
  return symmetry(space, `basis of ${space.name}`, rotated + rest * rest, function* () {
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

function symmetry({ layer, writers, readers }: HiddenSpace, family: string, dimension: number, algebra: () => Iterable<Entries>): Symmetry {
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
