/** The rows of a Cholesky factorisation in double-double. */
import { productError, SPLITTER, sumError } from '../double-double';

export function subtractRows(hi: Float64Array, lo: Float64Array, n: number, start: number, j: number): void {
  for (let m = start; m < j; m++) subtractRow(hi, lo, n, m, j);
}

/** s_ji -= r_mj r_mi for i > j */
function subtractRow(hi: Float64Array, lo: Float64Array, n: number, m: number, j: number): void {
  const x = -hi[m * n + j]!;
  const xTail = -lo[m * n + j]!;
  const c = SPLITTER * x;
  const xHigh = c - (c - x);
  const xLow = x - xHigh;
  for (let to = j * n + j + 1, from = m * n + j + 1, end = (j + 1) * n; to < end; to++, from++) {
    const y = hi[from]!;
    const split = SPLITTER * y;
    const yHigh = split - (split - y);
    const yLow = y - yHigh;
    const p = x * y;
    const error = xHigh * yHigh - p + xHigh * yLow + xLow * yHigh + xLow * yLow;
    const s = hi[to]! + p;
    const rest = lo[to]! + (sumError(hi[to]!, p, s) + (error + (x * lo[from]! + xTail * y)));
    const sum = s + rest;
    hi[to] = sum;
    lo[to] = rest - (sum - s);
  }
}

export function scaleRow(
  hi: Float64Array,
  lo: Float64Array,
  at: number,
  count: number,
  scale: number,
  scaleLo: number,
  rest: Float64Array,
  restLo: Float64Array,
  restAt: number,
): void {
  for (let i = 0; i < count; i++) {
    const x = hi[at + i]!;
    const p = x * scale;
    const e = productError(x, scale, p) + (x * scaleLo + lo[at + i]! * scale);
    const r = p + e;
    const rLo = e - (r - p);
    hi[at + i] = r;
    lo[at + i] = rLo;
    const square = -r * r;
    const error = productError(-r, r, square) - 2 * (r * rLo);
    const old = rest[restAt + i]!;
    const s = old + square;
    const t = restLo[restAt + i]! + (sumError(old, square, s) + error);
    const sum = s + t;
    rest[restAt + i] = sum;
    restLo[restAt + i] = t - (sum - s);
  }
}
