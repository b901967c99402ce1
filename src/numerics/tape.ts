/**
 * Reverse mode over any `Ops<T>`. Each primitive stands beside its vector-Jacobian product, which is written with the same
 * primitives and is never itself recorded: there are no nested gradients.
 */
import type { MatmulOptions, Ops, Shape, Unary } from './ops';
import { matmulShape, sameShape, showShape, sizeOf } from './shape';

/** A value on a tape, and how it was made. */
export interface Var<T> {
  readonly value: T;
  /** Position on the tape: inputs come before what is made of them. */
  readonly index: number;
  readonly inputs: readonly Input<T>[];
}

/** One differentiable input of a primitive: `pull` turns the gradient at the output into the gradient at `source`. */
interface Input<T> {
  readonly source: Var<T>;
  readonly pull: (gradient: T) => T;
}

/** What an elementwise function's VJP multiplies the gradient with; null where the derivative is zero. */
type Derivative = <T>(ops: Ops<T>, x: T, y: T) => T;

const derivatives: Record<Unary, Derivative | null> = {
  exp: (_ops, _x, y) => y,
  log: (ops, x) => ops.unary('reciprocal', x),
  sqrt: (ops, _x, y) => ops.affine(ops.unary('reciprocal', y), 0.5, 0),
  reciprocal: (ops, _x, y) => ops.affine(ops.mul(y, y), -1, 0),
  tanh: (ops, _x, y) => ops.affine(ops.mul(y, y), -1, 1),
  sigmoid: (ops, _x, y) => ops.mul(y, ops.affine(y, -1, 1)),
  erf: (ops, x) => ops.affine(ops.unary('exp', ops.affine(ops.mul(x, x), -1, 0)), 2 / Math.sqrt(Math.PI), 0),
  relu: (ops, x) => ops.unary('step', x),
  step: null,
};

export class Tape<T> implements Ops<Var<T>> {
  private readonly nodes: Var<T>[] = [];
  private readonly made: T[] = [];

  constructor(private readonly ops: Ops<T>) {}

  /** A value from outside: a weight, an input. It may be differentiated by, and costs nothing where it is not. */
  lift(value: T): Var<T> {
    const node = { value, index: this.nodes.length, inputs: [] };
    this.nodes.push(node);
    return node;
  }

  /** Every value that the tape itself made, in order: what its owner keeps while gradients are asked for, and frees after. */
  values(): readonly T[] {
    return this.made;
  }

  /**
   * Gradients of sum(seed * output) by each of `wrt`, which may be any variables of this tape: inputs or intermediate ones.
   * May be called again with other seeds. Only nodes between `wrt` and `output` are visited; a variable that `output` does
   * not depend on gets zeros. Results are only to be read: two of them, or one and the seed, may be the same value.
   */
  gradient(output: Var<T>, seed: T, wrt: readonly Var<T>[]): T[] {
    const { ops } = this;
    for (const node of [output, ...wrt]) {
      if (this.nodes[node.index] !== node) throw new Error('gradient: a variable is of another tape.');
    }
    this.checkSeed(output, seed);
    const active = this.reachable(output.index, wrt);
    const gradients = new Array<T | undefined>(output.index + 1);
    gradients[output.index] = seed;
    for (let index = output.index; index >= 0; index--) {
      const arrived = gradients[index];
      if (arrived === undefined || !active[index]) continue;
      const node = this.nodes[index]!;
      const gradient = this.expand(arrived, ops.shape(node.value));
      gradients[index] = gradient;
      for (const { source, pull } of node.inputs) {
        if (!active[source.index]) continue;
        const part = pull(gradient);
        const sum = gradients[source.index];
        gradients[source.index] = sum === undefined ? part : ops.add(sum, part);
      }
    }
    return wrt.map((node) => gradients[node.index] ?? this.zeros(ops.shape(node.value)));
  }

  constant(values: Float64Array | Float32Array | readonly number[], shape: Shape): Var<T> {
    return this.record(this.ops.constant(values, shape), []);
  }

  shape(x: Var<T>): Shape {
    return this.ops.shape(x.value);
  }

  add(a: Var<T>, b: Var<T>): Var<T> {
    return this.record(this.ops.add(a.value, b.value), [this.broadcast(a, (g) => g), this.broadcast(b, (g) => g)]);
  }

  sub(a: Var<T>, b: Var<T>): Var<T> {
    const { ops } = this;
    return this.record(ops.sub(a.value, b.value), [this.broadcast(a, (g) => g), this.broadcast(b, (g) => ops.affine(g, -1, 0))]);
  }

  mul(a: Var<T>, b: Var<T>): Var<T> {
    const { ops } = this;
    return this.record(ops.mul(a.value, b.value), [
      this.broadcast(a, (g) => ops.mul(g, b.value)),
      this.broadcast(b, (g) => ops.mul(g, a.value)),
    ]);
  }

  div(a: Var<T>, b: Var<T>): Var<T> {
    const { ops } = this;
    const y = ops.div(a.value, b.value);
    return this.record(y, [
      this.broadcast(a, (g) => ops.div(g, b.value)),
      this.broadcast(b, (g) => ops.affine(ops.div(ops.mul(g, y), b.value), -1, 0)),
    ]);
  }

  affine(x: Var<T>, scale: number, shift: number): Var<T> {
    const { ops } = this;
    return this.record(ops.affine(x.value, scale, shift), [{ source: x, pull: (g) => ops.affine(g, scale, 0) }]);
  }

  unary(f: Unary, x: Var<T>): Var<T> {
    const { ops } = this;
    const y = ops.unary(f, x.value);
    const derivative = derivatives[f];
    return this.record(y, derivative ? [{ source: x, pull: (g) => ops.mul(g, derivative(ops, x.value, y)) }] : []);
  }

  matmul(a: Var<T>, b: Var<T>, options: MatmulOptions = {}): Var<T> {
    const { ops } = this;
    const { transposeA = false, transposeB = false } = options;
    const { sharedB } = matmulShape(this.shape(a), this.shape(b), options);
    // With C = op(A) op(B): the gradient by op(A) is G op(B)^T [m, k], the gradient by op(B) is op(A)^T G [k, n].
    const pullA = (g: T) => {
      if (!transposeA) return ops.matmul(g, b.value, { transposeB: !transposeB });
      if (sharedB) return swapped(ops, ops.matmul(g, b.value, { transposeB: !transposeB }));
      return ops.matmul(b.value, g, { transposeA: transposeB, transposeB: true });
    };
    const pullB = (g: T) => {
      // One matrix for a batch: the sum over the batch is one product of matrices with the batch stacked into their rows.
      const left = sharedB ? stacked(ops, transposeA ? swapped(ops, a.value) : a.value) : a.value;
      const right = sharedB ? stacked(ops, g) : g;
      const leftTransposed = transposeA && !sharedB;
      return transposeB
        ? ops.matmul(right, left, { transposeA: true, transposeB: leftTransposed })
        : ops.matmul(left, right, { transposeA: !leftTransposed });
    };
    return this.record(ops.matmul(a.value, b.value, options), [
      { source: a, pull: pullA },
      { source: b, pull: pullB },
    ]);
  }

  sum(x: Var<T>, axes: readonly number[]): Var<T> {
    // The gradient keeps its length-1 axes: it is expanded where it is used, often for free by another elementwise operation.
    return this.record(this.ops.sum(x.value, axes), [{ source: x, pull: (g) => g }]);
  }

  max(x: Var<T>, axes: readonly number[]): Var<T> {
    return this.record(this.ops.max(x.value, axes), []);
  }

  reshape(x: Var<T>, shape: Shape): Var<T> {
    const { ops } = this;
    return this.record(ops.reshape(x.value, shape), [{ source: x, pull: (g) => ops.reshape(g, this.shape(x)) }]);
  }

  transpose(x: Var<T>, permutation: readonly number[]): Var<T> {
    const { ops } = this;
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
    return this.record(ops.transpose(x.value, permutation), [{ source: x, pull: (g) => ops.transpose(g, inverse) }]);
  }

  slice(x: Var<T>, begin: readonly number[], size: readonly number[]): Var<T> {
    const y = this.ops.slice(x.value, begin, size);
    return this.record(y, [{ source: x, pull: (g) => this.padded(g, this.shape(x), begin) }]);
  }

  concat(parts: readonly Var<T>[], axis: number): Var<T> {
    const { ops } = this;
    const y = ops.concat(parts.map((part) => part.value), axis);
    let end = 0;
    const inputs = parts.map((source) => {
      const size = this.shape(source);
      const begin = size.map((_, i) => (i === axis ? end : 0));
      end += size[axis]!;
      return { source, pull: (g: T) => ops.slice(g, begin, size) };
    });
    return this.record(y, inputs);
  }

  gather(table: Var<T>, indices: Int32Array): Var<T> {
    return this.record(this.ops.gather(table.value, indices), [{ source: table, pull: (g) => this.scattered(g, this.shape(table), indices) }]);
  }

  private record(value: T, inputs: readonly Input<T>[]): Var<T> {
    const node = { value, index: this.nodes.length, inputs };
    this.nodes.push(node);
    this.made.push(value);
    return node;
  }

  private checkSeed(output: Var<T>, seed: T): void {
    const { ops } = this;
    if (sameShape(ops.shape(seed), ops.shape(output.value))) return;
    throw new Error(`gradient: a seed ${showShape(ops.shape(seed))} for an output ${showShape(ops.shape(output.value))}.`);
  }

  /** Which nodes up to `last` depend on one of `wrt`. */
  private reachable(last: number, wrt: readonly Var<T>[]): Uint8Array {
    const active = new Uint8Array(last + 1);
    for (const node of wrt) if (node.index <= last) active[node.index] = 1;
    for (let index = 0; index <= last; index++) {
      if (this.nodes[index]!.inputs.some(({ source }) => active[source.index])) active[index] = 1;
    }
    return active;
  }

  /** An input that may have been broadcast: its gradient is summed over the axes along which it was repeated. */
  private broadcast(source: Var<T>, pull: (gradient: T) => T): Input<T> {
    return { source, pull: (g) => this.unbroadcast(pull(g), this.shape(source)) };
  }

  private unbroadcast(gradient: T, shape: Shape): T {
    const { ops } = this;
    const from = ops.shape(gradient);
    if (sameShape(from, shape)) return gradient;
    const missing = from.length - shape.length;
    const axes = from.flatMap((length, axis) => (length !== 1 && (axis < missing || shape[axis - missing] === 1) ? [axis] : []));
    const summed = axes.length > 0 ? ops.sum(gradient, axes) : gradient;
    return missing > 0 ? ops.reshape(summed, shape) : summed;
  }

  private expand(gradient: T, shape: Shape): T {
    if (sameShape(this.ops.shape(gradient), shape)) return gradient;
    return this.ops.add(this.zeros(shape), gradient);
  }

  /** `gradient` at `begin` in zeros of `shape`. */
  private padded(gradient: T, shape: Shape, begin: readonly number[]): T {
    const { ops } = this;
    let result = gradient;
    for (let axis = 0; axis < shape.length; axis++) {
      const size = ops.shape(result);
      const before = begin[axis]!;
      const after = shape[axis]! - before - size[axis]!;
      const block = (length: number) => (length > 0 ? [this.zeros(size.map((own, i) => (i === axis ? length : own)))] : []);
      if (before + after > 0) result = ops.concat([...block(before), result, ...block(after)], axis);
    }
    return result;
  }

  /** Row i of `gradient` added to row indices[i] of zeros of `shape`. */
  private scattered(gradient: T, shape: Shape, indices: Int32Array): T {
    const { ops } = this;
    const rows = shape[0]!;
    const width = sizeOf(shape.slice(1));
    const flat = ops.reshape(gradient, [indices.length, width]);
    const counts = new Int32Array(rows);
    for (const row of indices) counts[row]!++;
    const most = counts.reduce((a, b) => Math.max(a, b), 0);
    if (most > 0 && rows * most * width <= indices.length * Math.max(4 * width, rows)) {
      // Each row gathers the gradients of its readers, and zeros where it has fewer than others: for windows of images, read about equally often.
      const readers = new Int32Array(rows * most).fill(indices.length);
      counts.fill(0);
      indices.forEach((row, i) => (readers[row * most + counts[row]!++] = i));
      const gathered = ops.gather(ops.concat([flat, this.zeros([1, width])], 0), readers);
      return ops.reshape(ops.sum(ops.reshape(gathered, [rows, most, width]), [1]), shape);
    }
    // A product with the one-hot matrix: for tables of which few rows are read.
    const oneHot = new Float32Array(indices.length * rows);
    indices.forEach((row, i) => (oneHot[i * rows + row] = 1));
    return ops.reshape(ops.matmul(ops.constant(oneHot, [indices.length, rows]), flat, { transposeA: true }), shape);
  }

  private zeros(shape: Shape): T {
    return this.ops.constant(new Float32Array(sizeOf(shape)), shape);
  }
}

/** The last two axes exchanged. */
function swapped<T>(ops: Ops<T>, x: T): T {
  const rank = ops.shape(x).length;
  const permutation = Array.from({ length: rank }, (_, axis) => axis);
  permutation.splice(rank - 2, 2, rank - 1, rank - 2);
  return ops.transpose(x, permutation);
}

/** [..., m, n] -> [rows, n] */
function stacked<T>(ops: Ops<T>, x: T): T {
  const shape = ops.shape(x);
  const n = shape[shape.length - 1]!;
  return ops.reshape(x, [sizeOf(shape.slice(0, -1)), n]);
}
