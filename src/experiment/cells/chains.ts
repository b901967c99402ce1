/** Scalar chains y = x w_1 ... w_L: order = number of zero factors that move; along the hyperbola w_1 w_2 = const nothing moves. */
import type { CellPoint, Cell } from '../cell';
import { named, tensor } from '../cell';

const SAMPLES = 12;

function chain(name: string, w: readonly number[], u: readonly number[], expected: Cell['expected']): Cell {
  return {
    name,
    expected,
    point: (random): CellPoint => {
      const x = random.normals(SAMPLES);
      return {
        weights: new Map([['w', tensor([w.length], w)]]),
        samples: SAMPLES,
        outputs(ops, weights) {
          let y = ops.affine(ops.constant(x, [SAMPLES]), 1 / Math.sqrt(SAMPLES), 0);
          for (let i = 0; i < w.length; i++) y = ops.mul(y, ops.slice(weights('w'), [i], [1]));
          return y;
        },
        direction: named({ w: u }),
        generators: interfaceScalings(w),
      };
    },
    // Factors of the interfaces: their product is 1.
    symmetry: (random) => {
      const s = w.map(() => 0.6 + random.uniform());
      return ({ w: values }) => ({ w: values!.map((x, i) => (x * s[i]!) / s[(i + 1) % w.length]!) });
    },
  };
}

/** (w_i, w_{i+1}) -> (s w_i, w_{i+1} / s). */
function interfaceScalings(w: readonly number[]) {
  return w.slice(1).flatMap((next, i) => {
    if (w[i] === 0 && next === 0) return [];
    return [named({ w: w.map((_, k) => (k === i ? w[i]! : k === i + 1 ? -next : 0)) })];
  });
}

const gauge = (lineOrder: number | null) => ({ lineOrder, order: null, verdict: 'gauge' }) as const;
const singular = (order: number) => ({ lineOrder: order, order, verdict: 'singular' }) as const;

export const chains: readonly Cell[] = [
  chain('chain of 2 at 0, u = (1, 1)', [0, 0], [1, 1], singular(2)),
  chain('chain of 3 at 0, u = (1, 1, 1)', [0, 0, 0], [1, 1, 1], singular(3)),
  chain('chain of 5 at 0, u = (1, 1, 1, 1, 1)', [0, 0, 0, 0, 0], [1, 1, 1, 1, 1], singular(5)),
  chain('chain of 3 at (1.3, 0, 0), u = (0, 1, 1)', [1.3, 0, 0], [0, 1, 1], singular(2)),
  chain('chain of 3 at (1.3, 0, 0), u = (1, 0, 0)', [1.3, 0, 0], [1, 0, 0], gauge(null)),
  chain('chain of 2 at (a, b), u = (a, -b)', [1.7, 0.6], [1.7, -0.6], gauge(2)),
  chain('chain of 3 at (a, b, c), u = (a, -b, 0)', [1.2, -0.8, 0.5], [1.2, 0.8, 0], gauge(2)),
];
