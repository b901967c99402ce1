/**
 * Singular values of a bidiagonal matrix to high relative accuracy, however small: implicit zero-shift QR
 * (Demmel & Kahan 1990; the criteria are those of LAPACK's dbdsqr).
 */
import { ConvergenceError } from './convergence-error';
import type { Steps } from './stepwise';

const EPSILON = 2 ** -53;
const TOLERANCE = 2 ** -48;
/** Sweeps over the whole matrix that are allowed, per row. */
const SWEEPS = 6;

/**
 * Descending singular values of the bidiagonal matrix with `diagonal` [n] and `offDiagonal` [n - 1] (above or below the diagonal:
 * the values are the same). The arguments are not changed. Throws ConvergenceError. Pauses after each sweep.
 */
export function* bidiagonalSingularValues(diagonal: Float64Array, offDiagonal: Float64Array): Steps<Float64Array> {
  const d = diagonal.slice();
  const e = offDiagonal.slice();
  const n = d.length;
  const threshold = Math.max(TOLERANCE * smallestEstimate(d, e), SWEEPS * n * n * 2 ** -1022);
  const budget = SWEEPS * n * n;
  let work = 0;
  let previousStart = n;
  let previousEnd = -1;
  for (let end = n - 1; end > 0; ) {
    // The unreduced block start .. end.
    let start = end;
    let largest = Math.abs(d[end]!);
    while (start > 0 && Math.abs(e[start - 1]!) > threshold) {
      start--;
      largest = Math.max(largest, Math.abs(d[start]!), Math.abs(e[start]!));
    }
    if (start > 0) e[start - 1] = 0;
    if (start === end) {
      end--;
      continue;
    }
    if (start === end - 1) {
      const [large, small] = twoByTwo(d[start]!, e[start]!, d[end]!);
      d[start] = large;
      d[end] = small;
      e[start] = 0;
      end -= 2;
      continue;
    }
    if (work > budget) throw new ConvergenceError('Zero-shift QR', budget);
    // Chase from the large end to the small: a block graded the other way is turned round, which transposes it.
    if ((start > previousEnd || end < previousStart) && Math.abs(d[start]!) < Math.abs(d[end]!)) {
      d.subarray(start, end + 1).reverse();
      e.subarray(start, end).reverse();
    }
    previousStart = start;
    previousEnd = end;
    const smallest = deflate(d, e, start, end);
    if (smallest < 0) continue;
    work += end - start;
    const shift = shiftFor(d, e, start, end, n, smallest, largest);
    if (shift === 0) zeroShiftSweep(d, e, start, end);
    else shiftedSweep(d, e, start, end, shift);
    if (Math.abs(e[end - 1]!) <= threshold) e[end - 1] = 0;
    yield;
  }
  return d.map(Math.abs).sort().reverse();
}

/** A lower estimate of the smallest singular value, within a factor n. */
function smallestEstimate(d: Float64Array, e: Float64Array): number {
  if (d.length === 0) return 0;
  let mu = Math.abs(d[0]!);
  let smallest = mu;
  for (let i = 1; i < d.length && smallest > 0; i++) {
    mu = Math.abs(d[i]!) * (mu / (mu + Math.abs(e[i - 1]!)));
    smallest = Math.min(smallest, mu);
  }
  return smallest / Math.sqrt(d.length);
}

/** Sets a negligible coupling to zero and returns -1, or returns a lower estimate of the block's smallest singular value. */
function deflate(d: Float64Array, e: Float64Array, start: number, end: number): number {
  if (Math.abs(e[end - 1]!) <= TOLERANCE * Math.abs(d[end]!)) {
    e[end - 1] = 0;
    return -1;
  }
  let mu = Math.abs(d[start]!);
  let smallest = mu;
  for (let i = start; i < end; i++) {
    const coupling = Math.abs(e[i]!);
    if (coupling <= TOLERANCE * mu) {
      e[i] = 0;
      return -1;
    }
    mu = Math.abs(d[i + 1]!) * (mu / (mu + coupling));
    smallest = Math.min(smallest, mu);
  }
  return smallest;
}

/** The smaller singular value of the trailing 2 x 2, or 0 where a shift would cost relative accuracy or gain nothing. */
function shiftFor(
  d: Float64Array,
  e: Float64Array,
  start: number,
  end: number,
  n: number,
  smallest: number,
  largest: number,
): number {
  if (n * TOLERANCE * (smallest / largest) <= EPSILON) return 0;
  const shift = twoByTwo(d[end - 1]!, e[end - 1]!, d[end]!)[1];
  const first = Math.abs(d[start]!);
  return first > 0 && (shift / first) ** 2 < EPSILON ? 0 : shift;
}

/** Cosine, sine and length of the rotation last made. */
const rotation = new Float64Array(3);

/** [c s; -s c] (f, g) = (r, 0) */
function rotate(f: number, g: number): void {
  if (g === 0) {
    rotation[0] = 1;
    rotation[1] = 0;
    rotation[2] = f;
    return;
  }
  const square = f * f + g * g;
  const r = square > 1e-280 && square < 1e280 ? Math.sqrt(square) : Math.hypot(f, g);
  rotation[0] = f / r;
  rotation[1] = g / r;
  rotation[2] = r;
}

function zeroShiftSweep(d: Float64Array, e: Float64Array, start: number, end: number): void {
  let c = 1;
  let oldC = 1;
  let oldS = 0;
  for (let i = start; i < end; i++) {
    rotate(d[i]! * c, e[i]!);
    c = rotation[0]!;
    const s = rotation[1]!;
    const r = rotation[2]!;
    if (i > start) e[i - 1] = oldS * r;
    rotate(oldC * r, d[i + 1]! * s);
    oldC = rotation[0]!;
    oldS = rotation[1]!;
    d[i] = rotation[2]!;
  }
  const h = d[end]! * c;
  d[end] = h * oldC;
  e[end - 1] = h * oldS;
}

function shiftedSweep(d: Float64Array, e: Float64Array, start: number, end: number, shift: number): void {
  const first = d[start]!;
  let f = (Math.abs(first) - shift) * (Math.sign(first) + shift / first);
  let g = e[start]!;
  for (let i = start; i < end; i++) {
    rotate(f, g);
    let c = rotation[0]!;
    let s = rotation[1]!;
    if (i > start) e[i - 1] = rotation[2]!;
    f = c * d[i]! + s * e[i]!;
    e[i] = c * e[i]! - s * d[i]!;
    g = s * d[i + 1]!;
    d[i + 1] = c * d[i + 1]!;
    rotate(f, g);
    c = rotation[0]!;
    s = rotation[1]!;
    d[i] = rotation[2]!;
    f = c * e[i]! + s * d[i + 1]!;
    d[i + 1] = c * d[i + 1]! - s * e[i]!;
    if (i < end - 1) {
      g = s * e[i + 1]!;
      e[i + 1] = c * e[i + 1]!;
    }
  }
  e[end - 1] = f;
}

/** Singular values of [f g; 0 h], larger first, each to full relative accuracy (LAPACK dlas2). */
function twoByTwo(f: number, g: number, h: number): [number, number] {
  const low = Math.min(Math.abs(f), Math.abs(h));
  const high = Math.max(Math.abs(f), Math.abs(h));
  const side = Math.abs(g);
  if (low === 0) return [Math.hypot(high, side), 0];
  const sum = 1 + low / high;
  const difference = (high - low) / high;
  if (side < high) {
    const t = (side / high) ** 2;
    const c = 2 / (Math.sqrt(sum * sum + t) + Math.sqrt(difference * difference + t));
    return [high / c, low * c];
  }
  const t = high / side;
  if (t === 0) return [side, (low * high) / side];
  const c = 1 / (Math.sqrt(1 + (sum * t) ** 2) + Math.sqrt(1 + (difference * t) ** 2));
  return [side / (c + c), 2 * (low * c * t)];
}
