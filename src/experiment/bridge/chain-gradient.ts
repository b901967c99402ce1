/** Gradients of half the mean squared error of a deep linear network: they need the second moments of the data only. */
import { multiply, type MatrixView } from '../../numerics/cpu/matmul';

export class ChainGradient {
  private readonly size: number;
  /** W_1, W_2 W_1, ... : the maps from the input to each layer. */
  private readonly below: Float64Array;
  private readonly above: Float64Array;
  private readonly next: Float64Array;

  constructor(
    readonly depth: number,
    readonly width: number,
  ) {
    this.size = width * width;
    this.below = new Float64Array(depth * this.size);
    this.above = new Float64Array(this.size);
    this.next = new Float64Array(this.size);
  }

  /**
   * out_l = (W_L .. W_{l+1})^T (P S - C) (W_{l-1} .. W_1)^T of loss E|P x - y|^2 / 2, P = W_L .. W_1, with the moments S = E[x x^T] and
   * C = E[y x^T] of all data or of a batch; weights and out [depth, width, width].
   */
  at(weights: Float64Array, covariance: Float64Array, cross: Float64Array, out: Float64Array): void {
    const { depth, width: n, size, below } = this;
    below.set(weights.subarray(0, size));
    for (let l = 1; l < depth; l++) multiply(plain(weights, l * size, n), plain(below, (l - 1) * size, n), below, l * size, n, n, n);
    let { above, next } = this;
    multiply(plain(below, (depth - 1) * size, n), plain(covariance, 0, n), above, 0, n, n, n);
    for (let k = 0; k < size; k++) above[k]! -= cross[k]!;
    for (let l = depth - 1; l > 0; l--) {
      multiply(plain(above, 0, n), turned(below, (l - 1) * size, n), out, l * size, n, n, n);
      multiply(turned(weights, l * size, n), plain(above, 0, n), next, 0, n, n, n);
      [above, next] = [next, above];
    }
    out.set(above);
  }
}

const plain = (values: Float64Array, offset: number, n: number): MatrixView => ({ values, offset, rowStride: n, columnStride: 1 });
const turned = (values: Float64Array, offset: number, n: number): MatrixView => ({ values, offset, rowStride: 1, columnStride: n });
