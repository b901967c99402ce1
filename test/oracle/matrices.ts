/** Symmetric test matrices, row-major, and where they exist their eigenvalues in closed form. */
import type { Random } from '../../src/base/random';

export function matrix(n: number, entry: (i: number, j: number) => number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, k) => entry(Math.floor(k / n), k % n));
}

/** Sylvester's Hadamard matrix, n a power of two: entries +-1, H H = n I. */
export function hadamard(n: number): Float64Array {
  const parity = (x: number): number => (x === 0 ? 0 : (x & 1) ^ parity(x >>> 1));
  return matrix(n, (i, j) => (parity(i & j) ? -1 : 1));
}

/** H diag(d) H / n: symmetric with eigenvalues d, and exact in float64 where the entries of d share 46 bits. */
export function hadamardSandwich(d: ArrayLike<number>): Float64Array {
  const n = d.length;
  const h = hadamard(n);
  return matrix(n, (i, j) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += h[i * n + k]! * h[j * n + k]! * d[k]!;
    return sum / n;
  });
}

export const descending = (values: Iterable<number>) => Float64Array.from(values).sort().reverse();

const range = (n: number) => Array.from({ length: n }, (_, i) => i);

export interface KnownSpectrum {
  readonly name: string;
  readonly n: number;
  readonly a: Float64Array;
  /** All eigenvalues, descending. */
  readonly values: Float64Array;
}

/** Matrices with eigenvalues known in closed form, or to more than 53 bits (Gregory & Karney 1969; mpmath). */
export function knownSpectra(): KnownSpectrum[] {
  const known = (name: string, n: number, entry: (i: number, j: number) => number, values: Iterable<number>) => ({
    name, n, a: matrix(n, entry), values: descending(values),
  });
  const rosser = [
    [611, 196, -192, 407, -8, -52, -49, 29], [196, 899, 113, -192, -71, -43, -8, -44], [-192, 113, 899, 196, 61, 49, 8, 52],
    [407, -192, 196, 611, 8, 44, 59, -23], [-8, -71, 61, 8, 411, -599, 208, 208], [-52, -43, 49, 44, -599, 411, 208, 208],
    [-49, -8, 8, 59, 208, 208, 99, -911], [29, -44, 52, -23, 208, 208, -911, 99],
  ];
  const root = Math.sqrt(26);
  const levels = range(64).map((k) => 2 ** -(k % 8));
  const cosine = (n: number, k: number) => 4 * Math.sin(((k + 1) * Math.PI) / (2 * (n + 1))) ** 2;
  return [
    { name: 'Hadamard levels 8 x 8', n: 64, a: hadamardSandwich(levels), values: descending(levels) },
    known('Pei', 100, (i, j) => (i === j ? 2 : 1), [101, ...Array(99).fill(1)]),
    known('min(i, j)', 60, (i, j) => Math.min(i, j) + 1, range(60).map((k) => 1 / (4 * Math.sin(((2 * k + 1) * Math.PI) / 242) ** 2))),
    known('second difference', 100, (i, j) => (i === j ? 2 : Math.abs(i - j) === 1 ? -1 : 0), range(100).map((k) => cosine(100, k))),
    known('Clement', 50, (i, j) => (Math.abs(i - j) === 1 ? Math.sqrt(Math.max(i, j) * (50 - Math.max(i, j))) : 0), range(50).map((k) => 49 - 2 * k)),
    known('Rosser', 8, (i, j) => rosser[i]![j]!, [10 * Math.sqrt(10405), 1020, 510 + 100 * root, 1000, 1000, 0.09804864072151703, 0, -10 * Math.sqrt(10405)]),
    known('complete graph', 30, (i, j) => (i === j ? 0 : 1), [29, ...Array(29).fill(-1)]),
  ];
}

/** Wilkinson's W21+: |i - 10| on the diagonal, ones beside it. */
export const wilkinson21 = () => matrix(21, (i, j) => (i === j ? Math.abs(i - 10) : Math.abs(i - j) === 1 ? 1 : 0));
export const hilbert = (n: number) => matrix(n, (i, j) => 1 / (i + j + 1));
export const lehmer = (n: number) => matrix(n, (i, j) => (Math.min(i, j) + 1) / (Math.max(i, j) + 1));

/** a := H a H for random reflectors: a random orthogonal similarity. */
export function randomSimilarity(a: Float64Array, n: number, random: Random): Float64Array {
  const out = a.slice();
  for (let pass = 0; pass < Math.min(n, 12); pass++) {
    const v = random.normals(n);
    const norm = Math.hypot(...v);
    for (let i = 0; i < n; i++) v[i]! /= norm;
    for (const [across, along] of [[n, 1], [1, n]] as const) {
      for (let i = 0; i < n; i++) {
        let dot = 0;
        for (let k = 0; k < n; k++) dot += v[k]! * out[i * across + k * along]!;
        for (let k = 0; k < n; k++) out[i * across + k * along]! -= 2 * dot * v[k]!;
      }
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) out[i * n + j] = out[j * n + i]!;
  return out;
}

/** The 21 symmetric types of LAPACK's own tests (TESTING/EIG/dchkst.f), in its order. */
export function lapackTypes(n: number, random: Random): Float64Array[] {
  const ulp = 2 ** -52;
  const huge = 2 ** 511;
  const tiny = 2 ** -511;
  const sign = () => (random.uniform() < 0.5 ? -1 : 1);
  const step = (k: number) => (n > 1 ? k / (n - 1) : 0);
  const even = (k: number) => 1 - step(k) * (1 - ulp);
  const geometric = (k: number) => ulp ** step(k);
  const clustered = (k: number) => (k === 0 ? 1 : ulp);
  const diagonal = (f: (k: number) => number, signed = true) => {
    const d = range(n).map((k) => f(k) * (signed ? sign() : 1));
    return matrix(n, (i, j) => (i === j ? d[i]! : 0));
  };
  const times = (a: Float64Array, factor: number) => a.map((x) => x * factor);
  const turned = (f: (k: number) => number, signed = true) => randomSimilarity(diagonal(f, signed), n, random);
  const dense = matrix(n, () => 0);
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) dense[i * n + j] = dense[j * n + i] = 2 * random.uniform() - 1;
  const spd = turned(even, false);
  const dominant = matrix(n, (i, j) => (i === j ? geometric(i) : Math.abs(i - j) === 1 ? 0.3 * Math.sqrt(geometric(i) * geometric(j)) : 0));
  return [
    matrix(n, () => 0), diagonal(() => 1, false), diagonal(even), diagonal(geometric), diagonal(clustered),
    times(diagonal(geometric), huge), times(diagonal(geometric), tiny),
    turned(even), turned(geometric), turned(clustered), times(turned(even), huge), times(turned(even), tiny),
    dense, times(dense, huge), times(dense, tiny),
    spd, turned(geometric, false), turned(clustered, false), times(spd, huge), times(spd, tiny), dominant,
  ];
}
