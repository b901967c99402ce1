/**
 * A Gram of columns, X^T X, or the part of it that one of several workers makes. Bands of rows of its upper triangle are cut so that
 * all cost the same, and every entry is summed in the same order whatever the number of parts: the joined Gram has the same bits.
 */
import { InputError } from '../../base/errors';
import { DOUBLE_DOUBLE_ROUNDOFF } from '../double-double';
import { exactPairs } from '../exact/exact-pairs';
import { SIDE } from '../exact/residue-products';
import { assertFinite } from '../finite';
import { packPanels, wholeTiles } from '../panels';
import type { PairMatrix } from '../product-blocks';
import { COLUMNS, STRIP, columnsOf } from '../product-blocks';
import type { Steps } from '../stepwise';
import type { Gram } from '../types';
import { inWorkspace } from '../workspace';
import { takeArray } from './storage';
import type { Workspace } from '../workspace';

/** Rows from ... to of the upper triangle of a Gram. Plain data. */
export interface GramPart {
  readonly dimension: number;
  /** How many rows of X were summed. */
  readonly rows: number;
  readonly from: number;
  readonly to: number;
  /** Columns `from` ... of these rows, `stride` apart; what is left of the diagonal means nothing. */
  readonly hi: Float64Array;
  /** Null in a Gram of single words. */
  readonly lo: Float64Array | null;
  readonly stride: number;
}

/** Depth of a block of a plain Gram: a panel of four columns, 8 KiB, stays in the first-level cache beside those of a strip. */
const DEPTH = 256;
/** Side of the squares in which a triangle is mirrored: a line of the cache. */
const SQUARE = 8;

/** Part `part` of `parts` of the hi + lo Gram of the columns of X [rows, d]. */
export function* pairPart(x: Float64Array, rows: number, d: number, part: number, parts: number): Steps<GramPart> {
  const [from, to] = band(d, part, parts);
  const stride = d - from;
  const pairs = { hi: new Float64Array((to - from) * stride), lo: new Float64Array((to - from) * stride) };
  const own = { ...columnsOf(x, rows, d), offset: from, count: stride };
  yield* exactPairs(own, to - from, { ...pairs, rowAt: (i) => i * stride });
  return { dimension: d, rows, from, to, ...pairs, stride };
}

/**
 * The same of a Gram in float64 alone, X [rows, d]: its last bits are those of this machine (HotLoops.subtractPanelsRelaxed), so that
 * nothing may be hashed or compared bit for bit that comes from it. Each entry is within `rows` roundoffs of its columns' norms.
 */
export function* plainPart<R>(
  x: Float64Array,
  rows: number,
  d: number,
  part: number,
  parts: number,
  use: (part: GramPart) => R,
): Steps<R> {
  const [from, to] = band(d, part, parts);
  const width = wholeTiles(d - from);
  const depth = Math.min(DEPTH, rows);
  return yield* inWorkspace(width * (depth + wholeTiles(to - from)), function* (work) {
    const panels = work.array(width * depth);
    const negative = work.zeros(width * wholeTiles(to - from));
    for (let k = 0; k < rows; k += depth) {
      const length = Math.min(depth, rows - k);
      packPanels(panels, x, k * d + from, 1, d, d - from, length);
      for (let j = 0; j < width; j += COLUMNS) {
        const last = Math.min(j + COLUMNS, width);
        for (let i = 0; i < Math.min(last, to - from); i += STRIP) {
          const height = wholeTiles(Math.min(STRIP, to - from - i));
          const first = Math.max(i, j);
          const [left, right] = [panels.subarray(i * length), panels.subarray(first * length)];
          work.loops.subtractPanelsRelaxed(left, right, negative, i * width + first, width, height, last - first, length);
          yield;
        }
      }
    }
    for (let at = 0; at < negative.length; at++) negative[at] = -negative[at]!;
    // What is not finite in X reaches the diagonal: no pass over X of its own.
    for (let i = 0; i < to - from; i++) if (!Number.isFinite(negative[i * (width + 1)]!)) assertFinite(x, rows, d);
    return use({ dimension: d, rows, from, to, hi: negative, lo: null, stride: width });
  });
}

/** Rows of part `part`: about equal areas of the triangle, whole panels. */
function band(d: number, part: number, parts: number): [number, number] {
  const edge = (p: number) => (p === parts ? d : Math.round((d * (1 - Math.sqrt(1 - p / parts))) / SIDE) * SIDE);
  return [Math.min(d, edge(part)), Math.min(d, edge(part + 1))];
}

/** A zero matrix of pairs. */
export function pairMatrix(rows: number, columns: number, work: Workspace): PairMatrix {
  return { hi: work.zeros(rows * columns), lo: work.zeros(rows * columns), rowAt: (i) => i * columns };
}

/** A part that may leave its workspace. */
export function ownPart(part: GramPart): GramPart {
  return { ...part, hi: part.hi.slice(), lo: part.lo && part.lo.slice() };
}

/** The Gram of all its parts. Throws InputError `gram-overflow`. */
export function joinGramParts(parts: readonly GramPart[]): Gram {
  const { dimension, rows } = parts[0]!;
  const pairs = parts[0]!.lo !== null;
  const hi = takeArray(dimension * dimension);
  const lo = pairs ? takeArray(dimension * dimension) : null;
  for (const part of parts) {
    place(part, part.hi, hi);
    if (lo) place(part, part.lo!, lo);
  }
  for (let i = 0; i < dimension; i++) {
    if (!Number.isFinite(hi[i * dimension + i]!)) throw overflowingColumn(i);
  }
  return { dimension, rows, hi, lo, roundoff: pairs ? DOUBLE_DOUBLE_ROUNDOFF : 2 ** -53, digest: null };
}

export function overflowingColumn(i: number): InputError {
  const found = `The sum of squares of column ${i} is beyond float64 (1.8e308).`;
  return new InputError('gram-overflow', `${found} Values up to 1e150 were expected: rescale the weights or the probe.`);
}

/** Copies the part and its mirror image to the whole matrix. */
function place({ dimension: n, from, to, stride }: GramPart, values: Float64Array, whole: Float64Array): void {
  for (let i0 = from; i0 < to; i0 += SQUARE) {
    for (let j0 = i0; j0 < n; j0 += SQUARE) {
      for (let i = i0; i < Math.min(i0 + SQUARE, to); i++) {
        for (let j = Math.max(j0, i); j < Math.min(j0 + SQUARE, n); j++) {
          const value = values[(i - from) * stride + j - from]!;
          whole[i * n + j] = value;
          whole[j * n + i] = value;
        }
      }
    }
  }
}
