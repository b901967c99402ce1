/** Smallest eigenvectors of G = R^T R by block Krylov iteration with its inverse, in double-double. */
import { Random } from '../base/random';
import { ddAdd, ddDiv, ddMul, ddSqrt } from './double-double';
import { addScaledPairs, normalizePairs, pairAt, pairDot, projectOut, rotatePairs, sumRoundoff, zeroPairs } from './pair-vectors';
import type { Pairs } from './pair-vectors';
import type { Steps } from './stepwise';

/** R [rank, n], upper trapezoidal, row-major. */
export interface Factor extends Pairs {
  readonly rank: number;
  readonly n: number;
}

/** Vectors carried beyond those that are wanted. */
const GUARD = 2;
const CYCLES = 6;
/** Columns of the space in the first cycle, and later, for each carried vector. */
const DEPTH = [2, 8] as const;
/** Residuals down to this part of the eigenvalue are enough. */
const RELATIVE = 2 ** -50;
/** What a vector has beyond the others, relative to itself, is rounding from here on. */
const DEPENDENT = 2 ** -92;
/** Cosine that counts as none. */
const ORTHOGONAL = 2 ** -98;
const SWEEPS = 12;

/**
 * Orthonormal vectors of the `wanted` smallest eigenvalues of `G` [n, n] = R^T R on the complement of `nullSpace`, ascending, and one
 * more, which need not be accurate, where there is one: its Rayleigh quotient shows the gap. Each
 * cycle spans x, G^-1 x, G^-2 x ... from the best vectors of the one before and takes the singular vectors of R on that space
 * (Rayleigh & Ritz, one-sided Jacobi: values keep their relative accuracy). Ends when all residuals are at 2^-50 of their eigenvalue
 * or at rounding, or after 6 cycles.
 */
export function* inverseSubspace(G: Pairs, R: Factor, wanted: number, nullSpace: readonly Pairs[]): Steps<Pairs[]> {
  const { rank, n } = R;
  if (rank === 0) return [];
  const carried = Math.min(rank, wanted + GUARD);
  const random = new Random(n);
  // Pivots came in falling order: the last columns are the nearest to dependent ones.
  let block: Pairs[] = Array.from({ length: carried }, (_, k) => {
    const x = { hi: random.normals(n).map((v) => v * 2 ** -10), lo: new Float64Array(n) };
    x.hi[rank - 1 - k]! += 1;
    return x;
  });
  for (let cycle = 0; ; cycle++) {
    const most = Math.min(rank, cycle === 0 ? DEPTH[0] * carried : DEPTH[1] * carried);
    const basis: Pairs[] = [];
    while (basis.length < most && block.length > 0) {
      const added: Pairs[] = [];
      for (const x of block) {
        if (basis.length < most && append(basis, x, nullSpace)) added.push(basis[basis.length - 1]!);
        yield;
      }
      block = [];
      for (const x of added) {
        if (basis.length + block.length < most) block.push(solved(R, x));
        yield;
      }
    }
    block = yield* ritzVectors(R, basis, carried);
    if (cycle + 1 === CYCLES || basis.length === rank || (yield* settled(G, n, block.slice(0, wanted)))) return block.slice(0, wanted + 1);
  }
}

/** Adds what x has beyond the basis, unless that is rounding. */
function append(basis: Pairs[], x: Pairs, nullSpace: readonly Pairs[]): boolean {
  if (normalizePairs(x).hi === 0) return false;
  projectOut(x, nullSpace);
  projectOut(x, basis);
  if (!(normalizePairs(x).hi > DEPENDENT)) return false;
  projectOut(x, basis);
  normalizePairs(x);
  basis.push(x);
  return true;
}

/** A solution of R^T R y = x for x in the range of R^T. */
function solved(R: Factor, x: Pairs): Pairs {
  const { rank, n } = R;
  const z = { hi: x.hi.slice(), lo: x.lo.slice() };
  for (let m = 0; m < rank; m++) {
    const { hi, lo } = ddDiv(pairAt(z, m), pairAt(R, m * n + m));
    z.hi[m] = hi;
    z.lo[m] = lo;
    addScaledPairs(z, m + 1, { hi: -hi, lo: -lo }, R, m * n + m + 1, rank - m - 1);
  }
  return backSubstituted(R, z);
}

/** The solution of R y = z whose components from `rank` on are zero. */
export function backSubstituted(R: Factor, z: Pairs): Pairs {
  const { rank, n } = R;
  const y = zeroPairs(n);
  for (let i = rank - 1; i >= 0; i--) {
    const { hi, lo } = pairDot(R, i * n + i + 1, y, i + 1, rank - i - 1, { hi: -z.hi[i]!, lo: -z.lo[i]! });
    const q = ddDiv({ hi: -hi, lo: -lo }, pairAt(R, i * n + i));
    y.hi[i] = q.hi;
    y.lo[i] = q.lo;
  }
  return y;
}

/** The right singular vectors of R on the span of the basis, ascending, the first `count` of them. */
function* ritzVectors(R: Factor, basis: readonly Pairs[], count: number): Steps<Pairs[]> {
  const { rank, n } = R;
  const size = basis.length;
  // R [basis] = U T with orthonormal U: the singular vectors are those of T.
  const orthonormal: Pairs[] = [];
  const triangle: Pairs[] = [];
  for (const x of basis) {
    const w = zeroPairs(rank);
    for (let i = 0; i < rank; i++) {
      const { hi, lo } = pairDot(R, i * n + i, x, i, n - i);
      w.hi[i] = hi;
      w.lo[i] = lo;
    }
    triangle.push(coefficients(w, orthonormal, size));
    yield;
  }
  const turns = Array.from({ length: size }, (_, k) => {
    const unit = zeroPairs(size);
    unit.hi[k] = 1;
    return unit;
  });
  for (let sweep = 0, worst = 1; sweep < SWEEPS && worst > ORTHOGONAL; sweep++) {
    worst = 0;
    for (let q = 1; q < size; q++) {
      for (let p = 0; p < q; p++) worst = Math.max(worst, orthogonalize(triangle[p]!, triangle[q]!, turns[p]!, turns[q]!));
      yield;
    }
  }
  const squares = triangle.map((t) => pairDot(t, 0, t, 0, size).hi);
  const order = Array.from(basis.keys()).sort((a, b) => squares[a]! - squares[b]!);
  return order.slice(0, count).map((k) => {
    const x = zeroPairs(n);
    basis.forEach((column, j) => addScaledPairs(x, 0, pairAt(turns[k]!, j), column, 0, n));
    return x;
  });
}

/** A column of T: the coefficients of w along the orthonormal columns, which get what w has beyond them as their next. */
function coefficients(w: Pairs, orthonormal: Pairs[], size: number): Pairs {
  const n = w.hi.length;
  const t = zeroPairs(size);
  for (let pass = 0; pass < 2; pass++) {
    orthonormal.forEach((u, i) => {
      const along = pairDot(u, 0, w, 0, n);
      const sum = ddAdd(pairAt(t, i), along);
      t.hi[i] = sum.hi;
      t.lo[i] = sum.lo;
      addScaledPairs(w, 0, { hi: -along.hi, lo: -along.lo }, u, 0, n);
    });
  }
  const norm = normalizePairs(w);
  t.hi[orthonormal.length] = norm.hi;
  t.lo[orthonormal.length] = norm.lo;
  orthonormal.push(w);
  return t;
}

/** Rotates two columns until they are orthogonal, and the vectors behind them; returns the cosine that they had. */
function orthogonalize(p: Pairs, q: Pairs, x: Pairs, y: Pairs): number {
  const n = p.hi.length;
  const pp = pairDot(p, 0, p, 0, n);
  const qq = pairDot(q, 0, q, 0, n);
  const pq = pairDot(p, 0, q, 0, n);
  const cosine = Math.abs(pq.hi) / (Math.sqrt(pp.hi) * Math.sqrt(qq.hi));
  if (!(cosine > ORTHOGONAL)) return 0;
  const zeta = ddAdd(qq, { hi: -pp.hi, lo: -pp.lo }).hi / (2 * pq.hi);
  // A tangent of 53 bits is enough, as long as sine and cosine belong together.
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const tangent = { hi: t, lo: 0 };
  const c = ddDiv({ hi: 1, lo: 0 }, ddSqrt(ddAdd({ hi: 1, lo: 0 }, ddMul(tangent, tangent))));
  const s = ddMul(tangent, c);
  rotatePairs(p, q, c, s);
  rotatePairs(x, y, c, s);
  return cosine;
}

/** Whether every residual is as small as it is going to be, or small enough. */
function* settled(G: Pairs, n: number, vectors: readonly Pairs[]): Steps<boolean> {
  const norm = Math.hypot(...Array.from({ length: n }, (_, i) => G.hi[i * n + i]!));
  for (const x of vectors) {
    const image = zeroPairs(n);
    for (let i = 0; i < n; i++) {
      const { hi, lo } = pairDot(G, i * n, x, 0, n);
      image.hi[i] = hi;
      image.lo[i] = lo;
    }
    const value = pairDot(x, 0, image, 0, n);
    addScaledPairs(image, 0, { hi: -value.hi, lo: -value.lo }, x, 0, n);
    yield;
    if (Math.hypot(...image.hi) > Math.max(RELATIVE * value.hi, sumRoundoff(n) * norm)) return false;
  }
  return true;
}
