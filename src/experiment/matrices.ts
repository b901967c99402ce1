/** Small dense matrices for constructed weights: row-major arrays. */
import type { Random } from '../base/random';

/** A [m, k] B [k, n]. */
export function times(a: Float64Array, b: Float64Array, m: number, k: number, n: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) for (let l = 0; l < k; l++) for (let j = 0; j < n; j++) out[i * n + j]! += a[i * k + l]! * b[l * n + j]!;
  return out;
}

export function identity(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
}

/** Uniform over orthogonal matrices [n, n] up to signs: Gram-Schmidt, done twice, on normal rows. */
export function randomOrthogonal(random: Random, n: number): Float64Array {
  const q = random.normals(n * n);
  for (let i = 0; i < n; i++) {
    const row = q.subarray(i * n, (i + 1) * n);
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < i; k++) {
        const other = q.subarray(k * n, (k + 1) * n);
        const along = row.reduce((sum, x, j) => sum + x * other[j]!, 0);
        row.forEach((x, j) => (row[j] = x - along * other[j]!));
      }
    }
    const size = Math.hypot(...row);
    row.forEach((x, j) => (row[j] = x / size));
  }
  return q;
}

export interface Invertible {
  readonly size: number;
  readonly matrix: Float64Array;
  readonly inverse: Float64Array;
}

/** P diag(s) Q with orthogonal P, Q and s uniform in [least, most]. */
export function randomInvertible(random: Random, n: number, least: number, most: number): Invertible {
  const [p, q] = [randomOrthogonal(random, n), randomOrthogonal(random, n)];
  const s = Float64Array.from({ length: n }, () => least + (most - least) * random.uniform());
  const matrix = times(p.map((x, i) => x * s[i % n]!), q, n, n, n);
  const inverse = times(transposed(q, n, n).map((x, i) => x / s[i % n]!), transposed(p, n, n), n, n, n);
  return { size: n, matrix, inverse };
}

export function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  return Float64Array.from({ length: a.length }, (_, k) => a[(k % rows) * columns + Math.floor(k / rows)]!);
}

/** Zeros [rows, columns] with one row, or one column, of values. */
export function withRow(rows: number, columns: number, row: number, values: ArrayLike<number>): Float64Array {
  const out = new Float64Array(rows * columns);
  out.set(values, row * columns);
  return out;
}

export function withColumn(rows: number, columns: number, column: number, values: ArrayLike<number>): Float64Array {
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) out[i * columns + column] = values[i]!;
  return out;
}

/** u v^T. */
export function outer(u: ArrayLike<number>, v: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: u.length * v.length }, (_, k) => u[Math.floor(k / v.length)]! * v[k % v.length]!);
}
