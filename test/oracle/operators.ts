/** Operators with a known spectrum and scattered eigenvectors, applied fast. */
import { Random } from '../../src/base/random';
import type { BlockOperator } from '../../src/numerics/types';

/** S H D H S / n for Hadamard's H and random signs S: eigenvalues d, n a power of two. */
export function hadamardOperator(d: ArrayLike<number>, seed: number): BlockOperator {
  const n = d.length;
  const random = new Random(seed).split('signs');
  const signs = Float64Array.from({ length: n }, () => (random.bits() & 1 ? 1 : -1));
  const scale = (x: Float64Array, factor: (j: number) => number) => {
    for (let j = 0; j < n; j++) {
      const f = factor(j);
      for (let l = 0; l < 4; l++) x[4 * j + l]! *= f;
    }
  };
  return {
    dimension: n,
    *apply(v, image) {
      image.set(v);
      scale(image, (j) => signs[j]!);
      walsh(image);
      scale(image, (j) => d[j]! / n);
      walsh(image);
      scale(image, (j) => signs[j]!);
    },
  };
}

/** x [n, 4] becomes H x. */
function walsh(x: Float64Array): void {
  for (let h = 4; h < x.length; h *= 2) {
    for (let i = 0; i < x.length; i += 2 * h) {
      for (let j = i; j < i + h; j++) {
        const [a, b] = [x[j]!, x[j + h]!];
        x[j] = a + b;
        x[j + h] = a - b;
      }
    }
  }
}

/** n values from 1 to 10^-orders, evenly spaced on a log axis. */
export function logUniform(n: number, orders: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => 10 ** ((-orders * i) / (n - 1)));
}

/** The four spectra on which plain stochastic quadrature of log det+ fails, and two that tempt: a lone small value, and a full one. */
export function gradedSpectra(n: number): Record<string, Float64Array> {
  const half = logUniform(n / 2, 3);
  return {
    'to 1e-6': logUniform(n, 6),
    'to 1e-12': logUniform(n, 12),
    'to 1e-18': logUniform(n, 18),
    'half zeros': Float64Array.from({ length: n }, (_, i) => half[i] ?? 0),
    'one at 1e-10, the rest ones': Float64Array.from({ length: n }, (_, i) => (i < n - 1 ? 1 : 1e-10)),
    'to 1e-2': logUniform(n, 2),
  };
}
