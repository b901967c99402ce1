/**
 * Factors whose Gram spectra span eighteen orders of magnitude and more, and those spectra to 25 digits (test/fixtures/make_graded.py,
 * which makes the same factors bit by bit and solves their exact Grams with 80 digits).
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Random } from '../../src/base/random';
import { transpose } from '../../src/numerics/transpose';

export interface GradedCase {
  /** Where the grades are: on the diagonal between two orthogonal matrices, on the columns, or on the rows. */
  readonly kind: 'two-sided' | 'columns' | 'rows';
  readonly rows: number;
  readonly columns: number;
  readonly seed: number;
  /** The values are rounded to float32. */
  readonly float32: boolean;
  /** So many neighbours have the same grade; the next grade is `ratio` times it. */
  readonly repeat: number;
  readonly ratio: number;
  /** The last entry of the factor. */
  readonly corner: string;
  readonly logDeterminant: string;
  /** Of X^T X, descending. */
  readonly eigenvalues: readonly string[];
}

const REFLECTIONS = 32;

export const gradedCases: readonly GradedCase[] = JSON.parse(readFileSync(resolve(import.meta.dirname, '../fixtures/graded/spectra.json'), 'utf8'));

export function gradedName({ kind, rows, columns, seed, float32, repeat }: GradedCase): string {
  return `${rows}x${columns} ${kind}${repeat > 1 ? `, clusters of ${repeat}` : ''}, ${float32 ? 'float32' : 'float64'}, seed ${seed}`;
}

/** X [rows, columns]. */
export function gradedFactor({ kind, rows, columns, seed, float32, repeat, ratio }: GradedCase): Float64Array {
  const random = new Random(seed);
  const signed = () => 2 * random.uniform() - 1;
  const grades: number[] = [];
  for (let j = 0; j < (kind === 'rows' ? rows : columns); j++) {
    grades.push(j === 0 ? 1 : j % repeat === 0 ? grades[j - 1]! * ratio : grades[j - 1]!);
  }
  let x = new Float64Array(rows * columns);
  if (kind === 'two-sided') {
    grades.forEach((g, j) => (x[j * columns + j] = g));
    for (const [along, across] of [[rows, columns], [columns, rows]] as const) {
      for (let k = 0; k < REFLECTIONS; k++) reflect(x, Float64Array.from({ length: along }, signed), across);
      x = transpose(x, along, across);
    }
  } else {
    for (let at = 0; at < x.length; at++) x[at] = signed();
    for (let at = 0; at < x.length; at++) x[at]! *= grades[kind === 'rows' ? Math.floor(at / columns) : at % columns]!;
  }
  return float32 ? Float64Array.from(Float32Array.from(x)) : x;
}

/** x := (I - 2 v v^T / v^T v) x for x [v.length, columns]; sums in order of their index. */
function reflect(x: Float64Array, v: Float64Array, columns: number): void {
  let square = 0;
  const t = new Float64Array(columns);
  v.forEach((a, i) => {
    square += a * a;
    for (let j = 0; j < columns; j++) t[j]! += a * x[i * columns + j]!;
  });
  v.forEach((a, i) => {
    const scaled = (2 / square) * a;
    for (let j = 0; j < columns; j++) x[i * columns + j]! -= scaled * t[j]!;
  });
}
