/** How many eigenvalues lie below a threshold, by Sylvester's law of inertia, with proof. */
import { ddDiv, ddMul, ddSqrt, ddSub } from './double-double';
import type { DoubleDouble } from './double-double';
import { largestPivot, swapColumns } from './cholesky';
import { addProducts, productWords } from './exact-products';
import type { Vectors } from './product-blocks';
import { addScaledPairs, pairAt } from './pair-vectors';
import type { Pairs } from './pair-vectors';
import { exponentOf, largestMagnitude, scaledCopy } from './scaling';
import type { Steps } from './stepwise';
import { assertFiniteMatrix } from './symmetric-eigen';
import type { Gram } from './types';
import { inWorkspace } from './workspace';
import type { Workspace } from './workspace';

/** Bounds on the number of eigenvalues of gram / gram.rows that are below a threshold; equal where it is known. */
export interface Inertia {
  readonly atLeast: number;
  readonly atMost: number;
}

/** Rows factored before the rest of the matrix is updated with them. */
const BLOCK = 32;
/** The threshold is approached to this part of it, and of the trace, from either side. */
const MARGIN = 2 ** -30;
const TRACE_MARGIN = 2 ** -84;
/**
 * The factors belong to a matrix within this times sum R_ij^2 of the given one, up to dimension 8192. Entry by entry, of |r_i| |r_j|:
 * products of 32 components are off by (32^2 / 2 + 4 * 32) 2^-104 of the units they are scaled by (exact-products.ts: remainders of at
 * most 2^-51 added one by one), each unit less than twice a norm; what is added up in double-double, by less than 2^-95.
 */
const BACKWARD_ERROR = 2 ** -90;

/**
 * Counts the eigenvalues of gram / gram.rows below `tau` from both sides: the negative pivots of G - t I = R^T J R for t just below
 * and just above tau, J = diag(+-1). Pivots are taken from the diagonal, largest first; that is not always stable, so the error is
 * bounded from the R that was found (Weyl): both counts are proven, and where an eigenvalue is within 2^-30 of tau itself, or within
 * 2^-84 of the trace, they differ. `lo` is taken as zero where the Gram is a single word: what is counted are eigenvalues of the
 * matrix as it is stored. Throws InputError `not-finite`.
 */
export function* inertiaSteps(gram: Gram, tau: number): Steps<Inertia> {
  const { dimension: n, hi, lo } = gram;
  const largest = largestMagnitude(hi);
  assertFiniteMatrix(largest + (lo ? largestMagnitude(lo) : 0) + Math.abs(tau));
  const exponent = exponentOf(largest);
  const threshold = ddMul({ hi: tau, lo: 0 }, { hi: Math.max(1, gram.rows), lo: 0 });
  const [t = 0, tail = 0] = scaledCopy(Float64Array.of(threshold.hi, threshold.lo), -exponent);
  return yield* inWorkspace(2 * n * n + productWords({ count: n, length: BLOCK }, { count: n }), function* (work) {
    const S = { hi: work.array(n * n), lo: work.array(n * n) };
    const load = () => {
      scaledCopy(hi, -exponent, S.hi);
      if (lo) scaledCopy(lo, -exponent, S.lo);
      else S.lo.fill(0);
    };
    load();
    let trace = 0;
    for (let i = 0; i < n; i++) trace += Math.abs(S.hi[i * n + i]!);
    const margin = Math.max(MARGIN * Math.abs(t), TRACE_MARGIN * trace);
    const below = yield* negativePivots(S, n, ddSub({ hi: t, lo: tail }, { hi: margin, lo: 0 }), work);
    load();
    const above = yield* negativePivots(S, n, ddSub({ hi: t, lo: tail }, { hi: -margin, lo: 0 }), work);
    return {
      atLeast: below.error < margin ? below.count : 0,
      atMost: above.error < margin ? above.count : n,
    };
  });
}

/** Of S - shift I, arrays of `work` that are overwritten; the upper triangle is read. The error is infinite where a pivot is zero. */
function* negativePivots(S: Pairs, n: number, shift: DoubleDouble, work: Workspace): Steps<{ count: number; error: number }> {
  const floors = new Float64Array(n);
  const pivots: Pairs = { hi: new Float64Array(n), lo: new Float64Array(n) };
  for (let i = 0; i < n; i++) {
    const d = ddSub(pairAt(S, i * n + i), shift);
    pivots.hi[i] = d.hi;
    pivots.lo[i] = d.lo;
  }
  const signs = new Float64Array(n);
  let count = 0;
  let squares = 0;
  for (let start = 0; start < n; start += BLOCK) {
    const end = Math.min(start + BLOCK, n);
    for (let j = start; j < end; j++) {
      const pivot = largestPivot(pivots.hi.map(Math.abs), floors, j);
      if (pivot < 0) return { count, error: Infinity };
      if (pivot !== j) {
        for (const words of [S.hi, S.lo]) swapColumns(words, (i) => i * n, n, 0, j, pivot);
        for (const list of [pivots.hi, pivots.lo]) [list[j], list[pivot]] = [list[pivot]!, list[j]!];
      }
      for (let m = start; m < j; m++) {
        const { hi, lo } = pairAt(S, m * n + j);
        addScaledPairs(S, j * n + j + 1, { hi: -signs[m]! * hi, lo: -signs[m]! * lo }, S, m * n + j + 1, n - j - 1);
      }
      signs[j] = Math.sign(pivots.hi[j]!);
      if (signs[j]! < 0) count++;
      squares += factorRow(S, n, j, pivots, signs[j]!);
      yield;
    }
    yield* subtractPanel(S, n, start, end, signs, work);
  }
  return { count, error: BACKWARD_ERROR * squares * (1 + 2 ** -20) };
}

/** Row j of R from row j of S, then the pivots of the later columns; returns the sum of its squares. */
function factorRow(S: Pairs, n: number, j: number, pivots: Pairs, sign: number): number {
  const pivot = { hi: sign * pivots.hi[j]!, lo: sign * pivots.lo[j]! };
  const inverse = ddDiv({ hi: sign, lo: 0 }, ddSqrt(pivot));
  let squares = pivot.hi;
  for (let i = j + 1; i < n; i++) {
    const r = ddMul(pairAt(S, j * n + i), inverse);
    S.hi[j * n + i] = r.hi;
    S.lo[j * n + i] = r.lo;
    const square = ddMul(r, r);
    const rest = ddSub(pairAt(pivots, i), { hi: sign * square.hi, lo: sign * square.lo });
    pivots.hi[i] = rest.hi;
    pivots.lo[i] = rest.lo;
    squares += square.hi;
  }
  return squares;
}

/** S -= R^T J R for the rows start .. end of R and the columns from `end` on. The rows are sorted by sign; they are not used again. */
function* subtractPanel(S: Pairs, n: number, start: number, end: number, signs: Float64Array, work: Workspace): Steps<void> {
  if (end === n) return;
  let middle = start;
  for (let m = start; m < end; m++) {
    if (signs[m]! < 0) continue;
    for (const list of [S.hi, S.lo]) {
      const row = list.slice(m * n + end, (m + 1) * n);
      list.copyWithin(m * n + end, middle * n + end, (middle + 1) * n);
      list.set(row, middle * n + end);
    }
    middle++;
  }
  for (const [from, to, sign] of [[start, middle, -1], [middle, end, 1]] as const) {
    if (from === to) continue;
    const rows: Vectors = {
      values: S.hi, tails: S.lo, offset: from * n + end, count: n - end, length: to - from, vectorStride: 1, componentStride: n,
    };
    yield* addProducts({ ...S, rowAt: (i) => (end + i) * n + end }, rows, rows, sign, work);
  }
}
