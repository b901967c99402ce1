/**
 * Singular values in double-double by one-sided Jacobi: an oracle that shares nothing with the product's route (no Gram, no Cholesky,
 * no bidiagonal form). Absolute error about 1e-30 of the largest, relative error 1e-12 above that.
 */
/** A matrix [rows, columns], row-major; `lo` holds what float64 cannot. */
export interface PairMatrix {
  rows: number;
  columns: number;
  hi: Float64Array;
  lo: Float64Array;
}

/** Columns whose cosine is below this are orthogonal. */
const ORTHOGONAL = 2e-15;
/** Columns below this fraction of the largest are rounding of the pairs. */
const NOTHING = 1e-29;

/** Descending, as many as the shorter side. */
export function exactSingularValues(matrix: PairMatrix): Float64Array {
  const [columns, length] = matrix.rows >= matrix.columns ? [matrix.columns, matrix.rows] : [matrix.rows, matrix.columns];
  const upright = matrix.rows >= matrix.columns;
  const at = (c: number, k: number) => (upright ? k * columns + c : c * length + k);
  const take = (values: Float64Array) =>
    Array.from({ length: columns }, (_, c) => Float64Array.from({ length }, (_, k) => values[at(c, k)]!));
  const [hi, lo] = [take(matrix.hi), take(matrix.lo)];
  const norm = (c: number) => Math.sqrt(dot(hi[c]!, hi[c]!));
  const nothing = NOTHING * Math.hypot(...hi.map((_, c) => norm(c)));
  for (let sweep = 0, rotated = true; rotated; sweep++) {
    if (sweep === 60) throw new Error('one-sided Jacobi did not converge');
    rotated = false;
    for (let p = 0; p < columns; p++) {
      for (let q = p + 1; q < columns; q++) {
        const [a, b] = [norm(p), norm(q)];
        if (a <= nothing || b <= nothing) continue;
        const g = dot(hi[p]!, hi[q]!);
        if (Math.abs(g) <= ORTHOGONAL * a * b) continue;
        rotated = true;
        const zeta = ((b - a) * (b + a)) / (2 * g);
        const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.hypot(1, zeta));
        rotate(hi[p]!, lo[p]!, hi[q]!, lo[q]!, tangent);
      }
    }
  }
  return Float64Array.from(hi, (_, c) => norm(c)).sort().reverse();
}

/** The exact error of s = fl(a + b) (Knuth). */
export function sumError(a: number, b: number, s: number): number {
  const t = s - a;
  return a - (s - t) + (b - t);
}

/** The exact error of p = fl(a * b) (Dekker), for |a|, |b| < 2^996. */
export function productError(a: number, b: number, p: number): number {
  const [c, d] = [134217729 * a, 134217729 * b];
  const [ah, bh] = [c - (c - a), d - (d - b)];
  const [al, bl] = [a - ah, b - bh];
  return ah * bh - p + ah * bl + al * bh + al * bl;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < x.length; k++) sum += x[k]! * y[k]!;
  return sum;
}

/** (x, y) := (c x - s y, s x + c y) with s = t c, c = 1 / sqrt(1 + t^2) to the pair's precision. */
function rotate(xh: Float64Array, xl: Float64Array, yh: Float64Array, yl: Float64Array, t: number): void {
  // c by one Newton step on 1 / sqrt(1 + t^2), in pairs.
  const square = t * t;
  const rest = productError(t, t, square);
  const w = 1 + square;
  const wl = sumError(1, square, w) + rest;
  const c0 = 1 / Math.sqrt(w);
  const p = c0 * c0;
  const pe = productError(c0, c0, p);
  const q = w * p;
  const residual = 1 - q - (productError(w, p, q) + w * pe + wl * p);
  const correction = (c0 * residual) / 2;
  const c = c0 + correction;
  const cl = correction - (c - c0);
  const s = c * t;
  const sl = productError(c, t, s) + cl * t;
  for (let k = 0; k < xh.length; k++) {
    const a = xh[k]!;
    const al = xl[k]!;
    const b = yh[k]!;
    const bl = yl[k]!;
    const ca = c * a;
    const sb = s * b;
    const sa = s * a;
    const cb = c * b;
    const x = ca - sb;
    const xe = sumError(ca, -sb, x) + (productError(c, a, ca) - productError(s, b, sb)) + (c * al + cl * a - s * bl - sl * b);
    const y = sa + cb;
    const ye = sumError(sa, cb, y) + (productError(s, a, sa) + productError(c, b, cb)) + (s * al + sl * a + c * bl + cl * b);
    xh[k] = x + xe;
    xl[k] = xe - (xh[k]! - x);
    yh[k] = y + ye;
    yl[k] = ye - (yh[k]! - y);
  }
}
