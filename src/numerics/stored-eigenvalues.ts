/**
 * All eigenvalues of the smaller Gram of a stored matrix, in little more memory than R of its Cholesky factorisation takes as a square:
 * the same bits as from `gramOfRows` and `eigenvaluesOfGram`, which hold the matrix, the Gram as a square of pairs and copies of it.
 *
 * One piece of memory holds, one after the other and partly one in the place of the other:
 *   the vectors, n of them, as they were read         4 or 8 bytes for each value of the matrix
 *   the upper triangle of their Gram, hi and lo       2 * 4 n^2 bytes; it grows into the vectors that were read for the last time
 *   R as a square, made out of hi where lo was        8 n^2 bytes
 * so that [4096, 4096] float32 numbers, 64 MiB, need 144 MiB and some room for what is multiplied at a time. What is needed twice is
 * read twice: the matrix for the residuals, and, where the small singular values come from the inverse of R, R itself is made again.
 */
import { bidiagonalWords } from './bidiagonal';
import { choleskyWords, factorTriangle } from './cholesky';
import { DOUBLE_DOUBLE_ROUNDOFF } from './double-double';
import { refine, solveFactor, type Decomposition } from './factor-values';
import { gramTriangle, gramWords, rowsAhead, type TriangleHash } from './gram-triangle';
import { inverseSingularValues, inverseWords } from './inverse-values';
import { exponentOf, scaledCopy } from './scaling';
import { checkedPairs, PAIRS_METHOD } from './solve';
import { runBreathing } from './stepwise';
import { eachRows, type StoredMatrix } from './stored-matrix';
import { residualNorms } from './stored-residuals';
import { staircase, staircaseWords, unfold, type Triangle } from './triangle';
import type { EigenResult } from './types';
import type { Vectors } from './product-blocks';
import { engine, type Workspace } from './workspace';

export interface StoredOptions {
  signal?: AbortSignal;
  /** Told the part of the work that is done. */
  tell?(part: number): void;
  /** Told when the Gram is there and its decomposition begins. */
  factoring?(): void;
}

/** Parts of the time of a square that its Gram, its factorisation and the rest take, about. */
const SHARES = { gram: 0.45, factor: 0.25 };

/** Throws AbortError, ConvergenceError; what the matrix's reader throws; InputError `gram-overflow`. Values are finite. */
export async function eigenvaluesOfStored(matrix: StoredMatrix, { signal, tell = () => {}, factoring }: StoredOptions = {}): Promise<{ result: EigenResult; hash: TriangleHash }> {
  const n = Math.min(matrix.rows, matrix.columns);
  const place = placed(matrix);
  const scratch = Math.max(gramWords(matrix.single, n, place.length), choleskyWords(n), bidiagonalWords(n, n) + 8 * n + inverseWords(n, n));
  const work = engine().open(place.words + scratch);
  try {
    const start = work.mark();
    const words = work.array(place.words);
    const mark = work.mark();
    const triangle = staircase(words.subarray(0, place.half), words.subarray(place.half, 2 * place.half), n);

    const factored = async (told: (part: number) => void, factors?: () => void) => {
      const vectors = await loaded(matrix, words, place, signal);
      work.reset(mark);
      const hash = await runBreathing(gramTriangle(vectors, triangle, work, (part) => told(SHARES.gram * part)), signal);
      factors?.();
      work.reset(mark);
      const exponent = scaleTriangle(triangle);
      const factor = await runBreathing(factorTriangle(triangle, DOUBLE_DOUBLE_ROUNDOFF, work), signal);
      told(SHARES.gram + SHARES.factor);
      work.reset(mark);
      return { ...factor, hash, exponent, r: unfold(triangle, words, factor.rank) };
    };

    const { rank, permutation, hash, exponent, r } = await factored(tell, factoring);
    const solved = await runBreathing(solveFactor(r, rank, permutation, work), signal);
    const checked = checkedPairs(n);
    const vectors = eigenvectors(solved, checked, n);
    work.reset(mark);
    if (solved.gradingLost) {
      const again = await factored(() => {});
      refine(solved.values, await runBreathing(inverseSingularValues(again.r, rank, n, work), signal));
    }
    work.reset(start);
    const norms = await residualNorms(matrix, vectors, checked.map((i) => solved.values[i]!), exponent, work, signal);
    const residuals = new Float64Array(n).fill(NaN);
    checked.forEach((i, k) => (residuals[i] = norms[k]!));
    return {
      result: {
        values: scaledCopy(solved.values, exponent),
        residuals: scaledCopy(residuals, exponent),
        method: PAIRS_METHOD,
        roundoff: DOUBLE_DOUBLE_ROUNDOFF,
        covers: 'all',
      },
      hash,
    };
  } finally {
    work.release();
  }
}

interface Place {
  /** Words of the triangle hi, and of lo behind it. */
  readonly half: number;
  /** Where the vectors begin, behind which there is nothing, and what there is in all; `length` is that of a vector. */
  readonly vectors: number;
  readonly words: number;
  readonly length: number;
}

/** lo grows from `half` on and reaches the vectors just when they are not needed any more. */
function placed({ rows, columns, single }: StoredMatrix): Place {
  const n = Math.min(rows, columns);
  const length = Math.max(rows, columns);
  const half = staircaseWords(n);
  const each = single ? length / 2 : length;
  const ahead = rowsAhead(single);
  let vectors = half;
  for (let i = 0; i <= n; i++) vectors = Math.max(vectors, half + staircaseWords(n, Math.min(n, i + ahead)) - i * each);
  vectors = Math.ceil(vectors);
  return { half, vectors, words: Math.max(n * n, vectors + Math.ceil(n * each)), length };
}

/** The columns of a tall matrix, or the rows of a wide one, one after the other. */
async function loaded(matrix: StoredMatrix, words: Float64Array, { vectors, length }: Place, signal?: AbortSignal): Promise<Vectors> {
  const { rows, columns, single } = matrix;
  const tall = rows >= columns;
  const Values = single ? Float32Array : Float64Array;
  const values = new Values(words.buffer as ArrayBuffer, words.byteOffset + 8 * vectors, rows * columns);
  await eachRows(
    matrix,
    (piece, first, count) => {
      if (!tall) values.set(piece, first * columns);
      else for (let j = 0; j < columns; j++) for (let i = 0, at = j; i < count; i++, at += columns) values[j * rows + first + i] = piece[at]!;
    },
    signal,
  );
  return { values, offset: 0, count: Math.min(rows, columns), length, vectorStride: length, componentStride: 1 };
}

/** Brings the largest entry, which is on the diagonal, near 1; gives the even exponent that was taken out. */
function scaleTriangle({ n, hi, lo, rowAt }: Triangle): number {
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, hi[rowAt(i) + i]!);
  const exponent = 2 * Math.ceil(exponentOf(largest) / 2);
  for (const words of [hi, lo]) scaledCopy(words, -exponent, words);
  return exponent;
}

/** Vectors of these indices, one after the other. */
function eigenvectors(solved: Decomposition, indices: readonly number[], n: number): Float64Array {
  const all = new Float64Array(indices.length * n);
  for (let k = 0; k < indices.length; k += 4) {
    const four = indices.slice(k, k + 4);
    const x = solved.vectors(four);
    four.forEach((_, lane) => {
      for (let j = 0; j < n; j++) all[(k + lane) * n + j] = x[4 * j + lane]!;
    });
  }
  return all;
}
