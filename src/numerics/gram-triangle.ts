/** The Gram of vectors in half the room of its square: the same bits, and the same hash, as `gramOfRows` makes. */
import { Sha256 } from '../base/sha256';
import { overflowingColumn } from './cpu/gram-parts';
import { exactTriangle } from './exact/exact-triangle';
import type { Vectors } from './product-blocks';
import type { Steps } from './stepwise';
import type { Triangle } from './triangle';
import type { Workspace } from './workspace';

/** Words of a workspace that `gramTriangle` wants: for the remainders and sums of usual numbers. Others get more for themselves. */
export const GRAM_WORDS = 3 * 2 ** 20;

/** Which hash it is: of exact integers, or of the words hi and lo. */
export interface TriangleHash {
  readonly of: 'integers' | 'words';
  readonly sha256: string;
}

/** Fills `out`, which holds anything, with the inner products of finite vectors; it may grow into their memory. Throws InputError `gram-overflow`. */
export function* gramTriangle(vectors: Vectors, out: Triangle, work: Workspace, tell: (part: number) => void): Steps<TriangleHash> {
  const digest = yield* exactTriangle(vectors, out, work, GRAM_WORDS, tell);
  if (digest !== null) return { of: 'integers', sha256: digest };
  const { n, hi, rowAt } = out;
  for (let i = 0; i < n; i++) if (!Number.isFinite(hi[rowAt(i) + i]!)) throw overflowingColumn(i);
  return { of: 'words', sha256: yield* wordsDigest(out) };
}

/** SHA-256 of the words hi, row by row, then lo. */
function* wordsDigest({ n, hi, lo, rowAt }: Triangle): Steps<string> {
  const digest = new Sha256();
  for (const words of [hi, lo]) {
    for (let i = 0; i < n; i++) {
      digest.update(new Uint8Array(words.slice(rowAt(i) + i, rowAt(i) + n).buffer));
      yield;
    }
  }
  return digest.hexadecimal();
}
