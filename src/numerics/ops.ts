/**
 * The tensor primitives: the one seam over which layers are written. A layer is a function over `Ops<T>`; T is a float64
 * tensor on the CPU, a float32 tensor on WebGPU, or a recorded variable of the tape (tape.ts) or a power series (jet.ts) over either of them.
 *
 * Shapes follow numpy: row-major, elementwise operations broadcast. A scalar has shape [].
 * Operations throw an Error whose sentence names both shapes when they do not fit.
 */

export type Shape = readonly number[];

/** Smooth and piecewise-linear functions of one variable. `step` is 1 where x > 0, else 0 (the derivative of relu). */
export type Unary = 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'tanh' | 'sigmoid' | 'erf' | 'relu' | 'step';

export interface MatmulOptions {
  transposeA?: boolean;
  transposeB?: boolean;
}

export interface Ops<T> {
  /** A tensor that holds a copy of the values. */
  constant(values: Float64Array | Float32Array | readonly number[], shape: Shape): T;
  shape(x: T): Shape;

  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  /** scale * x + shift */
  affine(x: T, scale: number, shift: number): T;
  unary(f: Unary, x: T): T;

  /**
   * Matrix product over the last two axes: [..., m, k] x [..., k, n] -> [..., m, n]. Leading axes are equal on both sides, or
   * `b` is a plain matrix shared by all of them.
   */
  matmul(a: T, b: T, options?: MatmulOptions): T;

  /** Sum over the axes, which stay with length 1. */
  sum(x: T, axes: readonly number[]): T;
  /** Maximum over the axes, which stay with length 1. It is a constant to the tape: use it only where the result cancels. */
  max(x: T, axes: readonly number[]): T;

  reshape(x: T, shape: Shape): T;
  transpose(x: T, permutation: readonly number[]): T;
  slice(x: T, begin: readonly number[], size: readonly number[]): T;
  concat(parts: readonly T[], axis: number): T;
  /** Rows of `table` [r, ...] by index -> [indices.length, ...]. */
  gather(table: T, indices: Int32Array): T;
}

/** A dense array on its way to a backend. */
export interface Stored {
  readonly values: Float64Array | Float32Array;
  readonly shape: Shape;
  /** They are the values of the transposed matrix. */
  readonly transposed?: boolean;
}

/** A tensor whose memory somebody owns; made and read only by the `TensorOps` it came from. */
export interface Tensor {
  readonly shape: Shape;
}

/** `Ops` over real memory. */
export interface TensorOps extends Ops<Tensor> {
  /** Unit roundoff of the arithmetic: 2^-53 or 2^-24. */
  readonly roundoff: number;
  /** A constant that may be kept as it is stored instead of being copied: nobody changes its values from now on. */
  weight(stored: Stored): Tensor;
  /** Values in row-major order. */
  read(x: Tensor): Promise<Float64Array>;
  /**
   * Runs `work` synchronously and frees every tensor that it made, except those in what it returns (a tensor, or arrays and
   * plain objects of tensors, nested).
   */
  scope<R>(work: () => R): R;
  dispose(...tensors: Tensor[]): void;
}
