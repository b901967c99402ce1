/** `Ops` over shapes alone: nothing is computed, but every operation is checked and what it would make is counted. */
import type { Ops, Shape } from './ops';
import { broadcastShape, checkReshape, checkSlice, concatenatedShape, gatheredShape, matmulShape, reducedShape, sizeOf, transposedShape } from './shape';

export interface CountedShapes {
  readonly ops: Ops<Shape>;
  /** Values of all results so far. A reshape makes none. */
  made(): number;
}

export function shapeOps(): CountedShapes {
  let values = 0;
  const count = (shape: Shape): Shape => {
    values += sizeOf(shape);
    return shape;
  };
  const ops: Ops<Shape> = {
    constant: (_, shape) => count(shape),
    shape: (x) => x,
    add: (a, b) => count(broadcastShape('add', a, b)),
    sub: (a, b) => count(broadcastShape('sub', a, b)),
    mul: (a, b) => count(broadcastShape('mul', a, b)),
    div: (a, b) => count(broadcastShape('div', a, b)),
    affine: (x) => count(x),
    unary: (_, x) => count(x),
    matmul(a, b, options) {
      const { batch, m, n } = matmulShape(a, b, options);
      return count([...batch, m, n]);
    },
    sum: (x, axes) => count(reducedShape('sum', x, axes)),
    max: (x, axes) => count(reducedShape('max', x, axes)),
    reshape(x, shape) {
      checkReshape(x, shape);
      return shape;
    },
    transpose: (x, permutation) => count(transposedShape(x, permutation)),
    slice(x, begin, size) {
      checkSlice(x, begin, size);
      return count(size);
    },
    concat: (parts, axis) => count(concatenatedShape(parts, axis)),
    gather: (table, indices) => count(gatheredShape(table, indices)),
  };
  return { ops, made: () => values };
}
