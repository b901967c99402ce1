/** Units of relu that a probe never switches on: what is flat only because of them is not known to be flat. */
import { signsOf } from '../numerics/jet';
import type { Ops, Unary } from '../numerics/ops';

/** How much an opened gate lets through: any slope but 0 shows what lies behind it. */
const LEAK = 0.5;

/** The same primitives with another `unary`. */
function withUnary<T>(ops: Ops<T>, unary: (f: Unary, x: T) => T): Ops<T> {
  return Object.assign(Object.create(ops) as Ops<T>, { unary });
}

/** Columns of relu whose input is nowhere positive, and somewhere negative, pass `LEAK` times their input. */
export function withOpenGates<T>(ops: Ops<T>): Ops<T> {
  return withUnary(ops, (f, x) => {
    const y = ops.unary(f, x);
    return f === 'relu' ? ops.add(y, ops.mul(ops.affine(x, LEAK, 0), closed(ops, x))) : y;
  });
}

/** 1 for the columns that are closed on every row, [1, ..., 1, columns]. */
function closed<T>(ops: Ops<T>, x: T): T {
  const rows = ops.shape(x).slice(0, -1).map((_, axis) => axis);
  const never = ops.affine(ops.unary('step', ops.max(x, rows)), -1, 1);
  return ops.mul(never, ops.unary('step', ops.max(ops.affine(x, -1, 0), rows)));
}

/** What `run` does with relu: how many of its inputs are zero, and how many of its columns closed; one number for every call. */
export function countGates<T>(ops: Ops<T>, tolerance: number, run: (ops: Ops<T>) => unknown): { atZero: T[]; closed: T[] } {
  const counts: { atZero: T[]; closed: T[] } = { atZero: [], closed: [] };
  const total = (x: T) => ops.sum(x, ops.shape(x).map((_, axis) => axis));
  run(withUnary(ops, (f, x) => {
    if (f === 'relu') {
      const { above, below } = signsOf(ops, x, tolerance);
      counts.atZero.push(total(ops.affine(ops.add(above, below), -1, 1)));
      counts.closed.push(total(closed(ops, x)));
    }
    return ops.unary(f, x);
  }));
  return counts;
}
