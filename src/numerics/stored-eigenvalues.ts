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
import { GRAM_WORDS, gramTriangle, type TriangleHash } from './gram-triangle';
import { inverseSingularValues, inverseWords } from './inverse-values';
import type { Vectors } from './product-blocks';
import { exponentOf, scaledCopy } from './scaling';
import { checkedPairs, PAIRS_METHOD } from './solve';
import { runBreathing, type Steps } from './stepwise';
import { eachRows, type StoredMatrix } from './stored-matrix';
import { residualNorms, residualWords } from './stored-residuals';
import { staircase, staircaseWords, unfold, type Triangle } from './triangle';
import type { EigenResult } from './types';
import { engine, type Workspace } from './workspace';

export interface StoredOptions {
  signal?: AbortSignal;
  /** Told the phase and the part of all the work that is done. */
  tell?(phase: 'gram' | 'eigen', part: number): void;
  /** Runs the work of a phase: a clock for it. */
  time?<R>(phase: 'gram' | 'eigen', work: () => Promise<R>): Promise<R>;
}

/** Parts of the time of a square that its Gram, its factorisation and the rest take, about. */
const SHARES = { gram: 0.45, factor: 0.25, rest: 0.3 };
/** Steps of the bidiagonalisation between two reports. */
const ROWS = 64;

/** What holds memory and is handed from step to step. */
interface Held {
  readonly matrix: StoredMatrix;
  readonly place: Place;
  readonly words: Float64Array;
  readonly triangle: Triangle;
  readonly work: Workspace;
  /** Where `work` is free. */
  readonly mark: number;
  readonly signal: AbortSignal | undefined;
}

/** Throws AbortError, ConvergenceError; what the matrix's reader throws; InputError `gram-overflow`. Values are finite. */
export async function eigenvaluesOfStored(matrix: StoredMatrix, options: StoredOptions = {}): Promise<{ result: EigenResult; hash: TriangleHash }> {
  const { signal, tell = () => {}, time = (_, work) => work() } = options;
  const n = Math.min(matrix.rows, matrix.columns);
  const place = placed(matrix);
  const scratch = Math.max(GRAM_WORDS, choleskyWords(n), bidiagonalWords(n, n) + 8 * n + inverseWords(n, n));
  const checked = checkedPairs(n);
  const work = engine().open(Math.max(place.words + scratch, residualWords(matrix, checked.length)));
  try {
    const start = work.mark();
    const words = work.array(place.words);
    const triangle = staircase(words.subarray(0, place.half), words.subarray(place.half, 2 * place.half), n);
    const held: Held = { matrix, place, words, triangle, work, mark: work.mark(), signal };
    const hash = await time('gram', () => makeGram(held, (part) => tell('gram', SHARES.gram * part)));
    return await time('eigen', async () => {
      const factored = await factor(held, (part) => tell('eigen', SHARES.gram + SHARES.factor * part));
      const { exponent, ...solved } = await solve(held, factored, (part) => tell('eigen', 1 - SHARES.rest * (1 - part)));
      const vectors = await runBreathing(eigenvectors(solved, checked, n), signal);
      if (solved.gradingLost) {
        await makeGram(held);
        refine(solved.values, await inverse(held, await factor(held)));
      }
      work.reset(start);
      const norms = await residualNorms(matrix, vectors, checked.map((i) => solved.values[i]!), exponent, work, signal);
      const residuals = new Float64Array(n).fill(NaN);
      checked.forEach((i, k) => (residuals[i] = norms[k]!));
      const [values, scaled] = [scaledCopy(solved.values, exponent), scaledCopy(residuals, exponent)];
      return { result: { values, residuals: scaled, method: PAIRS_METHOD, roundoff: DOUBLE_DOUBLE_ROUNDOFF, covers: 'all' }, hash };
    });
  } finally {
    work.release();
  }
}

async function makeGram({ matrix, place, words, triangle, work, mark, signal }: Held, tell: (part: number) => void = () => {}): Promise<TriangleHash> {
  const vectors = await loaded(matrix, words, place, signal);
  work.reset(mark);
  return runBreathing(gramTriangle(vectors, triangle, work, tell), signal);
}

interface Factored {
  /** R [rank, n] in the memory of the triangle, times 2^(exponent / 2). */
  readonly r: Float64Array;
  readonly rank: number;
  readonly permutation: Int32Array;
  readonly exponent: number;
}

/** The Gram becomes R. */
async function factor({ words, triangle, work, mark, signal }: Held, tell: (part: number) => void = () => {}): Promise<Factored> {
  work.reset(mark);
  const exponent = scaleTriangle(triangle);
  const told = (rows: number) => tell(1 - (1 - rows / triangle.n) ** 3);
  const { rank, permutation } = await runBreathing(factorTriangle(triangle, DOUBLE_DOUBLE_ROUNDOFF, work, told), signal);
  return { r: unfold(triangle, words, rank), rank, permutation, exponent };
}

/** The values as R has them, scaled; R becomes what their vectors are made of. */
async function solve({ work, mark, signal }: Held, { r, rank, permutation, exponent }: Factored, tell: (part: number) => void) {
  work.reset(mark);
  const steps = counted(solveFactor(r, rank, permutation, work), (row) => {
    if (row % ROWS === 0 && row <= rank) tell(1 - (1 - row / rank) ** 3);
  });
  return { ...(await runBreathing(steps, signal)), exponent };
}

async function inverse({ triangle: { n }, work, mark, signal }: Held, { r, rank }: Factored): Promise<Float64Array> {
  work.reset(mark);
  return runBreathing(inverseSingularValues(r, rank, n, work), signal);
}

/** The same steps; `tell` is told how many there were. */
function* counted<R>(steps: Steps<R>, tell: (count: number) => void): Steps<R> {
  for (let count = 1; ; count++) {
    const step = steps.next();
    if (step.done) return step.value;
    tell(count);
    yield;
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
  let vectors = half;
  for (let i = 0; i <= n; i++) vectors = Math.max(vectors, half + staircaseWords(n, i) - i * each);
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
function* eigenvectors(solved: Decomposition, indices: readonly number[], n: number): Steps<Float64Array> {
  const all = new Float64Array(indices.length * n);
  for (let k = 0; k < indices.length; k += 4) {
    const four = indices.slice(k, k + 4);
    const x = solved.vectors(four);
    four.forEach((_, lane) => {
      for (let j = 0; j < n; j++) all[(k + lane) * n + j] = x[4 * j + lane]!;
    });
    yield;
  }
  return all;
}
