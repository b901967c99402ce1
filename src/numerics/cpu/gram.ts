/** Gram matrices of taps in float64, as hi + lo pairs of about 100 bits. */
import { InputError } from '../../base/errors';
import { DOUBLE_DOUBLE_ROUNDOFF, sumError } from '../double-double';
import type { Vectors } from '../product-blocks';
import { runAtOnce, runBreathing } from '../stepwise';
import type { Steps } from '../stepwise';
import type { Gram } from '../types';
import { joinGramParts, ownPart, pairPart, plainPart } from './gram-parts';
import type { GramPart } from './gram-parts';

type Matrix = Float64Array | Float32Array;

/** G = X^T X [d, d] of X [rows, d]. Throws InputError `not-finite` or `gram-overflow`. */
export function gramOfRows(x: Matrix, rows: number, d: number): Gram {
  return runAtOnce(gramSteps(x, rows, d));
}

/** `gramOfRows` that lets events through and stops with AbortError. */
export function gramOfRowsAsync(x: Matrix, rows: number, d: number, signal?: AbortSignal): Promise<Gram> {
  return runBreathing(gramSteps(x, rows, d), signal);
}

/**
 * X X^T [rows, rows] of X [rows, d]: the same nonzero eigenvalues as X^T X in less room where rows < d. Its `rows` is still the
 * number of rows of X, so that readings divide by the same count.
 */
export function dualGramOfRows(x: Matrix, rows: number, d: number): Gram {
  return runAtOnce(dualGramSteps(x, rows, d));
}

/** `dualGramOfRows` that lets events through and stops with AbortError. */
export function dualGramOfRowsAsync(x: Matrix, rows: number, d: number, signal?: AbortSignal): Promise<Gram> {
  return runBreathing(dualGramSteps(x, rows, d), signal);
}

/** Gram of the rows of both; exact to 2^-104 where both are pairs. */
export function addGrams(a: Gram, b: Gram): Gram {
  return combine(a, b, 1);
}

/** The Gram without the rows of `part` (jackknife: total minus block). */
export function subtractGrams(total: Gram, part: Gram): Gram {
  return combine(total, part, -1);
}

/** What worker `part` of `parts` contributes to `gramOfRows`: `joinGramParts` of all parts has the same bits. */
export function gramPart(x: Matrix, rows: number, d: number, part: number, parts: number): GramPart {
  assertFinite(x, rows, d);
  return runAtOnce(pairPart(columns(x, rows, d), rows, part, parts, ownPart));
}

/** X^T X in float64 alone, `lo` is null: for comparison, and where 53 bits will do. */
export function plainGramOfRows(x: Float64Array, rows: number, d: number): Gram {
  assertFinite(x, rows, d);
  return runAtOnce(plainPart(x, rows, d, 0, 1, (whole) => joinGramParts([whole])));
}

/** What worker `part` of `parts` contributes to `plainGramOfRows`. */
export function plainGramPart(x: Float64Array, rows: number, d: number, part: number, parts: number): GramPart {
  assertFinite(x, rows, d);
  return runAtOnce(plainPart(x, rows, d, part, parts, ownPart));
}

export function* gramSteps(x: Matrix, rows: number, d: number): Steps<Gram> {
  assertFinite(x, rows, d);
  return yield* pairPart(columns(x, rows, d), rows, 0, 1, (whole) => joinGramParts([whole]));
}

export function* dualGramSteps(x: Matrix, rows: number, d: number): Steps<Gram> {
  assertFinite(x, rows, d);
  const vectors = { values: x, offset: 0, count: rows, length: d, vectorStride: d, componentStride: 1 };
  return yield* pairPart(vectors, rows, 0, 1, (whole) => joinGramParts([whole]));
}

function columns(x: Matrix, rows: number, d: number): Vectors {
  return { values: x, offset: 0, count: d, length: rows, vectorStride: 1, componentStride: d };
}

export function assertFinite(x: Matrix, rows: number, d: number): void {
  if (x.length !== rows * d) throw new Error(`a matrix of ${rows} x ${d} needs ${rows * d} values, got ${x.length}`);
  let count = 0;
  let first = 0;
  for (let i = 0; i < x.length; i++) {
    const v = x[i]!;
    if (v - v === 0) continue;
    if (count++ === 0) first = i;
  }
  if (count === 0) return;
  throw new InputError(
    'not-finite',
    `${count} of ${x.length} values are NaN or infinite, the first at row ${Math.floor(first / d)}, column ${first % d}. ` +
      'A spectrum needs finite values: check the weights and the probe.',
  );
}

function combine(a: Gram, b: Gram, sign: 1 | -1): Gram {
  if (a.dimension !== b.dimension) throw new Error(`Grams of dimension ${a.dimension} and ${b.dimension} do not add up`);
  const paired = a.lo !== null && b.lo !== null;
  const hi = new Float64Array(a.hi.length);
  const lo = new Float64Array(a.hi.length);
  addPairs(a.hi, a.lo ?? lo, b.hi, b.lo ?? lo, sign, hi, lo);
  const roundoff = Math.max(a.roundoff, b.roundoff, paired ? DOUBLE_DOUBLE_ROUNDOFF : 2 ** -53);
  return { dimension: a.dimension, rows: a.rows + sign * b.rows, hi, lo: paired ? lo : null, roundoff };
}

/** a + sign * b, pair by pair. Where an operand has no second words, zeros stand in: the result's own, not yet written. */
function addPairs(
  aHi: Float64Array,
  aLo: Float64Array,
  bHi: Float64Array,
  bLo: Float64Array,
  sign: number,
  hi: Float64Array,
  lo: Float64Array,
): void {
  for (let i = 0; i < hi.length; i++) {
    const x = aHi[i]!;
    const p = sign * bHi[i]!;
    const s = x + p;
    const rest = sumError(x, p, s) + (aLo[i]! + sign * bLo[i]!);
    const sum = s + rest;
    hi[i] = sum;
    lo[i] = rest - (sum - s);
  }
}
