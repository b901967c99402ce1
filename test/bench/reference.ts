/** Checks of results, by code that shares nothing with what is measured. An error is relative; what it is relative to is said at each. */
import type { Report } from '../../src/analysis/report';
import { Random } from '../../src/base/random';
import { fromBigInt, toBigInt } from '../oracle/exact';
import type { AnalysisProblem, DirectionsProblem, EigenProblem, EigenResult, GramProblem, GramResult, ProblemOf, ResultOf, Task } from './implementation';

/** Entries of a hi + lo Gram that are compared with big integers. */
const SAMPLED_ENTRIES = 64;
/** A float32 is a multiple of 2^-149; the second word of a pair may be one of a smaller power. */
const INPUT_BITS = 149;
const RESULT_BITS = 420;

type Check<T extends Task> = (result: ResultOf<T>, roundoff: number) => { readonly error: number; readonly allowed: number };

/** The check of one problem; what it compares with is computed once. */
export function checkOf<T extends Task>(task: T, problem: ProblemOf<T>): Check<T> {
  const checks: { readonly [K in Task]: (problem: ProblemOf<K>) => Check<K> } = {
    'gram-f32': gramCheck, 'gram-f64': gramCheck, 'gram-exact': exactGramCheck, eigenvalues: eigenCheck, eigenvectors: eigenCheck, analysis: analysisCheck,
    directions: directionsCheck,
  };
  return checks[task](problem);
}

/** `make` of a problem, remembered: all implementations are compared with the same numbers. */
function once<P extends object, R>(make: (problem: P) => R): (problem: P) => R {
  const made = new WeakMap<P, R>();
  return (problem) => {
    let result = made.get(problem);
    if (result === undefined) made.set(problem, (result = make(problem)));
    return result;
  };
}

/** Multiply-adds that a reference may take: a second or two. Where a whole Gram takes more, every so-many-th line of it is compared. */
const REFERENCE_WORK = 2 ** 31;

/** Lines i of X^T X, by float64 sums over the rows, and its whole diagonal. */
const plainLines = once(({ x, rows, columns: d }: GramProblem) => {
  const step = Math.ceil((rows * d * d) / REFERENCE_WORK);
  const lines = Array.from({ length: Math.ceil(d / step) }, (_, k) => ({ i: k * step, sums: new Float64Array(d) }));
  const diagonal = new Float64Array(d);
  for (let r = 0; r < rows; r++) {
    const row = x.subarray(r * d, r * d + d);
    for (let j = 0; j < d; j++) diagonal[j]! += row[j]! * row[j]!;
    for (const { i, sums } of lines) {
      const v = row[i]!;
      for (let j = 0; j < d; j++) sums[j]! += v * row[j]!;
    }
  }
  return { lines, diagonal };
});

/** Largest |G_ij - reference| / sqrt(G_ii G_jj), both halves. Any order of summation stays within rows * roundoff. */
function gramCheck(problem: GramProblem): Check<'gram-f32' | 'gram-f64'> {
  const { rows, columns: d } = problem;
  const { lines, diagonal } = plainLines(problem);
  return ({ hi }, roundoff) => {
    if (hi.length !== d * d) throw new Error(`gave ${hi.length} values instead of ${d * d}`);
    let error = 0;
    for (const { i, sums } of lines) {
      for (let j = 0; j < d; j++) {
        const difference = Math.max(Math.abs(hi[i * d + j]! - sums[j]!), Math.abs(hi[j * d + i]! - sums[j]!));
        error = larger(error, difference / Math.sqrt(diagonal[i]! * diagonal[j]!));
      }
    }
    return { error, allowed: rows * (roundoff + 2 ** -53) };
  };
}

/** Some entries by big integers, over 2^RESULT_BITS. */
const exactEntries = once(({ rows, columns: d, x }: GramProblem) => {
  const random = new Random(4);
  return Array.from({ length: SAMPLED_ENTRIES }, () => {
    const [i, j] = [random.integer(d), random.integer(d)];
    let sum = 0n;
    for (let r = 0; r < rows; r++) sum += toBigInt(x[r * d + i]!, INPUT_BITS) * toBigInt(x[r * d + j]!, INPUT_BITS);
    return { i, j, exact: sum << BigInt(RESULT_BITS - 2 * INPUT_BITS) };
  });
});

/** The same for sampled entries of hi + lo, against big integers; for all entries of hi, against float64. */
function exactGramCheck(problem: GramProblem): Check<'gram-exact'> {
  const { rows, columns: d } = problem;
  const { diagonal } = plainLines(problem);
  const whole = gramCheck(problem);
  return (result: GramResult, roundoff) => {
    const rough = whole(result, 2 ** -53);
    if (rough.error > rough.allowed) return rough;
    let error = 0;
    exactEntries(problem).forEach(({ i, j, exact }) => {
      const at = i * d + j;
      const found = toBigInt(result.hi[at]!, RESULT_BITS) + toBigInt(result.lo?.[at] ?? 0, RESULT_BITS);
      error = larger(error, Math.abs(fromBigInt(found - exact, RESULT_BITS)) / Math.sqrt(diagonal[i]! * diagonal[j]!));
    });
    return { error, allowed: rows * roundoff };
  };
}

/**
 * Values: largest |lambda - known| / lambda_max. Vectors: largest component of (A V - V L) z / lambda_max and (V^T V - I) z for some
 * random z of signs (Freivalds), over sqrt(n), the size of a sum of so many errors.
 */
function eigenCheck({ n, a, values: known }: EigenProblem): Check<'eigenvalues' | 'eigenvectors'> {
  const top = known[0]!;
  return ({ values, vectors }: EigenResult, roundoff) => {
    const sorted = Float64Array.from(values).sort().reverse();
    if (sorted.length !== n) throw new Error(`gave ${sorted.length} values instead of ${n}`);
    let error = 0;
    for (let i = 0; i < n; i++) error = larger(error, Math.abs(sorted[i]! - known[i]!) / top);
    for (let probe = 0; vectors && probe < 4; probe++) {
      const random = new Random(5 + probe);
      const z = Float64Array.from({ length: n }, () => (random.uniform() < 0.5 ? -1 : 1));
      const vz = timesTransposed(vectors, z, n);
      const product = times(a, vz, n);
      const scaled = timesTransposed(vectors, z.map((s, i) => s * values[i]!), n);
      const back = times(vectors, vz, n);
      for (let i = 0; i < n; i++) {
        error = larger(error, Math.abs(product[i]! - scaled[i]!) / top / Math.sqrt(n));
        error = larger(error, Math.abs(back[i]! - z[i]!) / Math.sqrt(n));
      }
    }
    return { error, allowed: 16 * n * roundoff };
  };
}

/** X^T X, upper half, by float64 sums over the rows; four of them at a time, which is four times fewer passes over the sums. */
function upperGram(x: ArrayLike<number>, rows: number, d: number): Float64Array {
  const g = new Float64Array(d * d);
  const at = (r: number, i: number) => (r < rows ? x[r * d + i]! : 0);
  const four = new Float64Array(4 * d);
  for (let first = 0; first < rows; first += 4) {
    for (let k = 0; k < 4; k++) for (let i = 0; i < d; i++) four[4 * i + k] = at(first + k, i);
    for (let i = 0; i < d; i++) {
      const [p, q, r, s] = [four[4 * i]!, four[4 * i + 1]!, four[4 * i + 2]!, four[4 * i + 3]!];
      for (let j = i; j < d; j++) g[i * d + j]! += p * four[4 * j]! + q * four[4 * j + 1]! + r * four[4 * j + 2]! + s * four[4 * j + 3]!;
    }
  }
  return g;
}

/** Trace and squared Frobenius norm of the activation Gram of every layer, by a float64 forward pass. */
const forward = once(({ samples, width, weights, inputs }: AnalysisProblem) => {
  let x = Float64Array.from(inputs);
  return weights.map(({ w, b }, layer) => {
    const next = new Float64Array(samples * width);
    for (let s = 0; s < samples; s++) {
      for (let o = 0; o < width; o++) {
        let sum = b[o]!;
        for (let i = 0; i < width; i++) sum += x[s * width + i]! * w[o * width + i]!;
        next[s * width + o] = layer < weights.length - 1 ? Math.max(0, sum) : sum;
      }
    }
    x = next;
    const g = upperGram(x, samples, width).map((v) => v / samples);
    let [trace, squares] = [0, 0];
    for (let i = 0; i < width; i++) {
      trace += g[i * width + i]!;
      for (let j = i; j < width; j++) squares += (i === j ? 1 : 2) * g[i * width + j]! ** 2;
    }
    return { trace, squares };
  });
});

/** The sums of the eigenvalues and of their squares against these: largest relative error. */
function analysisCheck(problem: AnalysisProblem): Check<'analysis'> {
  return (report: Report) => {
    let error = 0;
    forward(problem).forEach(({ trace, squares }, layer) => {
      const spectrum = report.spectra.find((s) => s.tap.layer === `${2 * layer}` && s.tap.side === 'activation');
      if (!spectrum) throw new Error(`gave no activation spectrum of layer ${2 * layer}`);
      const sum = spectrum.eigenvalues.reduce((total, v) => total + v, 0);
      const sumOfSquares = spectrum.eigenvalues.reduce((total, v) => total + v * v, 0);
      error = larger(error, Math.abs(sum / trace - 1));
      error = larger(error, Math.abs(sumOfSquares / squares - 1));
    });
    return { error, allowed: problem.samples * 2 ** -53 };
  };
}

/** Part of the orders that are not those of theory: none may be. */
function directionsCheck({ orders }: DirectionsProblem): Check<'directions'> {
  return (found) => ({ error: orders.filter((order, i) => found[i] !== order).length / orders.length, allowed: 0 });
}

/** The larger of both; NaN if there is one. */
function larger(a: number, b: number): number {
  return b > a || Number.isNaN(b) ? b : a;
}

/** M x */
function times(m: ArrayLike<number>, x: Float64Array, n: number): Float64Array {
  return x.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += m[i * n + j]! * x[j]!;
    return sum;
  });
}

/** M^T x */
function timesTransposed(m: ArrayLike<number>, x: Float64Array, n: number): Float64Array {
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) y[j]! += m[i * n + j]! * x[i]!;
  return y;
}
