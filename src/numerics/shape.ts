/** The shape rules of `Ops`, shared by its implementations. Every function throws a sentence that names the shapes. */
import type { MatmulOptions, Shape } from './ops';

export function sizeOf(shape: Shape): number {
  return shape.reduce((size, length) => size * length, 1);
}

/** '[2, 3]'. */
export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((length, axis) => length === b[axis]);
}

/** Numpy broadcasting: axes are matched from the last; lengths are equal or one of them is 1. */
export function broadcastShape(operation: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const p = a[a.length - i] ?? 1;
    const q = b[b.length - i] ?? 1;
    if (p !== q && p !== 1 && q !== 1) throw new Error(`${operation}: ${showShape(a)} and ${showShape(b)} do not broadcast.`);
    shape[rank - i] = p === 1 ? q : p;
  }
  return shape;
}

/** What a matrix product works on: `batch` leading axes, then op(A) [m, k] and op(B) [k, n]. */
export interface MatmulShape {
  readonly batch: readonly number[];
  readonly m: number;
  readonly k: number;
  readonly n: number;
  /** `b` is one plain matrix for a batch of `a`. */
  readonly sharedB: boolean;
}

export function matmulShape(a: Shape, b: Shape, options: MatmulOptions = {}): MatmulShape {
  const { transposeA = false, transposeB = false } = options;
  const batch = a.slice(0, -2);
  const sharedB = batch.length > 0 && b.length === 2;
  const [m, k] = lastTwo(a, transposeA);
  const [inner, n] = lastTwo(b, transposeB);
  const fits = a.length >= 2 && b.length >= 2 && k === inner && (sharedB || sameShape(batch, b.slice(0, -2)));
  if (!fits) {
    const side = (shape: Shape, transposed: boolean) => showShape(shape) + (transposed ? ' transposed' : '');
    throw new Error(`matmul: ${side(a, transposeA)} times ${side(b, transposeB)} does not fit.`);
  }
  return { batch, m, k, n, sharedB };
}

function lastTwo(shape: Shape, transposed: boolean): [number, number] {
  const rows = shape[shape.length - 2] ?? 1;
  const columns = shape[shape.length - 1] ?? 1;
  return transposed ? [columns, rows] : [rows, columns];
}

/** The shape with length 1 at the axes that are reduced. */
export function reducedShape(operation: string, shape: Shape, axes: readonly number[]): number[] {
  for (const axis of axes) {
    if (!Number.isInteger(axis) || axis < 0 || axis >= shape.length) {
      throw new Error(`${operation}: ${showShape(shape)} has no axis ${axis}.`);
    }
  }
  return shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
}

export function checkReshape(from: Shape, to: Shape): void {
  if (sizeOf(from) !== sizeOf(to)) throw new Error(`reshape: ${showShape(from)} does not hold as many values as ${showShape(to)}.`);
}

export function checkConstant(length: number, shape: Shape): void {
  if (length !== sizeOf(shape)) throw new Error(`constant: ${length} values do not fill the shape ${showShape(shape)}.`);
}

export function transposedShape(shape: Shape, permutation: readonly number[]): number[] {
  const fits = permutation.length === shape.length && shape.every((_, axis) => permutation.includes(axis));
  if (!fits) throw new Error(`transpose: ${showShape(permutation)} is no permutation of the axes of ${showShape(shape)}.`);
  return permutation.map((axis) => shape[axis]!);
}

export function checkSlice(shape: Shape, begin: readonly number[], size: readonly number[]): void {
  const rank = shape.length;
  const fits =
    begin.length === rank &&
    size.length === rank &&
    shape.every((length, axis) => begin[axis]! >= 0 && size[axis]! >= 0 && begin[axis]! + size[axis]! <= length);
  if (!fits) throw new Error(`slice: ${showShape(size)} from ${showShape(begin)} does not lie inside ${showShape(shape)}.`);
}

export function concatenatedShape(shapes: readonly Shape[], axis: number): number[] {
  const first = shapes[0];
  if (!first) throw new Error('concat: there is nothing to join.');
  reducedShape('concat', first, [axis]);
  for (const shape of shapes) {
    const fits = shape.length === first.length && shape.every((length, i) => i === axis || length === first[i]);
    if (!fits) throw new Error(`concat: ${showShape(first)} and ${showShape(shape)} do not join along axis ${axis}.`);
  }
  const shape = [...first];
  shape[axis] = shapes.reduce((length, part) => length + part[axis]!, 0);
  return shape;
}

export function gatheredShape(table: Shape, indices: Int32Array): number[] {
  if (table.length === 0) throw new Error('gather: a table needs rows, and a scalar has none.');
  for (const index of indices) {
    if (index < 0 || index >= table[0]!) throw new Error(`gather: ${showShape(table)} has no row ${index}.`);
  }
  return [indices.length, ...table.slice(1)];
}
