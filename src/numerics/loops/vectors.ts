/** What eigenvectors cost: reflectors applied to four vectors at a time, interleaved; their residuals; rotations. */

export function applyRowReflectors(reflectors: Float64Array, taus: Float64Array, count: number, columns: number, x: Float64Array): void {
  for (let k = count - 1; k >= 0; k--) reflect(reflectors, k * columns + k, taus[k]!, columns - k, x, 4 * k);
}

export function applyLowerReflectors(reflectors: Float64Array, taus: Float64Array, n: number, stride: number, x: Float64Array): void {
  for (let i = 1; i < n; i++) reflect(reflectors, i * stride, taus[i]!, i, x, 0);
}

/** The four sums of a dot product. */
const sums = new Float64Array(4);

/** x -= tau v (v . x) */
function reflect(v: Float64Array, at: number, tau: number, n: number, x: Float64Array, xAt: number): void {
  dots(v, at, n, x, xAt);
  const f0 = -tau * sums[0]!;
  const f1 = -tau * sums[1]!;
  const f2 = -tau * sums[2]!;
  const f3 = -tau * sums[3]!;
  for (let j = 0, p = xAt; j < n; j++, p += 4) {
    const vj = v[at + j]!;
    x[p]! += f0 * vj;
    x[p + 1]! += f1 * vj;
    x[p + 2]! += f2 * vj;
    x[p + 3]! += f3 * vj;
  }
}

/** Dot products of v [n] with the columns of x [n, 4]; even and odd rows are summed apart. */
function dots(v: Float64Array, at: number, n: number, x: Float64Array, xAt: number): void {
  let e0 = 0, e1 = 0, e2 = 0, e3 = 0;
  let o0 = 0, o1 = 0, o2 = 0, o3 = 0;
  let j = 0;
  let p = xAt;
  for (; j + 1 < n; j += 2, p += 8) {
    const a = v[at + j]!;
    e0 += a * x[p]!;
    e1 += a * x[p + 1]!;
    e2 += a * x[p + 2]!;
    e3 += a * x[p + 3]!;
    const b = v[at + j + 1]!;
    o0 += b * x[p + 4]!;
    o1 += b * x[p + 5]!;
    o2 += b * x[p + 6]!;
    o3 += b * x[p + 7]!;
  }
  if (j < n) {
    const a = v[at + j]!;
    e0 += a * x[p]!;
    e1 += a * x[p + 1]!;
    e2 += a * x[p + 2]!;
    e3 += a * x[p + 3]!;
  }
  sums[0] = e0 + o0;
  sums[1] = e1 + o1;
  sums[2] = e2 + o2;
  sums[3] = e3 + o3;
}

export function residualSquares(a: Float64Array, n: number, x: Float64Array, lambdas: Float64Array, out: Float64Array): void {
  out.fill(0, 0, 4);
  for (let i = 0; i < n; i++) {
    dots(a, i * n, n, x, 0);
    for (let k = 0; k < 4; k++) {
      const r = sums[k]! - lambdas[k]! * x[4 * i + k]!;
      out[k]! += r * r;
    }
  }
}

export function rotateRows(z: Float64Array, n: number, i: number, c: number, s: number): void {
  for (let k = i * n, end = k + n; k < end; k++) {
    const f = z[k + n]!;
    const x = z[k]!;
    z[k + n] = s * x + c * f;
    z[k] = c * x - s * f;
  }
}
