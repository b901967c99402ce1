/** Elementary reflectors H = I - tau v v^T. */

export interface Reflector {
  readonly tau: number;
  /** What the pivot of x becomes. */
  readonly beta: number;
}

/**
 * Replaces x = a[at .. at + length) by v such that H x = beta e_pivot and v_pivot = 1; `pivot` counts from `at`.
 * Norms are taken relative to the largest entry, so tiny rows of a graded matrix keep their digits.
 */
export function makeReflector(a: Float64Array, at: number, length: number, pivot: number): Reflector {
  const x = a[at + pivot]!;
  a[at + pivot] = 0;
  let largest = 0;
  for (let j = at; j < at + length; j++) largest = Math.max(largest, Math.abs(a[j]!));
  a[at + pivot] = 1;
  if (largest === 0) return { tau: 0, beta: x };
  largest = Math.max(largest, Math.abs(x));
  let sum = (x / largest) ** 2;
  for (let j = at; j < at + length; j++) if (j !== at + pivot) sum += (a[j]! / largest) ** 2;
  const norm = largest * Math.sqrt(sum);
  const beta = x > 0 ? -norm : norm;
  const scale = x - beta;
  for (let j = at; j < at + length; j++) a[j]! /= scale;
  a[at + pivot] = 1;
  return { tau: (beta - x) / beta, beta };
}
