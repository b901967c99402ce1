/** Functions of two weights: a branch that only a bent arc follows, a cusp, and an obstruction at order 5. */
import type { Ops } from '../../numerics/ops';
import type { Cell } from '../cell';
import { named, tensor } from '../cell';

function analytic(name: string, f: <T>(ops: Ops<T>, x: T, y: T) => readonly T[], u: readonly number[], expected: Cell['expected']): Cell {
  return {
    name,
    expected,
    point: () => ({
      weights: new Map([['w', tensor([2], [0, 0])]]),
      samples: null,
      outputs(ops, at) {
        const values = f(ops, ops.slice(at('w'), [0], [1]), ops.slice(at('w'), [1], [1]));
        return ops.concat(values, 0);
      },
      direction: named({ w: u }),
      generators: [],
    }),
  };
}

function power<T>(ops: Ops<T>, x: T, n: number): T {
  return n === 1 ? x : ops.mul(x, power(ops, x, n - 1));
}

export const analyticCells: readonly Cell[] = [
  analytic('x (y - x²) at 0, u along x: curved branch', (ops, x, y) => [ops.mul(x, ops.sub(y, power(ops, x, 2)))], [1, 0], {
    lineOrder: 3, order: null, verdict: 'flat fibre',
  }),
  analytic('x² - y³ at 0, u along y: cusp', (ops, x, y) => [ops.sub(power(ops, x, 2), power(ops, y, 3))], [0, 1], {
    lineOrder: 3, order: 3, verdict: 'singular',
  }),
  analytic(
    '(y - x², x y - x³ + x⁵) at 0, u along x',
    (ops, x, y) => [ops.sub(y, power(ops, x, 2)), ops.add(ops.sub(ops.mul(x, y), power(ops, x, 3)), power(ops, x, 5))],
    [1, 0],
    { lineOrder: 2, order: 5, verdict: 'singular' },
  ),
];
