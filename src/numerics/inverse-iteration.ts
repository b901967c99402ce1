/** Eigenvectors of a symmetric tridiagonal matrix for known eigenvalues, by inverse iteration (Wilkinson; LAPACK dstein). */
import { Random } from '../base/random';
import { normalize } from './vector';

const ITERATIONS = 3;

/**
 * For an eigenvalue lambda of T (`diagonal` [n], `offDiagonal` [n - 1]): a unit vector w with |T w - lambda w| near eps |T|.
 * Each pair is found by itself: vectors of a cluster need not be orthogonal.
 */
export function inverseIteration(diagonal: Float64Array, offDiagonal: Float64Array): (lambda: number) => Float64Array {
  const n = diagonal.length;
  let norm = 0;
  for (let i = 0; i < n; i++) norm = Math.max(norm, Math.abs(diagonal[i]!) + Math.abs(offDiagonal[i] ?? 0));
  const tiny = norm > 0 ? norm * 2 ** -53 : 1;
  const start = new Random(n).normals(n);
  normalize(start);
  return (lambda) => {
    const factors = factor(diagonal, offDiagonal, lambda, tiny);
    const x = start.slice();
    for (let k = 0; k < ITERATIONS; k++) {
      solve(factors, x);
      normalize(x);
    }
    return x;
  };
}

/** T - lambda I = L U by rows with partial pivoting. */
interface Factors {
  /** U: diagonal and its two superdiagonals. */
  readonly u0: Float64Array;
  readonly u1: Float64Array;
  readonly u2: Float64Array;
  readonly multipliers: Float64Array;
  readonly swapped: Uint8Array;
}

function factor(diagonal: Float64Array, offDiagonal: Float64Array, lambda: number, tiny: number): Factors {
  const n = diagonal.length;
  const u0 = diagonal.map((x) => x - lambda);
  const u1 = new Float64Array(n);
  u1.set(offDiagonal);
  const u2 = new Float64Array(n);
  const multipliers = new Float64Array(n);
  const swapped = new Uint8Array(n);
  for (let i = 0; i < n - 1; i++) {
    const below = offDiagonal[i]!;
    if (Math.abs(below) > Math.abs(u0[i]!)) {
      swapped[i] = 1;
      multipliers[i] = u0[i]! / below;
      const upper = u1[i]!;
      u0[i] = below;
      u1[i] = u0[i + 1]!;
      u2[i] = u1[i + 1]!;
      u0[i + 1] = upper - multipliers[i]! * u1[i]!;
      u1[i + 1] = -multipliers[i]! * u2[i]!;
    } else {
      if (Math.abs(u0[i]!) < tiny) u0[i] = tiny;
      multipliers[i] = below / u0[i]!;
      u0[i + 1]! -= multipliers[i]! * u1[i]!;
    }
  }
  // An eigenvalue makes the last pivot vanish; one rounding error in its place is what inverse iteration lives on.
  if (n > 0 && Math.abs(u0[n - 1]!) < tiny) u0[n - 1] = tiny;
  return { u0, u1, u2, multipliers, swapped };
}

function solve({ u0, u1, u2, multipliers, swapped }: Factors, x: Float64Array): void {
  const n = x.length;
  for (let i = 0; i < n - 1; i++) {
    if (swapped[i]) [x[i], x[i + 1]] = [x[i + 1]!, x[i]!];
    x[i + 1]! -= multipliers[i]! * x[i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    let rest = x[i]!;
    if (i + 1 < n) rest -= u1[i]! * x[i + 1]!;
    if (i + 2 < n) rest -= u2[i]! * x[i + 2]!;
    x[i] = rest / u0[i]!;
    // Solutions grow by 1/eps per near-zero pivot; several of them could overflow.
    if (Math.abs(x[i]!) > 2 ** 500) for (let j = 0; j < n; j++) x[j]! *= 2 ** -500;
  }
}
