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

/** Two biases that write into the stream with nothing that reads between them. */
export function biasExchange(layer: string, one: string, other: string, width: number): Symmetry {
  return {
    family: 'constant between two biases of the stream',
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

/** Every token has one position: what all embeddings gain, all positions may lose. */
export function positionShift(layer: string, embedding: string, positions: string, width: number): Symmetry {
  return {
    family: 'shift between embeddings and positions',
    layer,
    dimension: width,
    *generators(parameters) {
      for (let j = 0; j < width; j++) {
        const direction = new DirectionBuilder(parameters);
        for (const [name, sign] of [[embedding, 1], [positions, -1]] as const) {
          direction.addValues({ name, axis: 1 }, j, new Float64Array(direction.parameter(name).shape[0]!).fill(sign));
        }
        yield direction.vector;
      }
    },
  };
}
