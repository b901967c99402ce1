/** SwiGLU: gate, up and down all vanish at a dead unit, one order each. */
import { activate } from '../../model/layers/activations';
import { withColumn, withRow } from '../matrices';
import type { Cell } from '../cell';
import { named, tensor } from '../cell';

const [SAMPLES, INPUTS, UNITS] = [60, 2, 3];

export const gated: readonly Cell[] = [
  {
    name: 'SwiGLU unit, gate, up and down dead',
    expected: { lineOrder: 3, order: 3, verdict: 'singular' },
    point(random) {
      const x = random.normals(SAMPLES * INPUTS);
      const alive = (rows: number, columns: number) => random.normals(rows * columns);
      const [gate, up, down] = [alive(UNITS, INPUTS), alive(UNITS, INPUTS), alive(1, UNITS)];
      gate.fill(0, 2 * INPUTS);
      up.fill(0, 2 * INPUTS);
      down[2] = 0;
      return {
        weights: new Map([
          ['gate', tensor([UNITS, INPUTS], gate)],
          ['up', tensor([UNITS, INPUTS], up)],
          ['down', tensor([1, UNITS], down)],
        ]),
        samples: SAMPLES,
        outputs(ops, at) {
          const input = ops.constant(x, [SAMPLES, INPUTS]);
          const opened = activate(ops, 'silu', ops.matmul(input, at('gate'), { transposeB: true }));
          const hidden = ops.mul(opened, ops.matmul(input, at('up'), { transposeB: true }));
          return ops.affine(ops.matmul(hidden, at('down'), { transposeB: true }), 1 / Math.sqrt(SAMPLES), 0);
        },
        direction: named({ gate: withRow(UNITS, INPUTS, 2, [0.8, -0.6]), up: withRow(UNITS, INPUTS, 2, [0.3, 0.9]), down: withColumn(1, UNITS, 2, [1]) }),
        generators: [0, 1].map((i) =>
          named({ up: withRow(UNITS, INPUTS, i, up.subarray(i * INPUTS, (i + 1) * INPUTS)), down: withColumn(1, UNITS, i, [-down[i]!]) }),
        ),
      };
    },
    // (up_i, down_i) -> (s up_i, down_i / s)
    symmetry: (random) => {
      const s = Array.from({ length: UNITS }, () => 0.5 + 1.5 * random.uniform());
      return (values) => ({ ...values, up: values.up!.map((x, k) => x * s[Math.floor(k / INPUTS)]!), down: values.down!.map((x, i) => x / s[i]!) });
    },
  },
];
