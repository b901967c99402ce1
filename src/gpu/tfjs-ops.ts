/**
 * `TensorOps` in float32 by tfjs on the device that our kernels use too. tfjs' own gradients are never used (tape.ts), and
 * what it does by chance of size (CPU forwarding, split-K sums in changing order) is switched off: equal inputs give equal bits.
 */
import * as tf from '@tensorflow/tfjs-core';
import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { MatmulOptions, Shape, Tensor, TensorOps, Unary } from '../numerics/ops';
import { tensorsIn } from '../numerics/scoped';
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
  transposedShape,
} from '../numerics/shape';
import { transpose as transposedMatrix } from '../numerics/transpose';
import { reduceAxes, type Reduction } from './axis-reduce';
import type { OpenedDevice } from './device';
import { GpuLostError } from './kernel-queue';

/** A copy of a tensor's values, float32 row-major, for our own kernels. Whoever asked for it releases it. */
export interface TensorBuffer {
  /** STORAGE | COPY_SRC | COPY_DST, exactly as long as the values. tfjs' work on it is submitted before this is returned. */
  readonly buffer: GPUBuffer;
  /** Gives the buffer back to tfjs' pool: after the work that reads it was submitted. */
  release(): void;
}

export interface TfjsOps extends TensorOps {
  bufferOf(x: Tensor): TensorBuffer;
  /** Frees every tensor and buffer; the device stays, its owner is elsewhere. */
  disposeBackend(): void;
}

/** The name under which tfjs' kernels are registered; the backend itself is made anew for each device. */
const name = 'webgpu';

/** tfjs' shaders index at most this many axes. */
const maximumRank = 6;

/** MatMulProgramType.MatMulPackedProgram of the backend's webgpu_util: the one that sums in a fixed order for every shape. */
const packedMatmul = 3;

/** The engine of tfjs is global: two backends at once would share it, and move tensors between them by synchronous reads. */
let live = false;

/** Needs `navigator.gpu` (in Node: dawn.ts). At most one is alive at a time. */
export async function tfjsOps(opened: OpenedDevice): Promise<TfjsOps> {
  if (live) throw new Error('tfjs already runs on a device: dispose that backend first.');
  live = true;
  tf.env().set('WEBGPU_CPU_FORWARD', false);
  tf.env().set('WEBGPU_MATMUL_PROGRAM_TYPE', packedMatmul);
  const backend = new WebGPUBackend(opened.device, opened.info);
  if (tf.findBackendFactory(name)) tf.removeBackend(name);
  tf.registerBackend(name, () => backend);
  if (!(await tf.setBackend(name))) {
    live = false;
    throw new Error(`tfjs did not start on ${opened.description}.`);
  }
  let disposed = false;
  return {
    ...primitives,
    sum: (x, axes) => reduced(backend, 'sum', x, axes),
    max: (x, axes) => reduced(backend, 'max', x, axes),
    bufferOf: (x) => {
      const tensor = own(x);
      // tfjs 4.22 uploads a constant when an operation first uses it, and refuses to copy it before.
      backend.uploadToGPU(tensor.dataId);
      const { tensorRef, buffer } = tensor.dataToGPU();
      return { buffer: buffer!, release: () => tensorRef.dispose() };
    },
    disposeBackend: () => {
      if (disposed) return;
      disposed = true;
      live = false;
      tf.removeBackend(name);
    },
  };
}

function own(x: Tensor): tf.Tensor {
  if (!(x instanceof tf.Tensor)) throw new Error(`A tensor ${showShape(x.shape)} of another backend was handed to WebGPU.`);
  return x;
}

function checkRank(operation: string, shape: Shape): void {
  if (shape.length > maximumRank) {
    throw new Error(`${operation}: ${showShape(shape)} has more than the ${maximumRank} axes that WebGPU tensors may have.`);
  }
}

const binary = (operation: 'add' | 'sub' | 'mul' | 'div') => (a: Tensor, b: Tensor) => {
  broadcastShape(operation, a.shape, b.shape);
  return tf[operation](own(a), own(b));
};

function reduced(backend: WebGPUBackend, operation: Reduction, x: Tensor, axes: readonly number[]): Tensor {
  reducedShape(operation, x.shape, axes);
  return reduceAxes(backend, operation, own(x), axes);
}

const functions: Record<Unary, (x: tf.Tensor) => tf.Tensor> = {
  exp: tf.exp,
  log: tf.log,
  sqrt: tf.sqrt,
  reciprocal: tf.reciprocal,
  tanh: tf.tanh,
  sigmoid: tf.sigmoid,
  // Abramowitz & Stegun 7.1.26: within 1.5e-7, which is 2.5 units of roundoff.
  erf: tf.erf,
  relu: tf.relu,
  step: (x) => tf.step(x, 0),
};

function constant(values: Float64Array | Float32Array | readonly number[], shape: Shape): Tensor {
  checkConstant(values.length, shape);
  checkRank('constant', shape);
  // Always a copy: tfjs keeps the array that it is given until it uploads it.
  return tf.tensor(Float32Array.from(values), [...shape], 'float32');
}

const primitives: Omit<TensorOps, Reduction> = {
  roundoff: 2 ** -24,
  constant,
  weight: ({ values, shape, transposed }) => constant(transposed ? transposedMatrix(values, shape[1]!, shape[0]!) : values, shape),
  shape: (x) => x.shape,
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  affine: (x, scale, shift) =>
    tf.tidy(() => {
      const scaled = scale === 1 ? own(x) : tf.mul(own(x), scale);
      return shift === 0 && scale !== 1 ? scaled : tf.add(scaled, shift);
    }),
  unary: (f, x) => functions[f](own(x)),
  matmul,
  reshape: (x, shape) => {
    checkReshape(x.shape, shape);
    checkRank('reshape', shape);
    return tf.reshape(own(x), [...shape]);
  },
  transpose: (x, permutation) => {
    transposedShape(x.shape, permutation);
    return tf.transpose(own(x), [...permutation]);
  },
  slice: (x, begin, size) => {
    checkSlice(x.shape, begin, size);
    return x.shape.length === 0 ? tf.clone(own(x)) : tf.slice(own(x), [...begin], [...size]);
  },
  concat: (parts, axis) => {
    concatenatedShape(parts.map((part) => part.shape), axis);
    return tf.concat(parts.map(own), axis);
  },
  gather: (table, indices) => {
    checkRank('gather', gatheredShape(table.shape, indices));
    return tf.tidy(() => tf.gather(own(table), tf.tensor1d(indices.slice(), 'int32'), 0));
  },
  read: async (x) => {
    try {
      return Float64Array.from(await own(x).data());
    } catch (error) {
      // A lost device rejects with AbortError, which elsewhere means that the person pressed Cancel.
      const lost = error instanceof Error && error.name === 'AbortError';
      throw lost ? new GpuLostError('The GPU device was lost while a result was read.') : error;
    }
  },
  scope: (work) => {
    let result: ReturnType<typeof work> | undefined;
    tf.tidy(() => {
      result = work();
      return tensorsIn(result, (value) => value instanceof tf.Tensor);
    });
    return result as ReturnType<typeof work>;
  },
  dispose: (...tensors) => tf.dispose(tensors.map(own)),
};

function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { batch, m, k, n, sharedB } = matmulShape(a.shape, b.shape, options);
  const { transposeA = false, transposeB = false } = options;
  if (!sharedB) return tf.matMul(own(a), own(b), transposeA, transposeB);
  // tfjs broadcasts a shared matrix only sometimes, so the batch is stacked into the rows of one product.
  return tf.tidy(() => {
    const rows = transposeA ? tf.transpose(own(a), lastSwapped(a.shape.length)) : own(a);
    const stacked = tf.reshape(rows, [batch.reduce((size, length) => size * length, m), k]);
    return tf.reshape(tf.matMul(stacked, own(b) as tf.Tensor2D, false, transposeB), [...batch, m, n]);
  });
}

function lastSwapped(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis));
}
