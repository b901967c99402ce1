/** What the science asks of a numeric backend, and what it gets back. Everything except `Numerics` is plain data. */
import type { Tensor, TensorOps } from './ops';
import type { Steps } from './stepwise';

/**
 * Sum of outer products of rows, G = sum_i x_i x_i^T [d, d], not yet divided by the number of rows. `hi + lo` is an unevaluated
 * double-double pair (about 106 bits); `lo` is null where the maker had no more than `hi`.
 */
export interface Gram {
  readonly dimension: number;
  /** How many rows x_i were summed. */
  readonly rows: number;
  /** Row-major [d, d], symmetric. */
  readonly hi: Float64Array;
  readonly lo: Float64Array | null;
  /** Unit roundoff of the arithmetic that summed it: 2^-24 (float32 kernel), 2^-53, or 2^-104 (hi + lo). */
  readonly roundoff: number;
  /**
   * SHA-256, hexadecimal, of the integers of which this is the value (exact/integer-gram.ts): equal on every machine that had the same
   * rows. Of a sum of such Grams, SHA-256 of the digests in the order of addition. Null where it was summed with rounding.
   */
  readonly digest: string | null;
}

/** Eigenvalues of a symmetric positive semidefinite matrix. */
export interface EigenResult {
  /** Descending. */
  readonly values: Float64Array;
  /** |G v - lambda v|_2 for each pair that was checked, NaN for the rest; same length as `values`. */
  readonly residuals: Float64Array;
  /** How they were found, in words for a report: 'double-double Cholesky + bidiagonal SVD', 'Householder + QL', 'Lanczos'. */
  readonly method: string;
  /** Unit roundoff of the route: an eigenvalue is known to about dimension * roundoff * lambda_max in absolute terms. */
  readonly roundoff: number;
  readonly covers: 'all' | 'head';
}

/** A symmetric positive semidefinite operator that can only be applied, to four vectors side by side (lanes.ts). */
export interface BlockOperator {
  readonly dimension: number;
  /** image = A v, both [dimension, 4]; pauses between short steps. */
  apply(v: Float64Array, image: Float64Array): Steps<void>;
}

/** A numeric backend: tensors for the layers, and the kernels that turn taps into matrices. */
export interface Numerics {
  readonly name: 'cpu-f64' | 'webgpu';
  /** What runs it, for the report: 'CPU float64, WebAssembly SIMD' or the adapter's description. */
  readonly device: string;
  readonly ops: TensorOps;
  /** G = X^T X of a tap [n, d]. */
  gram(x: Tensor, signal?: AbortSignal): Promise<Gram>;
  /**
   * Parameter-gradient Gram of one dense layer, K_ij = sum_{t,s} (a_it . a_js)(delta_it . delta_js) [n, n], without the
   * n x p x q gradients being held; a [n * T, p], delta [n * T, q], `positions` = T. `rows` of the result is n. (Paper A; science.md, objects.)
   */
  fisherGram(a: Tensor, delta: Tensor, positions: number, signal?: AbortSignal): Promise<Gram>;
  dispose(): void;
}

/** The float64 decompositions; inline in Node and tests, a pool of workers in the page. */
export interface Solver {
  /** `residuals: false` skips the eigenvectors that residuals need (jackknife folds); they are then NaN. */
  eigenvalues(gram: Gram, options?: { residuals?: boolean; signal?: AbortSignal }): Promise<EigenResult>;
}
