/**
 * Vectors of double-double pairs. A sum of n products a_i b_i is off by at most (n + 16) 2^-104 sum |a_i b_i|: with u = 2^-53 a step
 * rounds its product to 7 u^2 |a_i b_i| and its sums to 3 u^2 of the sum so far and 7 u^2 |a_i b_i|, together (3 n + 14) u^2.
 */
import { SPLITTER, ddDiv, ddMul, ddSqrt, productError, sumError } from './double-double';
import type { DoubleDouble } from './double-double';

export interface Pairs {
  readonly hi: Float64Array;
  readonly lo: Float64Array;
}

/** For n terms; times the sum of their magnitudes. */
export const sumRoundoff = (n: number): number => (n + 16) * 2 ** -104;

export function zeroPairs(n: number): Pairs {
  return { hi: new Float64Array(n), lo: new Float64Array(n) };
}

export function pairAt(x: Pairs, i: number): DoubleDouble {
  return { hi: x.hi[i]!, lo: x.lo[i]! };
}

/** start + the sum of a[ia + k] b[ib + k] over k < n. */
export function pairDot(a: Pairs, ia: number, b: Pairs, ib: number, n: number, start: DoubleDouble = { hi: 0, lo: 0 }): DoubleDouble {
  let { hi, lo } = start;
  for (let k = 0; k < n; k++) {
    const x = a.hi[ia + k]!;
    const y = b.hi[ib + k]!;
    const p = x * y;
    const s = hi + p;
    const rest = lo + (sumError(hi, p, s) + (productError(x, y, p) + (x * b.lo[ib + k]! + a.lo[ia + k]! * y)));
    hi = s + rest;
    lo = sumError(s, rest, hi);
  }
  return { hi, lo };
}

/** y[iy + k] += factor x[ix + k] for k < n. */
export function addScaledPairs(y: Pairs, iy: number, factor: DoubleDouble, x: Pairs, ix: number, n: number): void {
  const { hi: f, lo: fLo } = factor;
  const c = SPLITTER * f;
  const high = c - (c - f);
  const low = f - high;
  for (let k = 0; k < n; k++) {
    const v = x.hi[ix + k]!;
    const d = SPLITTER * v;
    const vHigh = d - (d - v);
    const vLow = v - vHigh;
    const p = f * v;
    const error = high * vHigh - p + high * vLow + low * vHigh + low * vLow;
    const h = y.hi[iy + k]!;
    const s = h + p;
    const rest = y.lo[iy + k]! + (sumError(h, p, s) + (error + (f * x.lo[ix + k]! + fLo * v)));
    const sum = s + rest;
    y.hi[iy + k] = sum;
    y.lo[iy + k] = sumError(s, rest, sum);
  }
}

export function scalePairs(x: Pairs, factor: DoubleDouble): void {
  for (let i = 0; i < x.hi.length; i++) {
    const y = ddMul(pairAt(x, i), factor);
    x.hi[i] = y.hi;
    x.lo[i] = y.lo;
  }
}

/** Divides x by its 2-norm, which is returned. Zero stays zero. */
export function normalizePairs(x: Pairs): DoubleDouble {
  const n = x.hi.length;
  const norm = ddSqrt(pairDot(x, 0, x, 0, n));
  if (norm.hi > 0) scalePairs(x, ddDiv({ hi: 1, lo: 0 }, norm));
  return norm;
}

/** x minus its components along the orthonormal `basis`, twice, so that none is left. */
export function projectOut(x: Pairs, basis: readonly Pairs[]): void {
  const n = x.hi.length;
  for (let pass = 0; pass < 2; pass++) {
    for (const q of basis) {
      const { hi, lo } = pairDot(q, 0, x, 0, n);
      addScaledPairs(x, 0, { hi: -hi, lo: -lo }, q, 0, n);
    }
  }
}

/** Columns p and q become c p - s q and s p + c q. */
export function rotatePairs(p: Pairs, q: Pairs, c: DoubleDouble, s: DoubleDouble): void {
  const old = { hi: p.hi.slice(), lo: p.lo.slice() };
  const n = p.hi.length;
  scalePairs(p, c);
  addScaledPairs(p, 0, { hi: -s.hi, lo: -s.lo }, q, 0, n);
  scalePairs(q, c);
  addScaledPairs(q, 0, s, old, 0, n);
}
