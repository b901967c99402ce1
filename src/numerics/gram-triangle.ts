/** The Gram of vectors in half the room of its square: the same bits, and the same hash, as `gramOfRows` makes. */
import { Sha256 } from '../base/sha256';
import { overflowingColumn } from './cpu/gram-parts';
import { exactTriangle } from './exact/exact-gram';
import { addProducts, isFloat32, productWords } from './exact-products';
import type { Vectors } from './product-blocks';
import type { Steps } from './stepwise';
import { BLOCK } from './triangle';
import type { Triangle } from './triangle';
import type { Workspace } from './workspace';

/** Rows of float64 vectors that are multiplied at a time with those after them, which are cut into slices anew for each band. */
const BAND = 4 * BLOCK;
/** Room, in words, for the remainders and sums of usual float32 numbers; others get more for themselves. */
const REMAINDERS = 3 * 2 ** 20;

/** Which hash it is: of exact integers, or of the words hi and lo of the whole square. */
export interface TriangleHash {
  readonly of: 'integers' | 'words';
  readonly sha256: string;
}

/** How many rows of the triangle are written while the first vector of them is still read. */
export function rowsAhead(single: boolean): number {
  return single ? 0 : BAND;
}

/** Words of a workspace that `gramTriangle` needs. */
export function gramWords(single: boolean, count: number, length: number): number {
  const vectors = { count, length };
  return single ? REMAINDERS : productWords(vectors, vectors);
}

/**
 * Fills `out`, which holds anything, with the inner products of finite vectors; it may grow into their memory (`rowsAhead`). float32
 * numbers give exact integers first. Throws InputError `gram-overflow`.
 */
export function* gramTriangle(vectors: Vectors, out: Triangle, work: Workspace, tell: (part: number) => void): Steps<TriangleHash> {
  if (vectors.values instanceof Float32Array) return { of: 'integers', sha256: yield* exactTriangle(vectors, out, work, REMAINDERS, tell) };
  const { n, hi, lo, rowAt } = out;
  const exact = isFloat32(vectors);
  for (let from = 0; from < n; from += BAND) {
    const to = Math.min(from + BAND, n);
    for (let i = from; i < to; i++) for (const words of [hi, lo]) words.fill(0, rowAt(i) + i, rowAt(i) + n);
    const own = { ...vectors, offset: vectors.offset + from * vectors.vectorStride, count: n - from };
    yield* addProducts({ hi, lo, rowAt: (i) => rowAt(from + i) + from }, own, own, 1, work, to - from, exact);
    tell(1 - (1 - to / n) ** 2);
  }
  for (let i = 0; i < n; i++) if (!Number.isFinite(hi[rowAt(i) + i]!)) throw overflowingColumn(i);
  return { of: 'words', sha256: yield* wordsDigest(out) };
}

/** SHA-256 of the squares hi and lo, of which `out` has the upper triangles. */
function* wordsDigest({ n, hi, lo, rowAt }: Triangle): Steps<string> {
  const digest = new Sha256();
  const row = new Float64Array(n);
  for (const words of [hi, lo]) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) row[j] = words[rowAt(j) + i]!;
      row.set(words.subarray(rowAt(i) + i, rowAt(i) + n), i);
      digest.update(new Uint8Array(row.buffer));
      yield;
    }
  }
  return digest.hexadecimal();
}
