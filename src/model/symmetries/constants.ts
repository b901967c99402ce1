/** Constants that cancel: shifts of keys, of logits, of embeddings against positions, and of values into the output bias. */
import { addConstant, type NormSite, type Reader } from './norms';
import { DirectionBuilder, type Port, type Symmetry } from './symmetry';

const flat = (name: string): Port => ({ name, axis: 0 });

/** softmax(q (k + e)^T) = softmax(q k^T): a constant in these coordinates of the keys is free. */
export function keyShift(site: NormSite, keys: Reader, coordinates: readonly number[]): Symmetry {
  return {
    family: 'shift of the keys',
    layer: keys.layer,
    dimension: coordinates.length,
    *generators(parameters) {
      for (const i of coordinates) {
        const direction = new DirectionBuilder(parameters);
        addConstant(direction, site, keys, i, 1);
        yield direction.vector;
      }
    },
  };
}

/** Two biases whose outputs are added, with nothing that reads between them: of two branches, or of two classifiers. */
export function biasExchange(layer: string, one: string, other: string, width: number): Symmetry {
  return {
    family: 'constant between two biases',
    layer,
    dimension: width,
    *generators(parameters) {
      for (let i = 0; i < width; i++) {
        const direction = new DirectionBuilder(parameters);
        direction.addValues(flat(one), i, [1]);
        direction.addValues(flat(other), i, [-1]);
        yield direction.vector;
      }
    },
  };
}

/** Rows of attention sum to 1: a constant in the values goes through to the output, where the output bias takes it back. */
export function valueShift(
  layer: string,
  names: { bias: string; output: string; outputBias: string },
  { heads, groups, headWidth }: { heads: number; groups: number; headWidth: number },
): Symmetry {
  return {
    family: 'shift of the values into the output bias',
    layer,
    dimension: groups * headWidth,
    *generators(parameters) {
      for (let group = 0; group < groups; group++) {
        for (let i = 0; i < headWidth; i++) {
          const direction = new DirectionBuilder(parameters);
          direction.addValues(flat(names.bias), group * headWidth + i, [1]);
          const { values, shape } = direction.parameter(names.output);
          for (let head = 0; head < heads; head++) {
            if (Math.floor((head * groups) / heads) !== group) continue;
            for (let j = 0; j < shape[1]!; j++) direction.addValues(flat(names.outputBias), j, [-values[(head * headWidth + i) * shape[1]! + j]!]);
          }
          yield direction.vector;
        }
      }
    },
  };
}

/** softmax does not see a shift of all logits: each input of the last layer, and its bias, may add one. */
export function logitShift(layer: string, weight: Port, inputs: number, bias: string | null): Symmetry {
  return {
    family: 'shift of the logits',
    layer,
    dimension: inputs + (bias === null ? 0 : 1),
    loss: 'ce',
    *generators(parameters) {
      for (let i = 0; i < inputs; i++) {
        const direction = new DirectionBuilder(parameters);
        direction.addValues(weight, i, new Float64Array(direction.parameter(weight.name).shape[1 - weight.axis]!).fill(1));
        yield direction.vector;
      }
      if (bias === null) return;
      yield new Map([[bias, new Float64Array(parameters.get(bias)!.values.length).fill(1)]]);
    },
  };
}

/** Some rows of a table [rows, width], or a vector [width], that are added to the stream at the same positions. */
export interface Rows {
  readonly name: string;
  readonly begin?: number;
  readonly end?: number;
}

/** Adds a constant to coordinate j of all these rows. */
export function addToRows(direction: DirectionBuilder, { name, begin = 0, end = Infinity }: Rows, j: number, constant: number): void {
  const { shape } = direction.parameter(name);
  const count = shape.length === 1 ? 1 : shape[0]!;
  const change = Float64Array.from({ length: count }, (_, row) => (row >= begin && row < end ? constant : 0));
  direction.addValues({ name, axis: shape.length - 1 }, j, change);
}

/** Every position of the stream has one of each: what all of these gain, all of those may lose. */
export function embeddingShift(family: string, layer: string, gain: Rows, lose: Rows, width: number): Symmetry {
  return {
    family,
    layer,
    dimension: width,
    *generators(parameters) {
      for (let j = 0; j < width; j++) {
        const direction = new DirectionBuilder(parameters);
        addToRows(direction, gain, j, 1);
        addToRows(direction, lose, j, -1);
        yield direction.vector;
      }
    },
  };
}
