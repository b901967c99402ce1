/**
 * log, exp, tanh, sin and cos by additions, multiplications and divisions alone: the same bits in every browser and in Node, where those of `Math`
 * differ in their last one. What is hashed, or drawn from a seed, uses these.
 * Methods and coefficients from fdlibm's e_log.c, e_exp.c, s_expm1.c, s_tanh.c, k_sin.c and k_cos.c (error < 1 ulp), Copyright (C) 1993 by
 * Sun Microsystems, Inc., freely distributable provided this notice is preserved.
 */

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
/** Where the high word of a float64 is. */
float[0] = 1;
const HIGH = words[1] === 0x3ff00000 ? 1 : 0;

const LN2_HI = 6.93147180369123816490e-1;
const LN2_LO = 1.90821492927058770002e-10;
const INVERSE_LN2 = 1.44269504088896338700;

/** 2^k for -1022 <= k <= 1023. */
function power(k: number): number {
  words[HIGH] = (1023 + k) << 20;
  words[1 - HIGH] = 0;
  return float[0]!;
}

/** y 2^k, where the result may be subnormal or its power of two out of range. */
function scaled(y: number, k: number): number {
  if (k > 1023) return y * 2 * power(k - 1);
  return k >= -1021 ? y * power(k) : y * power(k + 1000) * power(-1000);
}

export function log(x: number): number {
  if (!(x > 0) || x === Infinity) return x === 0 ? -Infinity : x === Infinity ? x : NaN;
  let k = 0;
  if (x < 2 ** -1022) {
    k = -54;
    x *= 2 ** 54;
  }
  float[0] = x;
  const high = words[HIGH]!;
  k += (high >> 20) - 1023;
  const fraction = high & 0xfffff;
  // x = 2^k (1 + f) with sqrt(2) / 2 < 1 + f < sqrt(2)
  const half = (fraction + 0x95f64) & 0x100000;
  words[HIGH] = fraction | (half ^ 0x3ff00000);
  k += half >> 20;
  const f = float[0]! - 1;
  if ((0xfffff & (2 + fraction)) < 3) {
    if (f === 0) return k === 0 ? 0 : k * LN2_HI + k * LN2_LO;
    const r = f * f * (0.5 - 0.33333333333333333 * f);
    return k === 0 ? f - r : k * LN2_HI - (r - k * LN2_LO - f);
  }
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const odd = z * (6.666666666666735130e-1 + w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  const r = even + odd;
  if (((fraction - 0x6147a) | (0x6b851 - fraction)) > 0) {
    const square = 0.5 * f * f;
    return k === 0 ? f - (square - s * (square + r)) : k * LN2_HI - (square - (s * (square + r) + k * LN2_LO) - f);
  }
  return k === 0 ? f - s * (f - r) : k * LN2_HI - (s * (f - r) - k * LN2_LO - f);
}

/** Whole powers of two in exp(x), rounded. */
function halvings(x: number): number {
  return Math.trunc(INVERSE_LN2 * x + (x < 0 ? -0.5 : 0.5));
}

const HALF_LN2 = 0.34657359027997264;
const ONE_AND_HALF_LN2 = 1.0397207708399179;

export function exp(x: number): number {
  if (Number.isNaN(x) || x > 709.782712893383973096) return Number.isNaN(x) ? x : Infinity;
  if (x < -745.13321910194110842) return 0;
  const size = Math.abs(x);
  if (size < 2 ** -28) return 1 + x;
  let k = 0;
  let high = x;
  let low = 0;
  if (size > HALF_LN2) {
    k = size < ONE_AND_HALF_LN2 ? Math.sign(x) : halvings(x);
    high = x - k * LN2_HI;
    low = k * LN2_LO;
  }
  const r = high - low;
  const t = r * r;
  const c = r - t * (1.66666666666666019037e-1 + t * (-2.77777777770155933842e-3 + t * (6.61375632143793436117e-5 + t * (-1.65339022054652515390e-6 + t * 4.13813679705723846039e-8))));
  if (k === 0) return 1 - ((r * c) / (c - 2) - r);
  return scaled(1 - (low - (r * c) / (2 - c) - high), k);
}

/** exp(x) - 1 for |x| <= 44: what tanh needs. */
function expm1(x: number): number {
  const size = Math.abs(x);
  if (size < 2 ** -54) return x;
  let k = 0;
  let r = x;
  let lost = 0;
  if (size > HALF_LN2) {
    k = size < ONE_AND_HALF_LN2 ? Math.sign(x) : halvings(x);
    const high = x - k * LN2_HI;
    const low = k * LN2_LO;
    r = high - low;
    lost = high - r - low;
  }
  const half = 0.5 * r;
  const square = r * half;
  const r1 = 1 + square * (-3.33333333333331316428e-2 + square * (1.58730158725481460165e-3 + square * (-7.93650757867487942473e-5 + square * (4.00821782732936239552e-6 + square * -2.01099218183624371326e-7))));
  const t = 3 - r1 * half;
  let e = square * ((r1 - t) / (6 - r * t));
  if (k === 0) return r - (r * e - square);
  e = r * (e - lost) - lost - square;
  if (k === -1) return 0.5 * (r - e) - 0.5;
  if (k === 1) return r < -0.25 ? -2 * (e - (r + 0.5)) : 1 + 2 * (r - e);
  if (k <= -2 || k > 56) return scaled(1 - (e - r), k) - 1;
  return k < 20 ? scaled(1 - power(-k) - (e - r), k) : scaled(r - (e + power(-k)) + 1, k);
}

export function tanh(x: number): number {
  const size = Math.abs(x);
  if (!(size < 22)) return Number.isNaN(x) ? x : Math.sign(x);
  if (size < 2 ** -28) return x;
  const t = expm1(size >= 1 ? 2 * size : -2 * size);
  const y = size >= 1 ? 1 - 2 / (t + 2) : -t / (t + 2);
  return x < 0 ? -y : y;
}

/** pi / 2 in pieces of 23 bits, 161 bits in all: their products with a number of 30 bits are exact. */
const HALF_PI = [
  1.570796251296997, 7.549789415861596e-8, 5.39030083589187e-15, 2.0222659584103533e-21, 2.903855540388854e-28, 4.3359050443915694e-35, 2.0670315535992884e-43,
];
const QUARTER_PI = 0.7853981633974483;

/** The largest argument of sin and cos, 2^30: far beyond the positions of any context. */
const LARGEST_ANGLE = 2 ** 30;

/** x less the nearest multiple n of pi / 2, as hi + lo with an error below 2^-70 |hi| (Cody and Waite 1980); n modulo 4. */
function reduced(x: number): { hi: number; lo: number; quadrant: number } {
  const n = Math.round(x / (2 * QUARTER_PI));
  let hi = x;
  let lo = 0;
  if (n !== 0)
    for (const piece of HALF_PI) {
      const b = -n * piece;
      const sum = hi + b;
      const t = sum - hi;
      lo += hi - (sum - t) + (b - t);
      hi = sum;
    }
  const total = hi + lo;
  return { hi: total, lo: hi - total + lo, quadrant: n & 3 };
}

function sinNear({ hi: x, lo }: { hi: number; lo: number }): number {
  const z = x * x;
  const cube = z * x;
  const r = 8.33333333332248946124e-3 + z * (-1.98412698298579493134e-4 + z * (2.75573137070700676789e-6 + z * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10)));
  return x - (z * (0.5 * lo - cube * r) - lo - cube * -1.66666666666666324348e-1);
}

function cosNear({ hi: x, lo }: { hi: number; lo: number }): number {
  const z = x * x;
  const r = z * (4.16666666666666019037e-2 + z * (-1.38888888888741095749e-3 + z * 2.48015872894767294178e-5))
    + z * z * (z * z) * (-2.75573143513906633035e-7 + z * (2.08757232129817482790e-9 + z * -1.13596475577881948265e-11));
  const half = 0.5 * z;
  const w = 1 - half;
  return w + (1 - w - half + (z * r - x * lo));
}

/** For |x| <= 2^30; NaN beyond. */
export function sin(x: number): number {
  if (!(Math.abs(x) <= LARGEST_ANGLE)) return NaN;
  if (Math.abs(x) < 2 ** -26) return x;
  const r = reduced(x);
  const y = r.quadrant & 1 ? cosNear(r) : sinNear(r);
  return r.quadrant & 2 ? -y : y;
}

/** For |x| <= 2^30; NaN beyond. */
export function cos(x: number): number {
  if (!(Math.abs(x) <= LARGEST_ANGLE)) return NaN;
  const r = reduced(x);
  const y = r.quadrant & 1 ? sinNear(r) : cosNear(r);
  return r.quadrant === 1 || r.quadrant === 2 ? -y : y;
}
