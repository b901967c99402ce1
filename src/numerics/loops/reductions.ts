/** Sweeps over a matrix that Householder reductions make once per step, two rows at a time; sums over even and odd columns apart. */

export function sweepTriangle(a: Float64Array, m: number, v: Float64Array, w: Float64Array, q: Float64Array, p: Float64Array): void {
  let i = 0;
  if (m & 1) {
    const x = a[0]! - 2 * v[0]! * w[0]!;
    a[0] = x;
    p[0]! += x * q[0]!;
    i = 1;
  }
  for (; i < m; i += 2) {
    const r0 = (i * (i + 1)) / 2;
    const r1 = r0 + i + 1;
    const v0 = v[i]!;
    const w0 = w[i]!;
    const q0 = q[i]!;
    const v1 = v[i + 1]!;
    const w1 = w[i + 1]!;
    const q1 = q[i + 1]!;
    let even0 = 0;
    let even1 = 0;
    let odd0 = 0;
    let odd1 = 0;
    let j = 0;
    for (; j + 1 < i; j += 2) {
      const wj = w[j]!;
      const vj = v[j]!;
      const qj = q[j]!;
      const x = a[r0 + j]! - (v0 * wj + w0 * vj);
      const y = a[r1 + j]! - (v1 * wj + w1 * vj);
      a[r0 + j] = x;
      a[r1 + j] = y;
      even0 += x * qj;
      even1 += y * qj;
      p[j]! += x * q0 + y * q1;
      const wk = w[j + 1]!;
      const vk = v[j + 1]!;
      const qk = q[j + 1]!;
      const s = a[r0 + j + 1]! - (v0 * wk + w0 * vk);
      const t = a[r1 + j + 1]! - (v1 * wk + w1 * vk);
      a[r0 + j + 1] = s;
      a[r1 + j + 1] = t;
      odd0 += s * qk;
      odd1 += t * qk;
      p[j + 1]! += s * q0 + t * q1;
    }
    if (j < i) {
      const x = a[r0 + j]! - (v0 * w[j]! + w0 * v[j]!);
      const y = a[r1 + j]! - (v1 * w[j]! + w1 * v[j]!);
      a[r0 + j] = x;
      a[r1 + j] = y;
      even0 += x * q[j]!;
      even1 += y * q[j]!;
      p[j]! += x * q0 + y * q1;
    }
    // The 2 x 2 block on the diagonal.
    const d0 = a[r0 + i]! - 2 * v0 * w0;
    const c = a[r1 + i]! - (v1 * w0 + w1 * v0);
    const d1 = a[r1 + i + 1]! - 2 * v1 * w1;
    a[r0 + i] = d0;
    a[r1 + i] = c;
    a[r1 + i + 1] = d1;
    p[i]! += even0 + odd0 + d0 * q0 + c * q1;
    p[i + 1]! += even1 + odd1 + c * q0 + d1 * q1;
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
): void {
  for (let i = k + 1; i < rows; i++) {
    const row = i * columns;
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
    x[i] = even + odd;
  }
}

export function multiplyTransposed(a: Float64Array, rows: number, columns: number, k: number, u: Float64Array, y: Float64Array): void {
  for (let j = k + 1; j < columns; j++) y[j] = 0;
  let i = k + 1;
  for (; i + 3 < rows; i += 4) {
    const r0 = i * columns;
    const r1 = r0 + columns;
    const r2 = r1 + columns;
    const r3 = r2 + columns;
    const u0 = u[i]!;
    const u1 = u[i + 1]!;
    const u2 = u[i + 2]!;
    const u3 = u[i + 3]!;
    for (let j = k + 1; j < columns; j++) y[j]! += u0 * a[r0 + j]! + u1 * a[r1 + j]! + (u2 * a[r2 + j]! + u3 * a[r3 + j]!);
  }
  for (; i < rows; i++) {
    const ui = u[i]!;
    for (let j = k + 1; j < columns; j++) y[j]! += ui * a[i * columns + j]!;
  }
}
