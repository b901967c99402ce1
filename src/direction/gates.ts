/** Units of relu that a probe never switches on: what is flat only because of them is not known to be flat. */
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
    if (f !== 'relu') return y;
    const rows = ops.shape(x).slice(0, -1).map((_, axis) => axis);
    const never = ops.affine(ops.unary('step', ops.max(x, rows)), -1, 1);
    const closed = ops.mul(never, ops.unary('step', ops.max(ops.affine(x, -1, 0), rows)));
    return ops.add(y, ops.mul(ops.affine(x, LEAK, 0), closed));
  });
}

/** Whether `run` calls relu. */
export function usesRelu<T>(ops: Ops<T>, run: (ops: Ops<T>) => unknown): boolean {
  let used = false;
  run(withUnary(ops, (f, x) => {
    used ||= f === 'relu';
    return ops.unary(f, x);
  }));
  return used;
}
