/** Deep linear networks: dead channels, and the GL(h) of every hidden interface. */
import type { Random } from '../../base/random';
import type { NamedVector } from '../../direction/output-map';
import { type Invertible, identity, randomInvertible, times, withColumn, withRow } from '../matrices';
import type { Cell, Values } from '../cell';
import { named, tensor } from '../cell';

const SAMPLES = 20;

/** widths d_0 .. d_L; weights W_l [d_l, d_{l-1}] and their direction, by the stream of the cell. */
interface Construction {
  readonly widths: readonly number[];
  make(random: Random): { weights: Float64Array[]; direction: Float64Array[] };
}

const layer = (l: number) => `${l}.weight`;

function matrixChain(name: string, { widths, make }: Construction, expected: Cell['expected']): Cell {
  const depth = widths.length - 1;
  const shapes = Array.from({ length: depth }, (_, l) => [widths[l + 1]!, widths[l]!] as const);
  return {
    name,
    expected,
    point(random) {
      const x = random.normals(SAMPLES * widths[0]!);
      const { weights, direction } = make(random);
      return {
        weights: new Map(weights.map((values, l) => [layer(l), tensor(shapes[l]!, values)])),
        samples: SAMPLES,
        outputs(ops, at) {
          let y = ops.affine(ops.constant(x, [SAMPLES, widths[0]!]), 1 / Math.sqrt(SAMPLES), 0);
          for (let l = 0; l < depth; l++) y = ops.matmul(y, at(layer(l)), { transposeB: true });
          return y;
        },
        direction: named(Object.fromEntries(direction.map((values, l) => [layer(l), values]))),
        generators: generators(weights, widths),
      };
    },
    // W_l -> Q_l W_l Q_{l-1}^-1
    symmetry(random) {
      const bases = widths.map((h, l): Invertible => {
        if (l > 0 && l < depth) return randomInvertible(random, h, 0.6, 1.6);
        return { size: h, matrix: identity(h), inverse: identity(h) };
      });
      return (values: Values) =>
        Object.fromEntries(
          shapes.map(([rows, columns], l) => {
            const left = times(bases[l + 1]!.matrix, values[layer(l)]!, rows, rows, columns);
            return [layer(l), times(left, bases[l]!.inverse, rows, columns, columns)];
          }),
        );
    },
  };
}

/** W_l += E W_l, W_{l+1} -= W_{l+1} E for every unit matrix E of the interface. */
function generators(weights: readonly Float64Array[], widths: readonly number[]): NamedVector[] {
  return weights.slice(1).flatMap((after, l) => {
    const h = widths[l + 1]!;
    return Array.from({ length: h * h }, (_, k) => {
      const e = new Float64Array(h * h);
      e[k] = 1;
      return interfaceMove(e, weights[l]!, after, l, widths);
    });
  });
}

function interfaceMove(e: Float64Array, before: Float64Array, after: Float64Array, l: number, widths: readonly number[]): NamedVector {
  const [i, h, o] = [widths[l]!, widths[l + 1]!, widths[l + 2]!];
  return named({ [layer(l)]: times(e, before, h, h, i), [layer(l + 1)]: times(after, e, o, h, h).map((x) => -x) });
}

/** Two live channels of a 4-3-4 network; the third is dead on both sides. */
function deadUnit(outgoing: (after: Float64Array) => Float64Array): Construction {
  return {
    widths: [4, 3, 4],
    make: () => {
      const before = Float64Array.of(1, 0.3, 0, 0, -0.2, 0.9, 0, 0, 0, 0, 0, 0);
      const after = Float64Array.of(0.8, 0.1, 0, 0.4, 1.1, 0, 0, 0, 0, 0, 0, 0);
      return { weights: [before, after], direction: [withRow(3, 4, 2, [0, 0, 1, 0.5]), outgoing(after)] };
    },
  };
}

/** diag(1, 1, 0) in every layer, moved along its last entry in every layer. */
function deadChannel(depth: number): Construction {
  const corner = withRow(3, 3, 2, [0, 0, 1]);
  const alive = Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 0);
  return {
    widths: new Array<number>(depth + 1).fill(3),
    make: () => ({ weights: new Array<Float64Array>(depth).fill(alive), direction: new Array<Float64Array>(depth).fill(corner) }),
  };
}

const fullRank: Construction = {
  widths: [3, 3, 3],
  make(random) {
    const weights = [random.normals(9), random.normals(9)];
    const move = interfaceMove(random.normals(9), weights[0]!, weights[1]!, 0, [3, 3, 3]);
    return { weights, direction: [move.get(layer(0))!, move.get(layer(1))!] };
  },
};

export const matrixChains: readonly Cell[] = [
  matrixChain('4-3-4 linear, dead unit, u outside the live channels', deadUnit(() => withColumn(4, 3, 2, [0, 0, 0.7, -1])), {
    lineOrder: 2, order: 2, verdict: 'singular',
  }),
  matrixChain('4-3-4 linear, dead unit, outgoing u among the live outputs', deadUnit(() => withColumn(4, 3, 2, [1, -0.4, 0, 0])), {
    lineOrder: 2, order: null, verdict: 'flat fibre',
  }),
  matrixChain('3 layers of diag(1, 1, 0), dead channel in all', deadChannel(3), { lineOrder: 3, order: 3, verdict: 'singular' }),
  matrixChain('4 layers of diag(1, 1, 0), dead channel in all', deadChannel(4), { lineOrder: 4, order: 4, verdict: 'singular' }),
  matrixChain('2 linear layers of full rank, GL(3) orbit', fullRank, { lineOrder: 2, order: null, verdict: 'gauge' }),
];
