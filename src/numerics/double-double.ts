/**
 * Double-double arithmetic: a number is an unevaluated sum hi + lo of two float64 with |lo| <= ulp(hi)/2, about 106 bits.
 * Error-free transformations after Dekker (1971) and Knuth; the pair operations after Joldes, Muller & Popescu,
 * "Tight and rigorous error bounds for basic building blocks of double-word arithmetic" (2017), relative error <= 10 * 2^-106.
 * Plain float64 in JavaScript is strict IEEE and never fused, which is all this needs.
 */

export interface DoubleDouble {
  readonly hi: number;
  readonly lo: number;
}

/** 2^27 + 1: Veltkamp's constant for 53 bits. */
export const SPLITTER = 134217729;

/** Unit roundoff we claim for hi + lo results. */
export const DOUBLE_DOUBLE_ROUNDOFF = 2 ** -104;

/** The exact error of s = fl(a + b). */
export function sumError(a: number, b: number, s: number): number {
  const t = s - a;
  return a - (s - t) + (b - t);
}

/** The upper 26 bits of x; the rest is x - highPart(x). |x| < 2^996. */
export function highPart(x: number): number {
  const c = SPLITTER * x;
  return c - (c - x);
}

/** The exact error of p = fl(a * b), barring underflow. */
export function productError(a: number, b: number, p: number): number {
  const ah = highPart(a);
  const al = a - ah;
  const bh = highPart(b);
  const bl = b - bh;
  return ah * bh - p + ah * bl + al * bh + al * bl;
}

/** hi + lo for |a| >= |b|. */
function renormalize(a: number, b: number): DoubleDouble {
  const hi = a + b;
  return { hi, lo: b - (hi - a) };
}

export function ddAdd(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const s = x.hi + y.hi;
  const t = x.lo + y.lo;
  const first = renormalize(s, sumError(x.hi, y.hi, s) + t);
  return renormalize(first.hi, first.lo + sumError(x.lo, y.lo, t));
}

export function ddSub(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  return ddAdd(x, { hi: -y.hi, lo: -y.lo });
}

export function ddMul(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const p = x.hi * y.hi;
  return renormalize(p, productError(x.hi, y.hi, p) + (x.hi * y.lo + x.lo * y.hi));
}

export function ddDiv(x: DoubleDouble, y: DoubleDouble): DoubleDouble {
  const q = x.hi / y.hi;
  const rest = ddSub(x, ddMul(y, { hi: q, lo: 0 }));
  return renormalize(q, rest.hi / y.hi);
}

/** sqrt(x) for x >= 0, by one Newton step (Karp & Markstein). */
export function ddSqrt(x: DoubleDouble): DoubleDouble {
  if (x.hi === 0) return { hi: 0, lo: 0 };
  const r = Math.sqrt(x.hi);
  const p = r * r;
  return renormalize(r, (x.hi - p - productError(r, r, p) + x.lo) / (2 * r));
}
