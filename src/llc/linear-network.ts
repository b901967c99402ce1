/** Two-layer linear networks on fixed data through its second moments: a pass over any number of samples costs as much as over one. */
import type { LossModel } from './loss-model';

export interface LinearData {
  readonly inputs: number;
  readonly outputs: number;
  readonly samples: number;
  /** X^T X / n [inputs, inputs], Y^T X / n [outputs, inputs] and trace(Y^T Y) / n. */
  readonly xx: Float64Array;
  readonly yx: Float64Array;
  readonly yy: number;
}

/** Second moments of x [n, inputs] and y [n, outputs], row-major. */
export function linearData(x: Float64Array, y: Float64Array, inputs: number, outputs: number): LinearData {
  const samples = x.length / inputs;
  const xx = new Float64Array(inputs * inputs);
  const yx = new Float64Array(outputs * inputs);
  let yy = 0;
  for (let s = 0; s < samples; s++) {
    for (let j = 0; j < inputs; j++) {
      const b = x[s * inputs + j]! / samples;
      for (let i = 0; i < inputs; i++) xx[i * inputs + j]! += x[s * inputs + i]! * b;
      for (let i = 0; i < outputs; i++) yx[i * inputs + j]! += y[s * outputs + i]! * b;
    }
    for (let i = 0; i < outputs; i++) yy += y[s * outputs + i]! ** 2 / samples;
  }
  return { inputs, outputs, samples, xx, yx, yy };
}

/**
 * y = W_2 W_1 x, loss_i = |W_2 W_1 x_i - y_i|^2 / 2. The weights are W_1 [hidden, inputs], then W_2 [outputs, hidden], row-major. With
 * P = W_2 W_1 the mean loss is (tr P S P^T - 2 tr P C^T + tr Y^T Y / n) / 2 with the moments S and C, and its gradient by P is P S - C.
 */
export function linearNetwork({ inputs, outputs, samples, xx, yx, yy }: LinearData, hidden: number): LossModel {
  const [M, H, N] = [inputs, hidden, outputs];
  const product = new Float64Array(N * M);
  const slope = new Float64Array(N * M);
  const evaluate = (w: Float64Array, gradient: Float64Array | null): number => {
    const second = H * M;
    product.fill(0);
    for (let i = 0; i < N; i++) {
      for (let h = 0; h < H; h++) {
        const a = w[second + i * H + h]!;
        for (let j = 0; j < M; j++) product[i * M + j]! += a * w[h * M + j]!;
      }
    }
    let twice = yy;
    for (let i = 0; i < N; i++) {
      const row = i * M;
      for (let j = 0; j < M; j++) slope[row + j] = -yx[row + j]!;
      for (let k = 0; k < M; k++) {
        const p = product[row + k]!;
        const s = k * M;
        for (let j = 0; j < M; j++) slope[row + j]! += p * xx[s + j]!;
      }
      for (let j = 0; j < M; j++) twice += product[row + j]! * (slope[row + j]! - yx[row + j]!);
    }
    if (gradient) {
      gradient.fill(0, 0, second);
      for (let i = 0; i < N; i++) {
        for (let h = 0; h < H; h++) {
          const a = w[second + i * H + h]!;
          let sum = 0;
          for (let j = 0; j < M; j++) {
            const d = slope[i * M + j]!;
            gradient[h * M + j]! += a * d;
            sum += d * w[h * M + j]!;
          }
          gradient[second + i * H + h] = sum;
        }
      }
    }
    return twice / 2;
  };
  return { dimension: H * (M + N), samples, passes: 1, evaluate: (w, gradient) => evaluate(w, gradient), loss: (w) => evaluate(w, null) };
}
