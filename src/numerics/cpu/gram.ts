/** Gram matrices of taps as hi + lo pairs, by exact integers; those of float32 numbers have a digest of the integers. */
import { sha256AtOnce } from '../../base/sha256';
import { DOUBLE_DOUBLE_ROUNDOFF, sumError } from '../double-double';
import { integerDualGramSteps, integerGramSteps } from '../exact/exact-gram';
import { exactPairs } from '../exact/exact-pairs';
import { exactGramAtOnce, exactGramOf } from '../exact/integer-gram';
import { columnsOf, rowsOf } from '../product-blocks';
import type { Vectors } from '../product-blocks';
import { runAtOnce, runBreathing } from '../stepwise';
import type { Steps } from '../stepwise';
import { mirrorUpper } from '../transpose';
import type { Gram } from '../types';
import { joinGramParts, overflowingColumn, ownPart, pairPart, plainPart } from './gram-parts';
import type { GramPart } from './gram-parts';
import { giveArray, takeArray } from './storage';

type Matrix = Float64Array | Float32Array;

/** G = X^T X [d, d] of X [rows, d]. Throws InputError `not-finite` or `gram-overflow`. float32 data gives an exact Gram, with a digest. */
export function gramOfRows(x: Matrix, rows: number, d: number): Gram {
  return x instanceof Float32Array ? exactGramAtOnce(runAtOnce(integerGramSteps(x, rows, d))) : runAtOnce(gramSteps(x, rows, d));
}

/** `gramOfRows` that lets events through and stops with AbortError. */
export async function gramOfRowsAsync(x: Matrix, rows: number, d: number, signal?: AbortSignal): Promise<Gram> {
  if (x instanceof Float32Array) return exactGramOf(await runBreathing(integerGramSteps(x, rows, d), signal));
  return runBreathing(gramSteps(x, rows, d), signal);
}

/**
 * X X^T [rows, rows] of X [rows, d]: the same nonzero eigenvalues as X^T X in less room where rows < d. Its `rows` is still the
 * number of rows of X, so that readings divide by the same count.
 */
export function dualGramOfRows(x: Matrix, rows: number, d: number): Gram {
  if (!(x instanceof Float32Array)) return runAtOnce(dualGramSteps(x, rows, d));
  return { ...exactGramAtOnce(runAtOnce(integerDualGramSteps(x, rows, d))), rows };
}

/** `dualGramOfRows` that lets events through and stops with AbortError. */
export async function dualGramOfRowsAsync(x: Matrix, rows: number, d: number, signal?: AbortSignal): Promise<Gram> {
  if (!(x instanceof Float32Array)) return runBreathing(dualGramSteps(x, rows, d), signal);
  return { ...(await exactGramOf(await runBreathing(integerDualGramSteps(x, rows, d), signal))), rows };
}

/** Gram of the rows of both; within 2^-104 where both are pairs. */
export function addGrams(a: Gram, b: Gram): Gram {
  return combine(a, b, 1, new Float64Array(a.hi.length), new Float64Array(a.hi.length));
}

/** `addGrams` in the memory of `a`; both are given up. */
export function addToGram(a: Gram, b: Gram): Gram {
  const sum = combine(a, b, 1, a.hi, a.lo ?? new Float64Array(a.hi.length));
  for (const words of [b.hi, b.lo]) if (words) giveArray(words);
  return sum;
}

/** The Gram without the rows of `part` (jackknife: total minus block). */
export function subtractGrams(total: Gram, part: Gram): Gram {
  return combine(total, part, -1, new Float64Array(total.hi.length), new Float64Array(total.hi.length));
}

/** The rows and columns `at` of a Gram, as that of `rows` rows. */
export function principalGram({ dimension, hi, lo, roundoff }: Gram, at: readonly number[], rows: number): Gram {
  const of = (values: Float64Array) => Float64Array.from({ length: at.length ** 2 }, (_, k) => values[at[Math.floor(k / at.length)]! * dimension + at[k % at.length]!]!);
  return { dimension: at.length, rows, hi: of(hi), lo: lo && of(lo), roundoff, digest: null };
}

/** What worker `part` of `parts` contributes to `gramOfRows` of float64 data: `joinGramParts` of all parts has the same bits. */
export function gramPart(x: Float64Array, rows: number, d: number, part: number, parts: number): GramPart {
  return runAtOnce(pairPart(x, rows, d, part, parts));
}

/** X^T X in float64 alone, `lo` is null: for comparison, and where 53 bits will do, the last of which depend on the machine. */
export function plainGramOfRows(x: Float64Array, rows: number, d: number): Gram {
  return runAtOnce(plainPart(x, rows, d, 0, 1, (whole) => joinGramParts([whole])));
}

/** What worker `part` of `parts` contributes to `plainGramOfRows`. */
export function plainGramPart(x: Float64Array, rows: number, d: number, part: number, parts: number): GramPart {
  return runAtOnce(plainPart(x, rows, d, part, parts, ownPart));
}

function gramSteps(x: Float64Array, rows: number, d: number): Steps<Gram> {
  return pairGram(columnsOf(x, rows, d), rows);
}

function dualGramSteps(x: Float64Array, rows: number, d: number): Steps<Gram> {
  return pairGram(rowsOf(x, rows, d), rows);
}

/** @param rows of X. */
function* pairGram(vectors: Vectors, rows: number): Steps<Gram> {
  const n = vectors.count;
  const [hi, lo] = [takeArray(n * n), takeArray(n * n)];
  yield* exactPairs(vectors, n, { hi, lo, rowAt: (i) => i * n });
  for (const words of [hi, lo]) mirrorUpper(words, n);
  for (let i = 0; i < n; i++) if (!Number.isFinite(hi[i * (n + 1)]!)) throw overflowingColumn(i);
  return { dimension: n, rows, hi, lo, roundoff: DOUBLE_DOUBLE_ROUNDOFF, digest: null };
}

/** a + sign * b, written to hi and lo: fresh zeros, or the memory of `a`. */
function combine(a: Gram, b: Gram, sign: 1 | -1, hi: Float64Array, lo: Float64Array): Gram {
  if (a.dimension !== b.dimension) throw new Error(`Grams of dimension ${a.dimension} and ${b.dimension} do not add up`);
  const paired = a.lo !== null && b.lo !== null;
  const none = paired ? lo : new Float64Array(a.hi.length);
  addPairs(a.hi, a.lo ?? none, b.hi, b.lo ?? none, sign, hi, lo);
  const roundoff = Math.max(a.roundoff, b.roundoff, paired ? DOUBLE_DOUBLE_ROUNDOFF : 2 ** -53);
  const digest = sign === 1 && a.digest !== null && b.digest !== null ? sha256AtOnce(new TextEncoder().encode(a.digest + b.digest)) : null;
  return { dimension: a.dimension, rows: a.rows + sign * b.rows, hi, lo: paired ? lo : null, roundoff, digest };
}

/** a + sign * b, pair by pair; the result may be where one of them is. */
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
