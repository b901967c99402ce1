/** A row-major matrix [rows, columns] as [columns, rows]. */
export function transpose<A extends Float32Array | Float64Array>(values: A, rows: number, columns: number): A {
  const result = values.slice() as A;
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j]!;
  return result;
}

/** Entries of a square whose rows and columns the cache holds. */
const SQUARE = 16;

/** Copies the upper half of a row-major matrix [n, n] to the lower. */
export function mirrorUpper(a: Float64Array, n: number): void {
  for (let i0 = 0; i0 < n; i0 += SQUARE) {
    for (let j0 = i0; j0 < n; j0 += SQUARE) {
      for (let i = i0; i < Math.min(i0 + SQUARE, n); i++) {
        for (let j = Math.max(j0, i + 1); j < Math.min(j0 + SQUARE, n); j++) a[j * n + i] = a[i * n + j]!;
      }
    }
  }
}
