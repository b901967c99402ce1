/**
 * `TensorOps` whose tensors may be larger than the backend under them can hold in one piece: those are kept as tiles (tiles.ts), and every primitive
 * works on them tile by tile. Sums are not split, so that the bits are those of one piece; only a sum over all axes of a tiled tensor is.
 */
import type { MatmulOptions, Shape, Tensor, TensorOps } from './ops';
import { tensorsIn } from './scoped';
import {
  broadcastShape,
  checkConstant,
  checkReshape,
  checkSlice,
  concatenatedShape,
  gatheredShape,
  matmulShape,
  reducedShape,
  sizeOf,
  transposedShape,
} from './shape';
import { consecutive, overlaps, rangesOf, Tiled, Tiling, type Operand, type Range } from './tiles';
import { transpose as transposedMatrix } from './transpose';

type Values = Float64Array | Float32Array | readonly number[];

/** @param most Values of one tensor of `inner`. Operations throw TooLargeError where not even one index of an axis fits into it. */
export function tiledOps(inner: TensorOps, most: number): TensorOps {
  const tiling = new Tiling(inner, most);

  const elementwise = (operation: 'add' | 'sub' | 'mul' | 'div') => (a: Tensor, b: Tensor): Tensor => {
    const shape = broadcastShape(operation, a.shape, b.shape);
    if (tiling.plain(a, b, shape)) return inner[operation](a, b);
    return tiling.build(shape, [broadcast(a, shape), broadcast(b, shape)], axesOf(shape), ([p, q]) => inner[operation](p!, q!));
  };

  const each = (x: Tensor, f: (tile: Tensor) => Tensor): Tensor => (x instanceof Tiled ? new Tiled(x.shape, x.axis, x.tiles.map(f)) : f(x));

  const reduced = (operation: 'sum' | 'max') => (x: Tensor, axes: readonly number[]): Tensor => {
    if (!(x instanceof Tiled)) return inner[operation](x, axes);
    const shape = reducedShape(operation, x.shape, axes);
    const kept = axesOf(shape).filter((axis) => !axes.includes(axis));
    if (kept.some((axis) => x.shape[axis]! > 1 && sizeOf(x.shape) / x.shape[axis]! <= most)) {
      return tiling.build(shape, [aligned(x)], kept, ([tile]) => inner[operation](tile!, axes));
    }
    return ops.scope(() => ops[operation](ops.concat(x.tiles.map((tile) => inner[operation](tile, axes)), x.axis), [x.axis]));
  };

  /** A product of matrices; `a` or `b` may be tiled, and what is summed over is never cut. */
  const product = (a: Tensor, b: Tensor, options: MatmulOptions): Tensor => {
    const { m, n } = matmulShape(a.shape, b.shape, options);
    if (tiling.plain(a, b, [m, n])) return inner.matmul(a, b, options);
    const left: Operand = { x: a, along: () => (options.transposeA ? 1 : 0) };
    const right: Operand = { x: b, along: () => (options.transposeB ? 0 : 1) };
    const uncut = (x: Tensor): Operand => ({ x, along: () => null });
    // Both cut: each piece of columns is made of all pieces of rows.
    if (a instanceof Tiled && b instanceof Tiled) return tiling.build([m, n], [right], [1], ([columns]) => product(a, columns!, options));
    if (b instanceof Tiled) return tiling.build([m, n], [uncut(a), right], [1], ([rows, columns]) => inner.matmul(rows!, columns!, options));
    return tiling.build([m, n], [left, uncut(b)], [0], ([rows, columns]) => inner.matmul(rows!, columns!, options));
  };

  const matmul = (a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor => {
    const { batch, m, n, k, sharedB } = matmulShape(a.shape, b.shape, options);
    const shape = [...batch, m, n];
    if (tiling.plain(a, b, shape)) return inner.matmul(a, b, options);
    if (batch.length === 0) return product(a, b, options);
    const count = sizeOf(batch);
    return ops.scope(() => {
      if (sharedB) {
        const rows = options.transposeA ? ops.transpose(a, lastSwapped(a.shape.length)) : a;
        return ops.reshape(product(ops.reshape(rows, [count * m, k]), b, { transposeB: options.transposeB }), shape);
      }
      const [left, right] = [a, b].map((x) => ops.reshape(x, [count, ...x.shape.slice(-2)])) as [Tensor, Tensor];
      if (Math.max(m * k, k * n, m * n) <= most) {
        return ops.reshape(tiling.build([count, m, n], [aligned(left), aligned(right)], [0], ([p, q]) => inner.matmul(p!, q!, options)), shape);
      }
      const matrix = (x: Tensor, i: number) => ops.reshape(ops.slice(x, [i, 0, 0], [1, ...x.shape.slice(1)]), x.shape.slice(1));
      const products = Array.from({ length: count }, (_, i) => ops.reshape(product(matrix(left, i), matrix(right, i), options), [1, m, n]));
      return ops.reshape(ops.concat(products, 0), shape);
    });
  };

  const reshape = (x: Tensor, shape: Shape): Tensor => {
    checkReshape(x.shape, shape);
    if (!(x instanceof Tiled)) return inner.reshape(x, shape);
    // The same axis between the same neighbours: each tile for itself.
    const after = (of: Shape, axis: number) => sizeOf(of.slice(axis + 1));
    const same = shape.findIndex((length, axis) => length === x.shape[x.axis] && after(shape, axis) === after(x.shape, x.axis));
    if (same >= 0) return new Tiled([...shape], same, x.tiles.map((tile) => inner.reshape(tile, shape.with(same, tile.shape[x.axis]!))));
    return ops.scope(() => {
      const source = tiling.along(x, tiling.lead(x.shape));
      const runs = rangesOf(source).flatMap((range, tile) => {
        const { starts, length } = runsOf(x.shape, source.axis, range);
        return starts.map((begin, i) => ({ begin, size: length, tile: source.tiles[tile]!, from: i * length }));
      });
      runs.sort((p, q) => p.begin - q.begin);
      return tiling.build(shape, [], [tiling.lead(shape)], (_, axis, range) => {
        const { starts, length } = runsOf(shape, axis, range);
        const parts = starts.flatMap((begin) =>
          overlaps(runs, { begin, size: length }).map(({ index, within }) => {
            const { tile, from } = runs[index]!;
            return inner.slice(inner.reshape(tile, [sizeOf(tile.shape)]), [from + within.begin], [within.size]);
          }),
        );
        return inner.reshape(inner.concat(parts, 0), shape.with(axis, range.size));
      });
    });
  };

  const concat = (parts: readonly Tensor[], axis: number): Tensor => {
    const shape = concatenatedShape(parts.map((part) => part.shape), axis);
    if (tiling.plain(...parts, shape)) return inner.concat(parts, axis);
    const places = consecutive(parts.map((part) => part.shape[axis]!));
    const across = axesOf(shape).filter((a) => a !== axis && parts.some((part) => part instanceof Tiled && part.axis === a));
    return tiling.build(shape, [], [...across, ...axesOf(shape)], (_, along, range) => {
      if (along !== axis) return inner.concat(parts.map((part) => tiling.box(part, along, range)), axis);
      return inner.concat(overlaps(places, range).map(({ index, within }) => tiling.box(parts[index]!, axis, within)), axis);
    });
  };

  /** Few enough rows of a table for one tensor, each from the tile that it lies in, and then in their order. */
  const rowsOf = (table: Tensor, indices: Int32Array): Tensor => {
    if (!(table instanceof Tiled)) return inner.gather(table, indices);
    const found: Tensor[] = [];
    const order = new Int32Array(indices.length);
    let at = 0;
    rangesOf(table).forEach(({ begin, size }, tile) => {
      const here = Array.from(indices.keys()).filter((i) => indices[i]! >= begin && indices[i]! < begin + size);
      if (here.length === 0) return;
      found.push(inner.gather(table.tiles[tile]!, Int32Array.from(here, (i) => indices[i]! - begin)));
      for (const i of here) order[i] = at++;
    });
    return found.length === 1 ? found[0]! : inner.gather(inner.concat(found, 0), order);
  };

  const gather = (table: Tensor, indices: Int32Array): Tensor => {
    const shape = gatheredShape(table.shape, indices);
    if (tiling.plain(table, shape)) return inner.gather(table, indices);
    if (indices.length === 0) return inner.constant([], shape);
    return ops.scope(() => {
      const byRows = table instanceof Tiled ? tiling.along(table, 0) : table;
      if (tiling.plain(shape)) return rowsOf(byRows, indices);
      return tiling.build(shape, [], [0], (_boxes, _axis, { begin, size }) => rowsOf(byRows, indices.subarray(begin, begin + size)));
    });
  };

  const constant: TensorOps['constant'] = (values, shape) => {
    checkConstant(values.length, shape);
    if (tiling.plain(shape)) return inner.constant(values, shape);
    return tiling.build(shape, [], axesOf(shape), (_, axis, range) => inner.constant(cutOf(values, shape, axis, range), shape.with(axis, range.size)));
  };

  const ops: TensorOps = {
    roundoff: inner.roundoff,
    constant,
    weight: (stored) => {
      const { values, shape, transposed } = stored;
      if (tiling.plain(shape)) return inner.weight(stored);
      return constant(transposed ? transposedMatrix(values, shape[1]!, shape[0]!) : values, shape);
    },
    shape: (x) => x.shape,
    add: elementwise('add'),
    sub: elementwise('sub'),
    mul: elementwise('mul'),
    div: elementwise('div'),
    affine: (x, scale, shift) => each(x, (tile) => inner.affine(tile, scale, shift)),
    unary: (f, x) => each(x, (tile) => inner.unary(f, tile)),
    matmul,
    sum: reduced('sum'),
    max: reduced('max'),
    reshape,
    transpose: (x, permutation) => {
      const shape = transposedShape(x.shape, permutation);
      if (!(x instanceof Tiled)) return inner.transpose(x, permutation);
      return new Tiled(shape, permutation.indexOf(x.axis), x.tiles.map((tile) => inner.transpose(tile, permutation)));
    },
    slice: (x, begin, size) => {
      checkSlice(x.shape, begin, size);
      if (!(x instanceof Tiled)) return inner.slice(x, begin, size);
      if (sizeOf(size) === 0) return inner.constant([], size);
      const wanted = begin.map((first, axis) => ({ begin: first, size: size[axis]! }));
      if (tiling.plain(size)) return inner.scope(() => tiling.crop(x, wanted));
      return tiling.build(size, [], [x.axis, ...axesOf(size)], (_, axis, range) =>
        tiling.crop(x, wanted.with(axis, { begin: begin[axis]! + range.begin, size: range.size })),
      );
    },
    concat,
    gather,
    read: async (x) => {
      if (!(x instanceof Tiled)) return inner.read(x);
      const values = new Float64Array(sizeOf(x.shape));
      for (const [i, range] of rangesOf(x).entries()) place(values, await inner.read(x.tiles[i]!), x.shape, x.axis, range);
      return values;
    },
    scope: (work) => {
      let result!: ReturnType<typeof work>;
      inner.scope(() => {
        result = work();
        return [result, tensorsIn(result, (value) => value instanceof Tiled).map(({ tiles }) => tiles)];
      });
      return result;
    },
    dispose: (...tensors) => inner.dispose(...tensors.flatMap((x) => (x instanceof Tiled ? x.tiles : [x]))),
  };
  return ops;
}

function axesOf(shape: Shape): number[] {
  return Array.from(shape.keys());
}

/** An operand whose axes are those of the result. */
function aligned(x: Tensor): Operand {
  return { x, along: (axis) => axis };
}

/** An operand that is repeated along the axes that it does not have. */
function broadcast(x: Tensor, shape: Shape): Operand {
  const missing = shape.length - x.shape.length;
  return { x, along: (axis) => (axis >= missing && x.shape[axis - missing] === shape[axis] ? axis - missing : null) };
}

function lastSwapped(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
}

/** Runs of values that lie together, of a range of an axis: where they begin in the whole, and how long they are. */
function runsOf(shape: Shape, axis: number, { begin, size }: Range): { starts: number[]; length: number } {
  const inside = sizeOf(shape.slice(axis + 1));
  const line = shape[axis]! * inside;
  return { starts: Array.from({ length: sizeOf(shape.slice(0, axis)) }, (_, i) => i * line + begin * inside), length: size * inside };
}

function cutOf(values: Values, shape: Shape, axis: number, range: Range): Values {
  const { starts, length } = runsOf(shape, axis, range);
  const part = (from: number) => (ArrayBuffer.isView(values) ? values.subarray(from, from + length) : values.slice(from, from + length));
  if (starts.length === 1) return part(starts[0]!);
  const cut = new Float64Array(starts.length * length);
  starts.forEach((start, i) => cut.set(part(start), i * length));
  return cut;
}

function place(values: Float64Array, tile: Float64Array, shape: Shape, axis: number, range: Range): void {
  const { starts, length } = runsOf(shape, axis, range);
  starts.forEach((start, i) => values.set(tile.subarray(i * length, (i + 1) * length), start));
}
