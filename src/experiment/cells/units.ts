/** Units that are alive: rescaled, duplicated, triplicated. */
import { activate } from '../../model/layers/activations';
import { withColumn, withRow } from '../matrices';
import type { Cell, CellPoint } from '../cell';
import { named, tensor } from '../cell';
import { unitSymmetry } from '../unit-symmetry';

const SAMPLES = 60;
const INPUTS = 2;

interface Construction {
  incoming: Float64Array;
  outgoing: Float64Array;
  direction: Record<string, ArrayLike<number>>;
}

function network(x: Float64Array, activation: string, { incoming, outgoing, direction }: Construction): CellPoint {
  const units = outgoing.length;
  return {
    weights: new Map([
      ['incoming', tensor([units, INPUTS], incoming)],
      ['outgoing', tensor([1, units], outgoing)],
    ]),
    samples: SAMPLES,
    outputs(ops, at) {
      const hidden = activate(ops, activation, ops.matmul(ops.constant(x, [SAMPLES, INPUTS]), at('incoming'), { transposeB: true }));
      return ops.affine(ops.matmul(hidden, at('outgoing'), { transposeB: true }), 1 / Math.sqrt(SAMPLES), 0);
    },
    direction: named(direction),
    generators: activation === 'relu' ? Array.from({ length: units }, (_, i) => named(rescaling(incoming, outgoing, i))) : [],
  };
}

/** (a_i, b_i) -> (s a_i, b_i / s) */
function rescaling(incoming: Float64Array, outgoing: Float64Array, i: number) {
  const units = outgoing.length;
  return {
    incoming: withRow(units, INPUTS, i, incoming.subarray(i * INPUTS, (i + 1) * INPUTS)),
    outgoing: withColumn(1, units, i, [-outgoing[i]!]),
  };
}

function rescaled(activation: string, name: string, expected: Cell['expected']): Cell {
  return {
    name,
    expected,
    point(random) {
      const x = random.normals(SAMPLES * INPUTS);
      const [incoming, outgoing] = [random.normals(4 * INPUTS), random.normals(4)];
      return network(x, activation, { incoming, outgoing, direction: rescaling(incoming, outgoing, 1) });
    },
    symmetry: unitSymmetry(4, activation === 'relu' ? 'homogeneous' : 'odd'),
  };
}

const TURN = [0.8, -0.6];
const turned = (factor: number) => TURN.map((x) => factor * x);

/** Copies of one tanh unit beside another one. */
function copies(name: string, outgoing: readonly number[], direction: Record<string, ArrayLike<number>>, expected: Cell['expected']): Cell {
  const units = outgoing.length;
  return {
    name,
    expected,
    point(random) {
      const x = random.normals(SAMPLES * INPUTS);
      const [unit, other] = [random.normals(INPUTS), random.normals(INPUTS)];
      const incoming = Float64Array.from({ length: units * INPUTS }, (_, k) => (k < (units - 1) * INPUTS ? unit : other)[k % INPUTS]!);
      return network(x, 'tanh', { incoming, outgoing: Float64Array.from(outgoing), direction });
    },
    symmetry: unitSymmetry(units, 'odd'),
  };
}

export const units: readonly Cell[] = [
  rescaled('relu', 'relu unit rescaled', { lineOrder: 2, order: null, verdict: 'gauge' }),
  rescaled('tanh', 'tanh unit moved as if rescaled', { lineOrder: 1, order: 1, verdict: 'regular' }),
  copies('tanh unit twice, split', [0.7, 0.5, 1.1], { incoming: [...turned(0.5), ...turned(-0.7), 0, 0] }, { lineOrder: 2, order: 2, verdict: 'singular' }),
  copies('tanh unit twice, outputs traded', [0.7, 0.5, 1.1], { outgoing: [1, -1, 0] }, { lineOrder: null, order: null, verdict: 'flat fibre' }),
  copies(
    'tanh unit three times, first and second moments cancel',
    [1.5, -1.5, 0.5, 0.55],
    { incoming: [...turned(1), ...turned(2), ...turned(3), 0, 0] },
    { lineOrder: 3, order: 3, verdict: 'singular' },
  ),
];
