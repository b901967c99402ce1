/** Sides of squares whose rows and columns the cache holds: one written once, one read and written. */
const [TILE, SQUARE] = [64, 16];

/** A row-major matrix [rows, columns] as [columns, rows]. */
export function transpose<A extends Float32Array | Float64Array>(values: A, rows: number, columns: number): A {
  const result = (values instanceof Float32Array ? new Float32Array(values.length) : new Float64Array(values.length)) as A;
  for (let i0 = 0; i0 < rows; i0 += TILE) {
    for (let j0 = 0; j0 < columns; j0 += TILE) {
      for (let j = j0; j < Math.min(j0 + TILE, columns); j++) {
        for (let i = i0; i < Math.min(i0 + TILE, rows); i++) result[j * rows + i] = values[i * columns + j]!;
      }
    }
  }
  return result;
}

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
