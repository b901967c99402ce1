/** Products of matrices with vectors that Householder reductions make at each step; sums over even and odd columns apart. */

export function multiplyTriangle(a: Float64Array, stride: number, m: number, upwards: number, q: Float64Array, p: Float64Array): void {
  p.fill(0, 0, m);
  const first = m & 3;
  for (let k = first; k < m; k += 4) {
    const i = upwards ? m - 4 - (k - first) : k;
    multiplyFourRows(a, stride, i, q, p);
    multiplyCorner(a, stride, i, 4, q, p);
  }
  multiplyCorner(a, stride, 0, first, q, p);
}

/** The part of rows i ... i + 3 left of column i, and of columns i ... i + 3 above row i. */
function multiplyFourRows(a: Float64Array, stride: number, i: number, q: Float64Array, p: Float64Array): void {
  const r0 = i * stride;
  const r1 = r0 + stride;
  const r2 = r1 + stride;
  const r3 = r2 + stride;
  const q0 = q[i]!, q1 = q[i + 1]!, q2 = q[i + 2]!, q3 = q[i + 3]!;
  let even0 = 0, even1 = 0, even2 = 0, even3 = 0;
  let odd0 = 0, odd1 = 0, odd2 = 0, odd3 = 0;
  let j = 0;
  for (; j + 1 < i; j += 2) {
    const qj = q[j]!;
    const x0 = a[r0 + j]!, x1 = a[r1 + j]!, x2 = a[r2 + j]!, x3 = a[r3 + j]!;
    even0 += x0 * qj;
    even1 += x1 * qj;
    even2 += x2 * qj;
    even3 += x3 * qj;
    p[j]! += x0 * q0 + x1 * q1 + (x2 * q2 + x3 * q3);
    const qk = q[j + 1]!;
    const y0 = a[r0 + j + 1]!, y1 = a[r1 + j + 1]!, y2 = a[r2 + j + 1]!, y3 = a[r3 + j + 1]!;
    odd0 += y0 * qk;
    odd1 += y1 * qk;
    odd2 += y2 * qk;
    odd3 += y3 * qk;
    p[j + 1]! += y0 * q0 + y1 * q1 + (y2 * q2 + y3 * q3);
  }
  if (j < i) {
    const qj = q[j]!;
    const x0 = a[r0 + j]!, x1 = a[r1 + j]!, x2 = a[r2 + j]!, x3 = a[r3 + j]!;
    even0 += x0 * qj;
    even1 += x1 * qj;
    even2 += x2 * qj;
    even3 += x3 * qj;
    p[j]! += x0 * q0 + x1 * q1 + (x2 * q2 + x3 * q3);
  }
  p[i]! += even0 + odd0;
  p[i + 1]! += even1 + odd1;
  p[i + 2]! += even2 + odd2;
  p[i + 3]! += even3 + odd3;
}

/** The block of `count` rows on the diagonal from i on. */
function multiplyCorner(a: Float64Array, stride: number, i: number, count: number, q: Float64Array, p: Float64Array): void {
  for (let r = i; r < i + count; r++) {
    const row = r * stride;
    let sum = a[row + r]! * q[r]!;
    for (let c = i; c < r; c++) {
      const x = a[row + c]!;
      sum += x * q[c]!;
      p[c]! += x * q[r]!;
    }
    p[r]! += sum;
  }
}

export function multiplyRows(
  a: Float64Array,
  at: number,
  rows: number,
  stride: number,
  length: number,
  x: Float64Array,
  xAt: number,
  y: Float64Array,
  yAt: number,
): void {
  for (let i = 0, row = at; i < rows; i++, row += stride) {
    let even = 0;
    let odd = 0;
    let j = 0;
    for (; j + 1 < length; j += 2) {
      even += a[row + j]! * x[xAt + j]!;
      odd += a[row + j + 1]! * x[xAt + j + 1]!;
    }
    if (j < length) even += a[row + j]! * x[xAt + j]!;
    y[yAt + i] = even + odd;
  }
}

export function addRows(
  a: Float64Array,
  at: number,
  rows: number,
  stride: number,
  length: number,
  c: Float64Array,
  cAt: number,
  y: Float64Array,
  yAt: number,
): void {
  let i = 0;
  for (; i + 3 < rows; i += 4) {
    const r0 = at + i * stride;
    const r1 = r0 + stride;
    const r2 = r1 + stride;
    const r3 = r2 + stride;
    const c0 = c[cAt + i]!, c1 = c[cAt + i + 1]!, c2 = c[cAt + i + 2]!, c3 = c[cAt + i + 3]!;
    for (let j = 0; j < length; j++) y[yAt + j]! += c0 * a[r0 + j]! + c1 * a[r1 + j]! + (c2 * a[r2 + j]! + c3 * a[r3 + j]!);
  }
  for (; i < rows; i++) {
    const row = at + i * stride;
    const ci = c[cAt + i]!;
    for (let j = 0; j < length; j++) y[yAt + j]! += ci * a[row + j]!;
  }
}

export function sweepRows(
  a: Float64Array,
  rows: number,
  columns: number,
  k: number,
  x: Float64Array,
  v: Float64Array,
  u: Float64Array,
  y: Float64Array,
  q: Float64Array,
  tau: number,
  z: Float64Array,
): void {
  z.fill(0, k, columns);
  let i = k + 1;
  for (; i + 3 < rows; i += 4) {
    for (let r = i; r < i + 4; r++) updateRow(a, r * columns, k, columns, r, x, v, u, y, q, tau);
    const r0 = i * columns;
    const r1 = r0 + columns;
    const r2 = r1 + columns;
    const r3 = r2 + columns;
    const u0 = u[i]!, u1 = u[i + 1]!, u2 = u[i + 2]!, u3 = u[i + 3]!;
    for (let j = k; j < columns; j++) z[j]! += u0 * a[r0 + j]! + u1 * a[r1 + j]! + (u2 * a[r2 + j]! + u3 * a[r3 + j]!);
  }
  for (; i < rows; i++) {
    updateRow(a, i * columns, k, columns, i, x, v, u, y, q, tau);
    const ui = u[i]!;
    for (let j = k; j < columns; j++) z[j]! += ui * a[i * columns + j]!;
  }
}

/** The update of one row, its product with q, and what the left reflector sees of it. */
function updateRow(
  a: Float64Array,
  row: number,
  k: number,
  columns: number,
  i: number,
  x: Float64Array,
  v: Float64Array,
  u: Float64Array,
  y: Float64Array,
  q: Float64Array,
  tau: number,
): void {
  const xi = x[i]!;
  const ui = u[i]!;
  let even = 0;
  let odd = 0;
  let j = k;
  for (; j + 1 < columns; j += 2) {
    const r = a[row + j]! - (xi * v[j]! + ui * y[j]!);
    const s = a[row + j + 1]! - (xi * v[j + 1]! + ui * y[j + 1]!);
    a[row + j] = r;
    a[row + j + 1] = s;
    even += r * q[j]!;
    odd += s * q[j + 1]!;
  }
  if (j < columns) {
    const r = a[row + j]! - (xi * v[j]! + ui * y[j]!);
    a[row + j] = r;
    even += r * q[j]!;
  }
  x[i] = tau * (even + odd);
  u[i] = a[row + k]! - x[i]!;
}
