/** Products with a Gram matrix that is never formed: four rows of the factor and four vectors at a time. */

export function multiplyGram(a: Float64Array, rows: number, columns: number, x: Float64Array, y: Float64Array): void {
  for (let i = 0; i < rows; i += 4) {
    const r0 = i * columns;
    const r1 = r0 + columns;
    const r2 = r1 + columns;
    const r3 = r2 + columns;
    let s00 = 0, s01 = 0, s02 = 0, s03 = 0;
    let s10 = 0, s11 = 0, s12 = 0, s13 = 0;
    let s20 = 0, s21 = 0, s22 = 0, s23 = 0;
    let s30 = 0, s31 = 0, s32 = 0, s33 = 0;
    for (let j = 0, p = 0; j < columns; j++, p += 4) {
      const x0 = x[p]!, x1 = x[p + 1]!, x2 = x[p + 2]!, x3 = x[p + 3]!;
      const a0 = a[r0 + j]!;
      s00 += a0 * x0;
      s01 += a0 * x1;
      s02 += a0 * x2;
      s03 += a0 * x3;
      const a1 = a[r1 + j]!;
      s10 += a1 * x0;
      s11 += a1 * x1;
      s12 += a1 * x2;
      s13 += a1 * x3;
      const a2 = a[r2 + j]!;
      s20 += a2 * x0;
      s21 += a2 * x1;
      s22 += a2 * x2;
      s23 += a2 * x3;
      const a3 = a[r3 + j]!;
      s30 += a3 * x0;
      s31 += a3 * x1;
      s32 += a3 * x2;
      s33 += a3 * x3;
    }
    for (let j = 0, p = 0; j < columns; j++, p += 4) {
      const a0 = a[r0 + j]!, a1 = a[r1 + j]!, a2 = a[r2 + j]!, a3 = a[r3 + j]!;
      y[p]! += a0 * s00 + a1 * s10 + (a2 * s20 + a3 * s30);
      y[p + 1]! += a0 * s01 + a1 * s11 + (a2 * s21 + a3 * s31);
      y[p + 2]! += a0 * s02 + a1 * s12 + (a2 * s22 + a3 * s32);
      y[p + 3]! += a0 * s03 + a1 * s13 + (a2 * s23 + a3 * s33);
    }
  }
}
