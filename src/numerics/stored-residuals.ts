/** How well eigenpairs of the smaller Gram of a stored matrix fit, from the matrix itself. */
import { powerFactors } from './scaling';
import { eachRows, rowsOfPiece, type StoredMatrix } from './stored-matrix';
import type { Workspace } from './workspace';

/** Words of what X^T v is held in for several v at a time, where one takes no more. */
const IMAGES = 2 ** 20;

/** Words of a workspace that `residualNorms` of so many vectors needs. */
export function residualWords(matrix: StoredMatrix, vectors: number): number {
  const { rows, columns } = matrix;
  const tall = rows >= columns;
  const count = together(matrix, vectors);
  const height = rowsOfPiece(matrix);
  return 2 * count * Math.min(rows, columns) + (tall ? height : count * columns) + height * columns;
}

/** Vectors that are multiplied at a time. */
function together({ rows, columns }: StoredMatrix, vectors: number): number {
  return rows >= columns ? vectors : Math.max(1, Math.min(vectors, Math.floor(IMAGES / columns)));
}

/**
 * |G v - lambda v|_2 for vectors one after the other; G = X^T X for X [rows, columns] with rows >= columns, else X X^T, in units of
 * 2^exponent, an even number, as lambda is. Every product with X is made in float64, so that what is exact comes out near 2^-53 |G|.
 */
export async function residualNorms(
  matrix: StoredMatrix,
  vectors: Float64Array,
  lambdas: readonly number[],
  exponent: number,
  work: Workspace,
  signal?: AbortSignal,
): Promise<number[]> {
  const { rows, columns } = matrix;
  const n = Math.min(rows, columns);
  const tall = rows >= columns;
  const step = together(matrix, lambdas.length);
  const norms: number[] = [];
  const mark = work.mark();
  for (let k = 0; k < lambdas.length; k += step) {
    const count = Math.min(step, lambdas.length - k);
    const v = vectors.subarray(k * n, (k + count) * n);
    const images = tall ? await rowsTwice(matrix, v, count, exponent, work, signal) : await columnsTwice(matrix, v, count, exponent, work, signal);
    for (let i = 0; i < count; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += (images[i * n + j]! - lambdas[k + i]! * v[i * n + j]!) ** 2;
      norms.push(Math.sqrt(sum));
    }
    work.reset(mark);
  }
  return norms;
}

/** X^T X v for tall X: each piece of rows is used twice. */
async function rowsTwice(matrix: StoredMatrix, vectors: Float64Array, count: number, exponent: number, work: Workspace, signal?: AbortSignal): Promise<Float64Array> {
  const n = matrix.columns;
  const { loops } = work;
  const [v, images] = [work.array(count * n), work.zeros(count * n)];
  v.set(vectors);
  const scaled = scaler(matrix, exponent, work);
  const products = work.array(rowsOfPiece(matrix));
  await eachRows(
    matrix,
    (piece, _first, height) => {
      const x = scaled(piece);
      for (let i = 0; i < count; i++) {
        loops.multiplyRows(x, 0, height, n, n, v, i * n, products, 0);
        loops.addRows(x, 0, height, n, n, products, 0, images, i * n);
      }
    },
    signal,
  );
  return images;
}

/** X X^T v for wide X: X^T v first, then X times that. */
async function columnsTwice(matrix: StoredMatrix, vectors: Float64Array, count: number, exponent: number, work: Workspace, signal?: AbortSignal): Promise<Float64Array> {
  const { rows: n, columns } = matrix;
  const { loops } = work;
  const [v, images] = [work.array(count * n), work.array(count * n)];
  v.set(vectors);
  const products = work.zeros(count * columns);
  const scaled = scaler(matrix, exponent, work);
  const passes = [
    (x: Float64Array, first: number, height: number, i: number) => loops.addRows(x, 0, height, columns, columns, v, i * n + first, products, i * columns),
    (x: Float64Array, first: number, height: number, i: number) => loops.multiplyRows(x, 0, height, columns, columns, products, i * columns, images, i * n + first),
  ];
  for (const pass of passes) {
    await eachRows(
      matrix,
      (piece, first, height) => {
        const x = scaled(piece);
        for (let i = 0; i < count; i++) pass(x, first, height, i);
      },
      signal,
    );
  }
  return images;
}

/** Copies pieces to `work`, divided by 2^(exponent / 2). */
function scaler(matrix: StoredMatrix, exponent: number, work: Workspace): (piece: Float32Array | Float64Array) => Float64Array {
  const [outer, inner] = powerFactors(-exponent / 2);
  const x = work.array(rowsOfPiece(matrix) * matrix.columns);
  return (piece) => {
    for (let i = 0; i < piece.length; i++) x[i] = piece[i]! * outer * inner;
    return x;
  };
}
