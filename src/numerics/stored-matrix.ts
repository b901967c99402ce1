/** A matrix that is read from where it is stored, piece by piece, and need never be in memory as a whole. */
import { breathe } from '../base/breathe';

export interface StoredMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Whether its values are float32 numbers. */
  readonly single: boolean;
  /** Values begin ... end, row by row, into `out`, an array of float32 or float64 as the matrix is. */
  read(begin: number, end: number, out: Float32Array | Float64Array): Promise<void>;
}

/** Values that are read at a time. */
const PIECE = 2 ** 18;

/** Some rows after the other: `use` is given those from `first` on, [count, columns], in memory that is used again. */
export async function eachRows(
  matrix: StoredMatrix,
  use: (values: Float32Array | Float64Array, first: number, count: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const { rows, columns, single } = matrix;
  const height = rowsOfPiece(matrix);
  const values = single ? new Float32Array(height * columns) : new Float64Array(height * columns);
  for (let first = 0; first < rows; first += height) {
    const count = Math.min(height, rows - first);
    const piece = values.subarray(0, count * columns);
    await matrix.read(first * columns, (first + count) * columns, piece);
    use(piece, first, count);
    await breathe(signal);
  }
}

/** Rows that are given at a time; the last may be fewer. */
export function rowsOfPiece({ rows, columns }: StoredMatrix): number {
  return Math.max(1, Math.min(rows, Math.floor(PIECE / columns)));
}
