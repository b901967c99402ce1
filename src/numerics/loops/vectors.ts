/** What eigenvectors cost: reflectors and rotations applied, residuals taken. */
import { addScaled, dot } from '../vector';

export function applyRowReflectors(reflectors: Float64Array, taus: Float64Array, count: number, columns: number, x: Float64Array): void {
  for (let k = count - 1; k >= 0; k--) {
    const row = k * columns + k;
    const length = columns - k;
    addScaled(x, k, -taus[k]! * dot(reflectors, row, x, k, length), reflectors, row, length);
  }
}

export function applyPackedReflectors(reflectors: Float64Array, taus: Float64Array, n: number, x: Float64Array, xAt: number): void {
  for (let i = 1; i < n; i++) {
    const row = (i * (i + 1)) / 2;
    addScaled(x, xAt, -taus[i]! * dot(reflectors, row, x, xAt, i), reflectors, row, i);
  }
}

export function residualSquare(a: Float64Array, n: number, v: Float64Array, lambda: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const r = dot(a, i * n, v, 0, n) - lambda * v[i]!;
    sum += r * r;
  }
  return sum;
}

export function rotateRows(z: Float64Array, n: number, i: number, c: number, s: number): void {
  for (let k = i * n, end = k + n; k < end; k++) {
    const f = z[k + n]!;
    const x = z[k]!;
    z[k + n] = s * x + c * f;
    z[k] = c * x - s * f;
  }
}
