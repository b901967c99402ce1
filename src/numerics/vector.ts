/** Dot product and its companions on slices of flat arrays; four partial sums, in a fixed order. */

/** Sum of a[ia + k] b[ib + k] over k < n. */
export function dot(a: Float64Array, ia: number, b: Float64Array, ib: number, n: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let k = 0;
  for (; k + 3 < n; k += 4) {
    s0 += a[ia + k]! * b[ib + k]!;
    s1 += a[ia + k + 1]! * b[ib + k + 1]!;
    s2 += a[ia + k + 2]! * b[ib + k + 2]!;
    s3 += a[ia + k + 3]! * b[ib + k + 3]!;
  }
  for (; k < n; k++) s0 += a[ia + k]! * b[ib + k]!;
  return s0 + s1 + (s2 + s3);
}

/** y[iy + k] += alpha x[ix + k] for k < n. */
export function addScaled(y: Float64Array, iy: number, alpha: number, x: Float64Array, ix: number, n: number): void {
  for (let k = 0; k < n; k++) y[iy + k]! += alpha * x[ix + k]!;
}

/** Divides x by its 2-norm, taken relative to its largest entry so that nothing overflows; returns the norm. Zero stays zero. */
export function normalize(x: Float64Array): number {
  let largest = 0;
  for (const v of x) largest = Math.max(largest, Math.abs(v));
  if (largest === 0) return 0;
  let sum = 0;
  for (const v of x) sum += (v / largest) ** 2;
  const norm = largest * Math.sqrt(sum);
  for (let i = 0; i < x.length; i++) x[i]! /= norm;
  return norm;
}
