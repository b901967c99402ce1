/** Units of a one-layer network that are dead on the way in, on the way out, or both: sigma(z) ~ z^e gives e, 1 and e + 1. */
import { activate } from '../../model/layers/activations';
import type { Ops } from '../../numerics/ops';
import { withColumn, withRow } from '../matrices';
import type { Cell } from '../cell';
import { named, tensor } from '../cell';
import { type Unit, unitSymmetry } from '../unit-symmetry';

interface Node {
  name: string;
  activation: string;
  inputs: number;
  units: number;
  samples: number;
  /** Of the last unit. */
  dead: 'incoming' | 'outgoing' | 'both';
  /** Of the last unit: which side u moves. */
  moves: readonly ('incoming' | 'outgoing')[];
  /** A linear path past the units, which u moves so that it takes back the unit's first order: by this factor. */
  skip?: number;
  expected: Cell['expected'];
}

const TWO_INPUTS = { inputs: 2, units: 4, samples: 60 };
const FIVE_INPUTS = { inputs: 5, units: 3, samples: 80 };

function node({ name, activation, inputs, units, samples, dead, moves, skip, expected }: Node): Cell {
  const last = units - 1;
  return {
    name,
    expected,
    point(random) {
      const x = random.normals(samples * inputs);
      const incoming = random.normals(units * inputs);
      const outgoing = random.normals(units);
      const direction = inputs === 2 ? Float64Array.of(0.8, -0.6) : random.normals(inputs);
      if (dead !== 'outgoing') incoming.fill(0, last * inputs);
      if (dead !== 'incoming') outgoing[last] = 0;
      const through = named({
        ...(moves.includes('incoming') ? { incoming: withRow(units, inputs, last, direction) } : {}),
        ...(moves.includes('outgoing') ? { outgoing: withColumn(1, units, last, [1]) } : {}),
        ...(skip === undefined ? {} : { skip: direction.map((v) => -skip * outgoing[last]! * v) }),
      });
      return {
        weights: new Map([
          ['incoming', tensor([units, inputs], incoming)],
          ['outgoing', tensor([1, units], outgoing)],
          ...(skip === undefined ? [] : [['skip', tensor([1, inputs], [0.5, -0.3])] as const]),
        ]),
        samples,
        outputs(ops, at) {
          const input = ops.constant(x, [samples, inputs]);
          const hidden = unit(ops, activation, ops.matmul(input, at('incoming'), { transposeB: true }));
          let y = ops.matmul(hidden, at('outgoing'), { transposeB: true });
          if (skip !== undefined) y = ops.add(y, ops.matmul(input, at('skip'), { transposeB: true }));
          return ops.affine(y, 1 / Math.sqrt(samples), 0);
        },
        direction: through,
        generators: [],
      };
    },
    symmetry: unitSymmetry(units, SYMMETRIES[activation] ?? 'permutation'),
  };
}

const SYMMETRIES: Readonly<Record<string, Unit>> = { tanh: 'odd', relu: 'homogeneous', cubic: 'odd' };

/** x^3 is a cell of the table and no activation of a network. */
function unit<T>(ops: Ops<T>, activation: string, x: T): T {
  return activation === 'cubic' ? ops.mul(ops.mul(x, x), x) : activate(ops, activation, x);
}

const singular = (order: number, lineOrder = order) => ({ lineOrder, order, verdict: 'singular' }) as const;
const regular = { lineOrder: 1, order: 1, verdict: 'regular' } as const;
const fibre = (lineOrder: number | null) => ({ lineOrder, order: null, verdict: 'flat fibre' }) as const;

export const nodes: readonly Cell[] = [
  ...['tanh', 'gelu', 'relu'].map((activation) =>
    node({ ...TWO_INPUTS, name: `${activation} unit dead on both sides`, activation, dead: 'both', moves: ['incoming', 'outgoing'], expected: singular(2) }),
  ),
  node({
    ...TWO_INPUTS, name: 'quadratic unit dead on both sides, live units fill the class', activation: 'quadratic',
    dead: 'both', moves: ['incoming', 'outgoing'], expected: fibre(3),
  }),
  ...([['quadratic', 2], ['cubic', 3]] as const).flatMap(([activation, e]) => [
    node({
      ...FIVE_INPUTS, name: `${activation} unit of 5 inputs, dead on both sides`, activation,
      dead: 'both', moves: ['incoming', 'outgoing'], expected: singular(e + 1),
    }),
    node({
      ...FIVE_INPUTS, name: `${activation} unit of 5 inputs, incoming dead`, activation,
      dead: 'incoming', moves: ['incoming'], expected: singular(e),
    }),
  ]),
  node({ ...TWO_INPUTS, name: 'tanh unit, incoming dead, u incoming', activation: 'tanh', dead: 'incoming', moves: ['incoming'], expected: regular }),
  node({ ...TWO_INPUTS, name: 'tanh unit, incoming dead, u outgoing', activation: 'tanh', dead: 'incoming', moves: ['outgoing'], expected: fibre(null) }),
  node({ ...TWO_INPUTS, name: 'tanh unit, outgoing dead, u incoming', activation: 'tanh', dead: 'outgoing', moves: ['incoming'], expected: fibre(null) }),
  node({ ...TWO_INPUTS, name: 'tanh unit, outgoing dead, u outgoing', activation: 'tanh', dead: 'outgoing', moves: ['outgoing'], expected: regular }),
  node({
    ...TWO_INPUTS, name: 'tanh unit, incoming dead beside a linear skip', activation: 'tanh',
    dead: 'incoming', moves: ['incoming'], skip: 1, expected: singular(3),
  }),
  node({
    ...TWO_INPUTS, name: 'gelu unit, incoming dead beside a linear skip', activation: 'gelu',
    dead: 'incoming', moves: ['incoming'], skip: 0.5, expected: singular(2),
  }),
];
