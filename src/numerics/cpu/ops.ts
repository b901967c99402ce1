/** `TensorOps` in float64 on the CPU: the reference that every other backend is measured against. */
import type { MatmulOptions, Shape, Stored, Tensor, TensorOps, Unary } from '../ops';
import { tensorsIn } from '../scoped';
import {
  broadcastShape,
  checkConstant,
  checkReshape,
  checkSlice,
  concatenatedShape,
  gatheredShape,
  matmulShape,
  reducedShape,
  showShape,
  sizeOf,
  transposedShape,
} from '../shape';
import { affine, type Binary, binary, reduce, unary } from './elementwise';
import { transpose as transposed } from '../transpose';
import { multiply, type MatrixView } from './matmul';
import type { Multiply } from './products';
import { giveArray, takeArray } from './storage';
import { forEachLine, mergedLoops, stridesOf } from './strides';

/** Values of one tensor, or of several that are reshapes of each other. They are never changed once made. */
class Shared {
  holders = 0;
  private own: Float64Array | null;

  /** @param made an array of `takeArray`, or a weight as it is stored */
  constructor(private readonly made: Float64Array | Stored) {
    this.own = made instanceof Float64Array ? made : null;
  }

  /** Row-major, in float64. */
  get values(): Float64Array {
    return (this.own ??= inFloat64(this.made as Stored));
  }

  /** As they are stored. */
  get stored(): Stored | null {
    return this.made instanceof Float64Array ? null : this.made;
  }

  free(): void {
    if (this.own) giveArray(this.own);
  }
}

function inFloat64({ values, shape, transposed: turned }: Stored): Float64Array {
  const own = takeArray(values.length);
  own.set(turned ? transposed(values, shape[1]!, shape[0]!) : values);
  return own;
}

/** Tensors made since the innermost scope began; null outside of all. */
let open: CpuTensor[] | null = null;

class CpuTensor implements Tensor {
  private shared: Shared | null;

  constructor(
    made: Float64Array | Stored | Shared,
    readonly shape: Shape,
  ) {
    this.shared = made instanceof Shared ? made : new Shared(made);
    this.shared.holders++;
    open?.push(this);
  }

  /** Throws where it was disposed of: its array may hold other values by now. */
  get owner(): Shared {
    if (!this.shared) throw new Error(`A tensor ${showShape(this.shape)} was used after it was disposed of.`);
    return this.shared;
  }

  dispose(): void {
    if (this.shared && --this.shared.holders === 0) this.shared.free();
    this.shared = null;
  }
}

function sharedOf(x: Tensor): Shared {
  if (!(x instanceof CpuTensor)) throw new Error(`A tensor ${showShape(x.shape)} of another backend was handed to the CPU.`);
  return x.owner;
}

/** The values of a tensor of `cpuOps`, row-major, not copied: for kernels that only read, before the tensor is disposed of. */
export function cpuValues(x: Tensor): Float64Array {
  return sharedOf(x).values;
}

/** Holds the values of tensors that may be disposed of while `work` reads them. */
export async function whileHeld<R>(tensors: readonly Tensor[], work: () => Promise<R>): Promise<R> {
  const held = tensors.map((x) => new CpuTensor(sharedOf(x), x.shape));
  try {
    return await work();
  } finally {
    for (const tensor of held) tensor.dispose();
  }
}

/** @param product multiplies matrices here, or with the help of others; the bits are the same. */
export function cpuOps(product: Multiply = multiply): TensorOps {
  return {
    roundoff: 2 ** -53,
    constant: (values, shape) => {
      checkConstant(values.length, shape);
      const own = takeArray(values.length);
      own.set(values);
      return new CpuTensor(own, [...shape]);
    },
    weight: (stored) => {
      checkConstant(stored.values.length, stored.shape);
      return new CpuTensor(stored, [...stored.shape]);
    },
    shape: (x) => x.shape,
    add: (a, b) => elementwise('add', a, b),
    sub: (a, b) => elementwise('sub', a, b),
    mul: (a, b) => elementwise('mul', a, b),
    div: (a, b) => elementwise('div', a, b),
    affine: (x, scale, shift) => new CpuTensor(affine(cpuValues(x), scale, shift), x.shape),
    unary: (f: Unary, x) => new CpuTensor(unary(f, cpuValues(x)), x.shape),
    matmul: (a, b, options) => matmul(product, a, b, options),
    sum: (x, axes) => reduced('sum', x, axes),
    max: (x, axes) => reduced('max', x, axes),
    reshape: (x, shape) => {
      checkReshape(x.shape, shape);
      return new CpuTensor(sharedOf(x), [...shape]);
    },
    transpose,
    slice,
    concat,
    gather,
    read: async (x) => cpuValues(x).slice(),
    scope,
    dispose: (...tensors) => {
      for (const tensor of tensors) if (tensor instanceof CpuTensor) tensor.dispose();
    },
  };
}

/** See TensorOps.scope. */
function scope<R>(work: () => R): R {
  const outer = open;
  const made: CpuTensor[] = (open = []);
  const kept = new Set<CpuTensor>();
  try {
    const result = work();
    for (const tensor of tensorsIn(result, (value) => value instanceof CpuTensor)) kept.add(tensor);
    return result;
  } finally {
    open = outer;
    for (const tensor of made) {
      if (kept.has(tensor)) outer?.push(tensor);
      else tensor.dispose();
    }
  }
}

function elementwise(op: Binary, a: Tensor, b: Tensor): Tensor {
  const shape = broadcastShape(op, a.shape, b.shape);
  return new CpuTensor(binary(op, cpuValues(a), a.shape, cpuValues(b), b.shape, shape), shape);
}

function reduced(op: 'sum' | 'max', x: Tensor, axes: readonly number[]): Tensor {
  const shape = reducedShape(op, x.shape, axes);
  return new CpuTensor(reduce(op, cpuValues(x), x.shape, shape), shape);
}

function matmul(product: Multiply, a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { batch, m, k, n, sharedB } = matmulShape(a.shape, b.shape, options);
  const { transposeA = false, transposeB = false } = options;
  const count = sizeOf(batch);
  const out = takeArray(count * m * n);
  const left = { values: cpuValues(a), offset: 0, rowStride: transposeA ? 1 : k, columnStride: transposeA ? m : 1 };
  const right = viewOf(b, k, n, transposeB);
  if (sharedB && !transposeA) product(left, right, out, 0, count * m, k, n);
  else {
    for (let i = 0; i < count; i++) {
      const block = { ...right, offset: sharedB ? 0 : i * k * n };
      product({ ...left, offset: i * m * k }, block, out, i * m * n, m, k, n);
    }
  }
  return new CpuTensor(out, [...batch, m, n]);
}

/** B [k, n], of B^T where `flipped`, as it is stored where that is a matrix. */
function viewOf(b: Tensor, k: number, n: number, flipped: boolean): MatrixView {
  const { stored } = sharedOf(b);
  const asStored = stored && (!stored.transposed || (b.shape.length === 2 && b.shape[0] === stored.shape[0]));
  const turned = asStored && stored.transposed ? !flipped : flipped;
  return { values: asStored ? stored.values : cpuValues(b), offset: 0, rowStride: turned ? 1 : n, columnStride: turned ? k : 1 };
}

/** Copies `shape` values of `values`, read from `offset` on with `strides`, into row-major order. */
function gathered(values: Float64Array, offset: number, shape: Shape, strides: readonly number[]): Float64Array {
  const out = takeArray(sizeOf(shape));
  const loops = mergedLoops(shape, [stridesOf(shape), strides]);
  const n = loops.lengths.at(-1)!;
  const stride = loops.strides[1]!.at(-1)!;
  forEachLine(loops, ([o, p]) => {
    let from = offset + p!;
    if (stride === 1) out.set(values.subarray(from, from + n), o!);
    else for (let i = 0; i < n; i++, from += stride) out[o! + i] = values[from]!;
  });
  return out;
}

function transpose(x: Tensor, permutation: readonly number[]): Tensor {
  const shape = transposedShape(x.shape, permutation);
  const strides = stridesOf(x.shape);
  return new CpuTensor(gathered(cpuValues(x), 0, shape, permutation.map((axis) => strides[axis]!)), shape);
}

function slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor {
  checkSlice(x.shape, begin, size);
  const strides = stridesOf(x.shape);
  const offset = begin.reduce((sum, start, axis) => sum + start * strides[axis]!, 0);
  return new CpuTensor(gathered(cpuValues(x), offset, size, strides), [...size]);
}

function concat(parts: readonly Tensor[], axis: number): Tensor {
  const shape = concatenatedShape(parts.map((part) => part.shape), axis);
  const out = takeArray(sizeOf(shape));
  const line = sizeOf(shape.slice(axis));
  let start = 0;
  for (const part of parts) {
    const values = cpuValues(part);
    const length = sizeOf(part.shape.slice(axis));
    for (let from = 0, to = start; from < values.length; from += length, to += line) {
      out.set(values.subarray(from, from + length), to);
    }
    start += length;
  }
  return new CpuTensor(out, shape);
}

function gather(table: Tensor, indices: Int32Array): Tensor {
  const shape = gatheredShape(table.shape, indices);
  const { stored } = sharedOf(table);
  const values = stored && !stored.transposed ? stored.values : cpuValues(table);
  const row = sizeOf(shape.slice(1));
  const out = takeArray(indices.length * row);
  indices.forEach((index, i) => out.set(values.subarray(index * row, (index + 1) * row), i * row));
  return new CpuTensor(out, shape);
}
