/** The smallest eigenpairs of a hi + lo Gram, vectors as double-double pairs, with residuals and error bounds that are proven. */
import { choleskyWords, pivotedCholesky } from './cholesky';
import { ddAdd, ddDiv } from './double-double';
import type { DoubleDouble } from './double-double';
import { inertiaSteps } from './inertia';
import { backSubstituted, inverseSubspace } from './inverse-subspace';
import type { Factor } from './inverse-subspace';
import { addScaledPairs, normalizePairs, pairDot, projectOut, sumRoundoff, zeroPairs } from './pair-vectors';
import type { Pairs } from './pair-vectors';
import { exponentOf, largestMagnitude, scaledCopy } from './scaling';
import type { Steps } from './stepwise';
import { assertFiniteMatrix } from './symmetric-eigen';
import type { Gram } from './types';
import { inWorkspace } from './workspace';

export interface NearNullPair {
  /** Rayleigh quotient of gram / gram.rows. */
  readonly value: DoubleDouble;
  /** Unit vector, its largest component positive. */
  readonly vector: Pairs;
  /** No less than |G v - value v|_2: some eigenvalue is that near to `value`. */
  readonly residual: number;
  /** Where the pairs are isolated, the eigenvalue of the same index is that near to `value`; else the same as `residual`. */
  readonly radius: number;
}

export interface NearNull {
  /** Ascending. */
  readonly pairs: readonly NearNullPair[];
  /** It is proven that these are the smallest eigenvalues, each as often as it is there. */
  readonly isolated: boolean;
}

/** A pair in the permuted order of the factor, scaled as the matrix, with what rounding can have done to it. */
interface Candidate {
  readonly value: DoubleDouble;
  readonly valueError: number;
  readonly vector: Pairs;
  readonly residual: number;
}

/**
 * The `count` smallest eigenpairs of gram / gram.rows. Vectors of missing rank come from R of the double-double Cholesky factorisation
 * by substitution, the others by subspace iteration with its inverse (inverse-subspace.ts); a residual is about
 * dimension * 2^-104 * |G|, or 2^-50 of the eigenvalue where that is more, or, in a dense part of the spectrum, what was reached.
 *
 * What is proven, for the matrix as it is stored: residuals are formed in double-double from the stored hi + lo, and the bound on the
 * error of that arithmetic, (n + 16) 2^-104 times the same sums of magnitudes, is added. `count` eigenvalues are matched one to one
 * within twice the norm of all residuals (Kahan 1967), and if the inertia of G - tau I proves that no more lie below a tau in the gap
 * above them, they are the smallest; then each is also within residual^2 / gap of its Rayleigh quotient (Kato & Temple 1949), plus
 * the rounding of that. `isolate: false` saves the inertia, two factorisations. Throws InputError `not-finite`.
 */
export function* nearNullSteps(gram: Gram, count: number, options: { isolate?: boolean } = {}): Steps<NearNull> {
  const { dimension: n } = gram;
  const wanted = Math.min(count, n);
  const largest = largestMagnitude(gram.hi);
  assertFiniteMatrix(largest);
  if (gram.lo) assertFiniteMatrix(largestMagnitude(gram.lo));
  const exponent = 2 * Math.ceil(exponentOf(largest) / 2);
  const scaled: Scaled = (values, out = new Float64Array(n * n)) => (values ? scaledCopy(values, -exponent, out) : out);
  const { R, permutation } = yield* factored(gram, scaled);
  const G = permuted({ hi: scaled(gram.hi), lo: scaled(gram.lo) }, n, permutation);

  const nullity = n - R.rank;
  const vectors: Pairs[] = [];
  for (let j = R.rank; j < R.rank + Math.min(nullity, wanted); j++) {
    vectors.push(nullVector(R, j, vectors));
    yield;
  }
  if (nullity <= wanted) vectors.push(...(yield* inverseSubspace(G, R, wanted - nullity, vectors)));

  const candidates: Candidate[] = [];
  for (const vector of vectors) {
    candidates.push(candidate(G, n, vector));
    yield;
  }
  candidates.sort((a, b) => a.value.hi - b.value.hi || a.value.lo - b.value.lo);
  const chosen = candidates.slice(0, wanted);
  const spread = matchingError(chosen, n);
  const rows = Math.max(1, gram.rows);
  const unit = 2 ** exponent / rows;
  const tau = n > wanted ? separator(chosen, candidates[wanted], spread) : Infinity;
  let isolated = tau === Infinity;
  if (tau !== null && !isolated && options.isolate !== false) {
    const { atLeast, atMost } = yield* inertiaSteps(gram, tau * unit);
    isolated = atLeast === wanted && atMost === wanted;
  }
  const above = isolated ? tau! * (1 - 2 ** -50) : null;
  const pairs = chosen.map((c, i): NearNullPair => {
    const radius = above === null ? c.residual : enclosure(chosen, i, spread, above);
    const [hi = 0, lo = 0] = scaledCopy(Float64Array.of(c.value.hi, c.value.lo), exponent);
    const value = ddDiv({ hi, lo }, { hi: rows, lo: 0 });
    const outward = (x: number) => scaledCopy(Float64Array.of(x), exponent)[0]! / rows * (1 + 2 ** -50) + Math.abs(value.hi) * 2 ** -100;
    return { value, vector: restored(c.vector, permutation), residual: outward(c.residual), radius: outward(radius) };
  });
  return { pairs, isolated };
}

/** A scaled copy of one word of the Gram; zeros for a word that it does not have. */
type Scaled = (values: Float64Array | null, out?: Float64Array) => Float64Array;

function* factored(gram: Gram, scaled: Scaled): Steps<{ R: Factor; permutation: Int32Array }> {
  const { dimension: n } = gram;
  return yield* inWorkspace(2 * n * n + choleskyWords(n), function* (work) {
    const hi = scaled(gram.hi, work.array(n * n));
    const lo = scaled(gram.lo, work.zeros(n * n));
    const { factor, tails, rank, permutation } = yield* pivotedCholesky(hi, lo, n, gram.roundoff, work);
    return { R: { hi: factor.slice(), lo: tails.slice(), rank, n }, permutation };
  });
}

/** P^T G P */
function permuted(G: Pairs, n: number, permutation: Int32Array): Pairs {
  const out = zeroPairs(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      out.hi[i * n + j] = G.hi[permutation[i]! * n + permutation[j]!]!;
      out.lo[i * n + j] = G.lo[permutation[i]! * n + permutation[j]!]!;
    }
  }
  return out;
}

/** P x, its largest component positive. */
function restored(x: Pairs, permutation: Int32Array): Pairs {
  let largest = 0;
  for (const v of x.hi) if (Math.abs(v) > Math.abs(largest)) largest = v;
  const sign = largest < 0 ? -1 : 1;
  const out = zeroPairs(permutation.length);
  permutation.forEach((to, j) => {
    out.hi[to] = sign * x.hi[j]!;
    out.lo[to] = sign * x.lo[j]!;
  });
  return out;
}

/** The solution of R x = 0 with x_j = 1, orthogonal to those before. */
function nullVector(R: Factor, j: number, before: readonly Pairs[]): Pairs {
  const column = zeroPairs(R.n);
  for (let i = 0; i < R.rank; i++) {
    column.hi[i] = -R.hi[i * R.n + j]!;
    column.lo[i] = -R.lo[i * R.n + j]!;
  }
  const x = backSubstituted(R, column);
  x.hi[j] = 1;
  normalizePairs(x);
  projectOut(x, before);
  normalizePairs(x);
  return x;
}

/** Rayleigh quotient and residual, with the rounding errors of both. */
function candidate(G: Pairs, n: number, vector: Pairs): Candidate {
  const image = zeroPairs(n);
  /** |G| |v| */
  const magnitudes = new Float64Array(n);
  const v = vector.hi.map(Math.abs);
  for (let i = 0; i < n; i++) {
    const y = pairDot(G, i * n, vector, 0, n);
    image.hi[i] = y.hi;
    image.lo[i] = y.lo;
    let sum = 0;
    for (let j = 0; j < n; j++) sum += Math.abs(G.hi[i * n + j]!) * v[j]!;
    magnitudes[i] = sum;
  }
  const value = ddDiv(pairDot(vector, 0, image, 0, n), pairDot(vector, 0, vector, 0, n));
  addScaledPairs(image, 0, { hi: -value.hi, lo: -value.lo }, vector, 0, n);
  let form = 0;
  for (let i = 0; i < n; i++) {
    magnitudes[i]! += Math.abs(value.hi) * v[i]!;
    form += v[i]! * magnitudes[i]!;
  }
  const roundoff = sumRoundoff(n) * (1 + 2 ** -30);
  return {
    value,
    valueError: 2 * roundoff * form,
    vector,
    // The norm of the vector is 1 within 2^-90.
    residual: (Math.hypot(...image.hi) + roundoff * Math.hypot(...magnitudes)) * (1 + 2 ** -30),
  };
}

/** So many eigenvalues are matched one to one with the values, none further off than this (Kahan; |X^T X - I| is allowed for). */
function matchingError(chosen: readonly Candidate[], n: number): number {
  let overlap = 0;
  chosen.forEach((a, i) => {
    for (const b of chosen.slice(0, i + 1)) {
      const { hi } = ddAdd(pairDot(a.vector, 0, b.vector, 0, n), { hi: a === b ? -1 : 0, lo: 0 });
      overlap += 2 * (Math.abs(hi) + sumRoundoff(n));
    }
  });
  const largest = Math.max(0, ...chosen.map((c) => Math.abs(c.value.hi)));
  return 2 * (Math.hypot(...chosen.map((c) => c.residual)) * (1 + 4 * overlap) + 4 * overlap * largest) * (1 + 2 ** -30);
}

/** A threshold in the middle, on a logarithmic scale, between what is chosen and the next value; null where there is no gap. */
function separator(chosen: readonly Candidate[], next: Candidate | undefined, spread: number): number | null {
  if (!next || chosen.length === 0) return null;
  const low = Math.max(0, chosen[chosen.length - 1]!.value.hi) + spread;
  return next.value.hi > low * (1 + 2 ** -20) ? Math.sqrt(low) * Math.sqrt(next.value.hi) : null;
}

/** How far the i-th smallest eigenvalue is from the i-th value, given that all others lie beyond `above`. */
function enclosure(chosen: readonly Candidate[], i: number, spread: number, above: number): number {
  const { value, valueError, residual } = chosen[i]!;
  const distance = (other: Candidate | undefined) => (other ? Math.abs(ddAdd(other.value, { hi: -value.hi, lo: -value.lo }).hi) - spread : Infinity);
  const upper = i + 1 < chosen.length ? distance(chosen[i + 1]) : above - value.hi;
  const gap = Math.min(distance(chosen[i - 1]), upper) * (1 - 2 ** -30) - valueError;
  if (!(gap > Math.max(residual, spread))) return spread;
  return Math.min(residual, spread, valueError + (residual / gap) * residual * (1 + 2 ** -30));
}
