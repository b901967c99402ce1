/** The least direction of a covariance against gamma^-1, in float64 and in float32. */
import { breathe } from '../../base/breathe';
import { nearNullSteps } from '../../numerics/near-null';
import type { Gram } from '../../numerics/types';
import { runBreathing } from '../../numerics/stepwise';
import { symmetricEigenSteps } from '../../numerics/symmetric-eigen';
import { normalize } from '../../numerics/vector';

export interface Bottom {
  /** |cosine| of the eigenvector of the smallest eigenvalue with the reference, and the angle between their lines in radians. */
  readonly cosine: number;
  readonly angle: number;
  /** The smallest eigenvalue, and the one above it. */
  readonly value: number;
  readonly next: number;
}

/** Of gram / rows, by the product's own small pairs: double-double vectors. */
export async function bottomOf(gram: Gram, reference: Float64Array, signal: AbortSignal): Promise<Bottom> {
  const { pairs } = await runBreathing(nearNullSteps(gram, 2, { isolate: false }), signal);
  const [least, next] = pairs as [(typeof pairs)[0], (typeof pairs)[0]];
  return { ...against(least.vector.hi, reference), value: least.value.hi, next: next.value.hi };
}

/** Of a covariance that float32 made: the eigenproblem itself in float64, so that nothing but the covariance is at fault. */
export async function bottomOfFloat32(taps: Float64Array, rows: number, width: number, reference: Float64Array, signal: AbortSignal): Promise<Bottom> {
  const covariance = await float32Covariance(taps, rows, width, signal);
  const { values, vectors } = await runBreathing(symmetricEigenSteps(covariance, width, { vectors: true }), signal);
  return { ...against(vectors!.subarray((width - 1) * width), reference), value: values[width - 1]!, next: values[width - 2]! };
}

function against(vector: ArrayLike<number>, reference: Float64Array): Pick<Bottom, 'cosine' | 'angle'> {
  const [v, g] = [Float64Array.from(vector), reference.slice()];
  normalize(v);
  normalize(g);
  const cosine = v.reduce((sum, x, i) => sum + x * g[i]!, 0);
  // From the part that is left over: 1 - cosine would lose small angles.
  const sine = Math.hypot(...v.map((x, i) => x - cosine * g[i]!));
  return { cosine: Math.min(1, Math.abs(cosine)), angle: Math.asin(Math.min(1, sine)) };
}

/** X^T X / rows with entries, products and sums rounded to float32; sums over blocks of 64 rows, then over blocks, as libraries do. */
export async function float32Covariance(taps: Float64Array, rows: number, width: number, signal: AbortSignal): Promise<Float64Array> {
  const x = Float32Array.from(taps);
  const total = new Float32Array(width * width);
  const block = new Float32Array(width * width);
  for (let from = 0; from < rows; from += BLOCK) {
    block.fill(0);
    for (let r = from; r < Math.min(from + BLOCK, rows); r++) {
      for (let i = 0; i < width; i++) {
        const xi = x[r * width + i]!;
        for (let j = 0; j <= i; j++) block[i * width + j] = block[i * width + j]! + Math.fround(xi * x[r * width + j]!);
      }
    }
    for (let k = 0; k < total.length; k++) total[k] = total[k]! + block[k]!;
    await breathe(signal);
  }
  return Float64Array.from(total, (sum, k) => {
    const [i, j] = [Math.floor(k / width), k % width];
    return Math.fround((i >= j ? sum : total[j * width + i]!) / rows);
  });
}

const BLOCK = 64;
