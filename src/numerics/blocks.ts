/** Blocks of four vectors side by side [n, 4] (lanes.ts): inner products, projections, orthonormalisation. */
import type { Random } from '../base/random';

/** A^T B [4, 4] of two blocks. */
export function innerProducts(a: Float64Array, b: Float64Array): Float64Array {
  let s00 = 0, s01 = 0, s02 = 0, s03 = 0;
  let s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  let s20 = 0, s21 = 0, s22 = 0, s23 = 0;
  let s30 = 0, s31 = 0, s32 = 0, s33 = 0;
  for (let p = 0; p < a.length; p += 4) {
    const b0 = b[p]!, b1 = b[p + 1]!, b2 = b[p + 2]!, b3 = b[p + 3]!;
    const a0 = a[p]!, a1 = a[p + 1]!, a2 = a[p + 2]!, a3 = a[p + 3]!;
    s00 += a0 * b0; s01 += a0 * b1; s02 += a0 * b2; s03 += a0 * b3;
    s10 += a1 * b0; s11 += a1 * b1; s12 += a1 * b2; s13 += a1 * b3;
    s20 += a2 * b0; s21 += a2 * b1; s22 += a2 * b2; s23 += a2 * b3;
    s30 += a3 * b0; s31 += a3 * b1; s32 += a3 * b2; s33 += a3 * b3;
  }
  return Float64Array.of(s00, s01, s02, s03, s10, s11, s12, s13, s20, s21, s22, s23, s30, s31, s32, s33);
}

/** B += sign * A C, C [4, 4]. */
export function addCombination(b: Float64Array, a: Float64Array, c: Float64Array, sign: 1 | -1): void {
  const [c00, c01, c02, c03, c10, c11, c12, c13, c20, c21, c22, c23, c30, c31, c32, c33] = c.map((x) => sign * x) as unknown as Fixed16;
  for (let p = 0; p < a.length; p += 4) {
    const a0 = a[p]!, a1 = a[p + 1]!, a2 = a[p + 2]!, a3 = a[p + 3]!;
    b[p]! += a0 * c00 + a1 * c10 + (a2 * c20 + a3 * c30);
    b[p + 1]! += a0 * c01 + a1 * c11 + (a2 * c21 + a3 * c31);
    b[p + 2]! += a0 * c02 + a1 * c12 + (a2 * c22 + a3 * c32);
    b[p + 3]! += a0 * c03 + a1 * c13 + (a2 * c23 + a3 * c33);
  }
}

type Fixed16 = [number, number, number, number, number, number, number, number, number, number, number, number, number, number, number, number];

/** Takes the components along the orthonormal blocks of `basis` out of w, twice (Kahan & Parlett: twice is enough); returns Q^T w by block. */
export function projectOut(w: Float64Array, basis: readonly Float64Array[]): Float64Array[] {
  const sums = basis.map(() => new Float64Array(16));
  for (let pass = 0; pass < 2; pass++) {
    for (const [k, q] of basis.entries()) {
      const h = innerProducts(q, w);
      addCombination(w, q, h, -1);
      h.forEach((x, i) => (sums[k]![i]! += x));
    }
  }
  return sums;
}

/** Dot product of two lanes. */
export function laneDot(a: Float64Array, la: number, b: Float64Array, lb: number): number {
  let even = 0;
  let odd = 0;
  const n = a.length;
  let p = 0;
  for (; p + 4 < n; p += 8) {
    even += a[p + la]! * b[p + lb]!;
    odd += a[p + 4 + la]! * b[p + 4 + lb]!;
  }
  if (p < n) even += a[p + la]! * b[p + lb]!;
  return even + odd;
}

/** Lane lb of b += factor * lane la of a. */
export function addLane(b: Float64Array, lb: number, factor: number, a: Float64Array, la: number): void {
  for (let p = 0; p < a.length; p += 4) b[p + lb]! += factor * a[p + la]!;
}

export function scaleLane(a: Float64Array, lane: number, factor: number): void {
  for (let p = lane; p < a.length; p += 4) a[p]! *= factor;
}

export interface Orthonormalized {
  /** Upper triangular R [4, 4] with W = Q R; columns of replaced lanes are zero. */
  readonly factor: Float64Array;
  /** Lanes that hold a unit vector; where space is exhausted a lane is zero. */
  readonly live: boolean[];
}

/**
 * W becomes Q with orthonormal lanes, orthogonal to `basis` as W already is. A lane shorter than `negligible` lies in what is spanned
 * already: a fresh random direction takes its place, or zero where there is none left.
 */
export function orthonormalize(w: Float64Array, basis: readonly Float64Array[], negligible: number, random: Random): Orthonormalized {
  const factor = new Float64Array(16);
  const live = [false, false, false, false];
  for (let lane = 0; lane < 4; lane++) {
    const above = againstLanes(w, lane);
    const norm = Math.sqrt(laneDot(w, lane, w, lane));
    if (norm > negligible) {
      above.forEach((h, other) => (factor[4 * other + lane] = h));
      factor[5 * lane] = norm;
      scaleLane(w, lane, 1 / norm);
      live[lane] = true;
    } else live[lane] = freshLane(w, lane, basis, random);
  }
  return { factor, live };
}

/** Makes a lane orthogonal to those before it; returns the components that were taken out. */
function againstLanes(w: Float64Array, lane: number): Float64Array {
  const out = new Float64Array(lane);
  for (let pass = 0; pass < 2; pass++) {
    for (let other = 0; other < lane; other++) {
      const h = laneDot(w, other, w, lane);
      addLane(w, lane, -h, w, other);
      out[other]! += h;
    }
  }
  return out;
}

/** A random unit vector in a lane, orthogonal to the lanes before it and to `basis`; zero and false where those span everything. */
function freshLane(w: Float64Array, lane: number, basis: readonly Float64Array[], random: Random): boolean {
  const alone = new Float64Array(w.length);
  for (let p = 0; p < w.length; p += 4) w[p + lane] = random.normal();
  for (let pass = 0; pass < 2; pass++) {
    const before = Math.sqrt(laneDot(w, lane, w, lane));
    for (let p = 0; p < w.length; p += 4) alone[p] = w[p + lane]!;
    projectOut(alone, basis);
    for (let p = 0; p < w.length; p += 4) w[p + lane] = alone[p]!;
    againstLanes(w, lane);
    const norm = Math.sqrt(laneDot(w, lane, w, lane));
    // What a complete basis leaves of a random vector is rounding.
    const live = norm > 1e-10 * before;
    scaleLane(w, lane, live ? 1 / norm : 0);
    if (!live) return false;
  }
  return true;
}

/** A block of random directions orthonormal to each other and to `basis`. */
export function randomBlock(n: number, basis: readonly Float64Array[], random: Random): { block: Float64Array; live: boolean[] } {
  const block = new Float64Array(4 * n);
  const { live } = orthonormalize(block, basis, 0, random);
  return { block, live };
}
