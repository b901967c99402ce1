/** Eigenvalues alone of a symmetric tridiagonal matrix: QL without square roots (Pal, Walker & Kahan; EISPACK tqlrat, LAPACK dsterf). */
import { ConvergenceError } from './convergence-error';
import { ITERATIONS, NEGLIGIBLE } from './implicit-ql';
import type { Steps } from './stepwise';

/** Squares: of the rounding error of a coupling, and of a gamma whose reciprocal may leave the range of float64. */
const EPSILON = 2 ** -104;
const SMALL = 1e-290;

/**
 * Overwrites `d` [n] with the eigenvalues, in no order, each within a few eps |T|. Entries should be near 1: their squares are formed.
 * `offDiagonal` [n - 1] is not changed. Throws ConvergenceError. Pauses after each eigenvalue.
 */
export function* rationalQL(d: Float64Array, offDiagonal: Float64Array): Steps<void> {
  const n = d.length;
  const e = new Float64Array(n);
  let norm = 0;
  for (let i = 0; i < n; i++) {
    const coupling = offDiagonal[i] ?? 0;
    e[i] = coupling * coupling;
    norm = Math.max(norm, Math.abs(d[i]!) + Math.abs(coupling));
  }
  const negligible = (NEGLIGIBLE * norm) ** 2;
  for (let l = 0; l < n; l++) {
    for (let iteration = 0; ; iteration++) {
      let m = l;
      for (; m < n - 1; m++) if (e[m]! <= negligible || e[m]! <= EPSILON * Math.abs(d[m]! * d[m + 1]!)) break;
      if (m === l) break;
      if (iteration === ITERATIONS) throw new ConvergenceError('Rational QL', ITERATIONS * n);
      sweep(d, e, l, m);
    }
    yield;
  }
}

/** One QL sweep over the unreduced block l .. m of the matrix with diagonal d and squared couplings e. */
function sweep(d: Float64Array, e: Float64Array, l: number, m: number): void {
  const root = Math.sqrt(e[l]!);
  const half = (d[l + 1]! - d[l]!) / (2 * root);
  const shift = d[l]! - root / (half + (half >= 0 ? 1 : -1) * Math.hypot(half, 1));
  let gamma = d[m]! - shift;
  let p = gamma * gamma;
  let c = 1;
  let s = 0;
  for (let i = m - 1; i >= l; i--) {
    const square = e[i]!;
    const r = p + square;
    if (i < m - 1) e[i + 1] = s * r;
    const before = c;
    // Taken beside the other two divisions instead of after them: p becomes gamma^2 / c.
    const inverse = r * (1 / p);
    c = p / r;
    s = square / r;
    const next = c * (d[i]! - shift) - s * gamma;
    d[i + 1] = gamma + (d[i]! - next);
    gamma = next;
    if (p > SMALL) p = gamma * gamma * inverse;
    else p = c === 0 ? before * square : (gamma * gamma) / c;
  }
  e[l] = s * p;
  d[l] = shift + gamma;
}
