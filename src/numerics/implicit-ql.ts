/** Eigenvalues (and vectors) of a symmetric tridiagonal matrix by implicit QL with Wilkinson's shift (EISPACK imtql2). */
import { ConvergenceError } from './convergence-error';
import type { Steps } from './stepwise';

/** Iterations allowed per eigenvalue; about 1.7 are usual. */
export const ITERATIONS = 60;
const EPSILON = 2 ** -52;
/** A coupling below this part of |T| is zero: a cluster of rounding errors beside a large eigenvalue has no finer structure. */
export const NEGLIGIBLE = 2 ** -56;

/** Told that the eigenvectors, as rows i and i + 1 of a matrix, become c z_i - s z_{i+1} and s z_i + c z_{i+1}. */
export type Rotate = (i: number, c: number, s: number) => void;

/**
 * Overwrites `d` [n] with the eigenvalues, in no order. Where `rotate` applies what it is told to the rows of the identity, row i
 * becomes the eigenvector of d[i]. `offDiagonal` [n - 1] is not changed. Throws ConvergenceError. Pauses after each eigenvalue.
 */
export function* implicitQL(d: Float64Array, offDiagonal: Float64Array, rotate?: Rotate): Steps<void> {
  const n = d.length;
  const e = new Float64Array(n);
  e.set(offDiagonal);
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(d[i]!) + Math.abs(e[i]!));
  const negligible = NEGLIGIBLE * norm;
  for (let l = 0; l < n; l++) {
    for (let iteration = 0; ; iteration++) {
      let m = l;
      for (; m < n - 1; m++) {
        const coupling = Math.abs(e[m]!);
        if (coupling <= negligible || coupling <= EPSILON * Math.sqrt(Math.abs(d[m]! * d[m + 1]!))) break;
      }
      if (m === l) break;
      if (iteration === ITERATIONS) throw new ConvergenceError('Implicit QL', ITERATIONS * n);
      chase(d, e, l, m, rotate);
    }
    yield;
  }
}

/** One QL sweep over the unreduced block l .. m. */
function chase(d: Float64Array, e: Float64Array, l: number, m: number, rotate: Rotate | undefined): void {
  let g = (d[l + 1]! - d[l]!) / (2 * e[l]!);
  let r = Math.hypot(g, 1);
  g = d[m]! - d[l]! + e[l]! / (g + (g >= 0 ? r : -r));
  let s = 1;
  let c = 1;
  let p = 0;
  let i = m - 1;
  for (; i >= l; i--) {
    const f = s * e[i]!;
    const b = c * e[i]!;
    r = length(f, g);
    e[i + 1] = r;
    if (r === 0) {
      // Underflow split the block: recover and look again.
      d[i + 1]! -= p;
      e[m] = 0;
      break;
    }
    s = f / r;
    c = g / r;
    g = d[i + 1]! - p;
    r = (d[i]! - g) * s + 2 * c * b;
    p = s * r;
    d[i + 1] = g + p;
    g = c * r - b;
    rotate?.(i, c, s);
  }
  if (i >= l) return;
  d[l]! -= p;
  e[l] = g;
  e[m] = 0;
}

/** sqrt(f^2 + g^2), by Math.hypot (slow) only where squares would lose digits. */
function length(f: number, g: number): number {
  const square = f * f + g * g;
  return square > 1e-200 && square < 1e200 ? Math.sqrt(square) : Math.hypot(f, g);
}
