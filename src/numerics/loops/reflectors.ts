/** Elementary reflectors, and the panels in which blocked updates read them. */
import { packPanels } from '../panels';
import { dot } from '../vector';

/** A sum of squares between these has lost nothing to the range of float64. */
const [SMALL, LARGE] = [2 ** -800, 2 ** 1000];

export function makeReflector(a: Float64Array, at: number, length: number, pivot: number, out: Float64Array): void {
  const x = a[at + pivot]!;
  a[at + pivot] = 0;
  const rest = dot(a, at, a, at, length);
  const sum = rest + x * x;
  const norm = rest > SMALL && sum < LARGE ? Math.sqrt(sum) : scaledNorm(a, at, length, x);
  if (norm === 0) {
    a[at + pivot] = 1;
    out[0] = 0;
    out[1] = x;
    return;
  }
  const beta = x > 0 ? -norm : norm;
  const scale = x - beta;
  for (let j = at; j < at + length; j++) a[j]! /= scale;
  a[at + pivot] = 1;
  out[0] = (beta - x) / beta;
  out[1] = beta;
}

/** The norm of a[at ...] and x together, relative to the largest entry; 0 where there is none but x. */
function scaledNorm(a: Float64Array, at: number, length: number, x: number): number {
  let largest = 0;
  for (let j = at; j < at + length; j++) largest = Math.max(largest, Math.abs(a[j]!));
  if (largest === 0) return 0;
  largest = Math.max(largest, Math.abs(x));
  const first = x / largest;
  let sum = first * first;
  for (let j = at; j < at + length; j++) {
    const part = a[j]! / largest;
    sum += part * part;
  }
  return largest * Math.sqrt(sum);
}

export function packRows(a: Float64Array, at: number, rows: number, stride: number, count: number, out: Float64Array): void {
  packPanels(out, a, at, 1, stride, count, rows);
}
