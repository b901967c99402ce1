/** Tensor arithmetic by the definition, one index at a time: the reference for `ops.contract.ts`. */
import type { Shape } from '../../src/numerics/ops';

export interface Naive {
  readonly shape: Shape;
  readonly values: Float64Array;
}

/** The tensor whose element at an index is `element(index)`. */
export function tabulate(shape: Shape, element: (index: readonly number[]) => number): Naive {
  const size = shape.reduce((product, length) => product * length, 1);
  const values = new Float64Array(size);
  for (let flat = 0; flat < size; flat++) {
    const index = new Array<number>(shape.length);
    let rest = flat;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis] = rest % shape[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    values[flat] = element(index);
  }
  return { shape, values };
}

/** The element at an index; like numpy, leading axes that `x` lacks are ignored and axes of length 1 repeat. */
export function at(x: Naive, index: readonly number[]): number {
  const skip = index.length - x.shape.length;
  let flat = 0;
  x.shape.forEach((length, axis) => (flat = flat * length + (length === 1 ? 0 : index[axis + skip]!)));
  return x.values[flat]!;
}

/** Folds over `axes`, which stay with length 1. */
export function fold(x: Naive, axes: readonly number[], start: number, step: (total: number, value: number) => number): Naive {
  const reduced = x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
  const inner = x.shape.map((length, axis) => (axes.includes(axis) ? length : 1));
  return tabulate(reduced, (outer) => {
    let total = start;
    tabulate(inner, (index) => (total = step(total, at(x, index.map((i, axis) => i + outer[axis]!)))));
    return total;
  });
}

export function matmul(a: Naive, b: Naive, transposeA: boolean, transposeB: boolean): Naive {
  const batch = a.shape.slice(0, -2);
  const [m, k] = lastTwo(a.shape, transposeA);
  const [, n] = lastTwo(b.shape, transposeB);
  return tabulate([...batch, m, n], (index) => {
    const outer = index.slice(0, -2);
    const [i, j] = index.slice(-2) as [number, number];
    let total = 0;
    for (let l = 0; l < k; l++) {
      const p = at(a, [...outer, ...(transposeA ? [l, i] : [i, l])]);
      const q = at(b, [...outer.slice(0, Math.max(0, b.shape.length - 2)), ...(transposeB ? [j, l] : [l, j])]);
      total += p * q;
    }
    return total;
  });
}

function lastTwo(shape: Shape, transposed: boolean): [number, number] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return transposed ? [columns, rows] : [rows, columns];
}
