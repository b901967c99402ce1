/** A row-major matrix [rows, columns] as [columns, rows]. */
export function transpose<A extends Float32Array | Float64Array>(values: A, rows: number, columns: number): A {
  const result = values.slice() as A;
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j]!;
  return result;
}
