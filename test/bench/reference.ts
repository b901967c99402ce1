/** Checks of results, by code that shares nothing with what is measured. An error is relative; what it is relative to is said at each. */
import type { Report } from '../../src/analysis/report';
import { Random } from '../../src/base/random';
import { fromBigInt, toBigInt } from '../oracle/exact';
import type { AnalysisProblem, EigenProblem, EigenResult, GramProblem, GramResult, ProblemOf, ResultOf, Task } from './implementation';

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
  };
  return checks[task](problem);
}

const plainGrams = new WeakMap<GramProblem, Float64Array>();

/** X^T X, upper half, by float64 sums in the order of the rows. */
function plainGram(problem: GramProblem): Float64Array {
  let g = plainGrams.get(problem);
  if (!g) plainGrams.set(problem, (g = upperGram(problem.x, problem.rows, problem.columns)));
  return g;
}

function upperGram(x: ArrayLike<number>, rows: number, d: number): Float64Array {
  const g = new Float64Array(d * d);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < d; i++) {
      const v = x[r * d + i]!;
      if (v === 0) continue;
      for (let j = i; j < d; j++) g[i * d + j]! += v * x[r * d + j]!;
    }
  }
  return g;
}

/** Largest |G_ij - reference| / sqrt(G_ii G_jj), both halves. Any order of summation stays within rows * roundoff. */
function gramCheck(problem: GramProblem): Check<'gram-f32' | 'gram-f64'> {
  const { rows, columns: d } = problem;
  const g = plainGram(problem);
  return ({ hi }, roundoff) => {
    if (hi.length !== d * d) throw new Error(`gave ${hi.length} values instead of ${d * d}`);
    let error = 0;
    for (let i = 0; i < d; i++) {
      for (let j = i; j < d; j++) {
        const difference = Math.max(Math.abs(hi[i * d + j]! - g[i * d + j]!), Math.abs(hi[j * d + i]! - g[i * d + j]!));
        error = larger(error, difference / Math.sqrt(g[i * d + i]! * g[j * d + j]!));
      }
    }
    return { error, allowed: rows * (roundoff + 2 ** -53) };
  };
}

/** The same for the sampled entries of hi + lo, against big integers; all entries of hi against float64. */
function exactGramCheck(problem: GramProblem): Check<'gram-exact'> {
  const { rows, columns: d, x } = problem;
  const random = new Random(4);
  const entries = Array.from({ length: SAMPLED_ENTRIES }, () => [random.integer(d), random.integer(d)] as const);
  const integers = Array.from(x, () => null as bigint | null);
  const integer = (at: number) => (integers[at] ??= toBigInt(x[at]!, INPUT_BITS));
  const exact = entries.map(([i, j]) => {
    let sum = 0n;
    for (let r = 0; r < rows; r++) sum += integer(r * d + i) * integer(r * d + j);
    return sum << BigInt(RESULT_BITS - 2 * INPUT_BITS);
  });
  const g = plainGram(problem);
  const whole = gramCheck(problem);
  return (result: GramResult, roundoff) => {
    const rough = whole(result, 2 ** -53);
    if (rough.error > rough.allowed) return rough;
    let error = 0;
    entries.forEach(([i, j], k) => {
      const at = i * d + j;
      const found = toBigInt(result.hi[at]!, RESULT_BITS) + toBigInt(result.lo?.[at] ?? 0, RESULT_BITS);
      error = larger(error, Math.abs(fromBigInt(found - exact[k]!, RESULT_BITS)) / Math.sqrt(g[i * d + i]! * g[j * d + j]!));
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

/** Trace and Frobenius norm of every activation spectrum against a float64 forward pass: largest relative error. */
function analysisCheck(problem: AnalysisProblem): Check<'analysis'> {
  const { samples, width, weights } = problem;
  let x = Float64Array.from(problem.inputs);
  const expected = weights.map(({ w, b }) => {
    const next = new Float64Array(samples * width);
    for (let s = 0; s < samples; s++) {
      for (let o = 0; o < width; o++) {
        let sum = b[o]!;
        for (let i = 0; i < width; i++) sum += x[s * width + i]! * w[o * width + i]!;
        next[s * width + o] = sum;
      }
    }
    x = next;
    const last = w === weights.at(-1)!.w;
    if (!last) x.forEach((v, k) => (x[k] = Math.max(0, v)));
    const g = upperGram(x, samples, width);
    let [trace, squares] = [0, 0];
    for (let i = 0; i < width; i++) for (let j = i; j < width; j++) squares += (i === j ? 1 : 2) * (g[i * width + j]! / samples) ** 2;
    for (let i = 0; i < width; i++) trace += g[i * width + i]! / samples;
    return { trace, squares };
  });
  return (report: Report) => {
    let error = 0;
    expected.forEach(({ trace, squares }, layer) => {
      const spectrum = report.spectra.find((s) => s.tap.layer === `${2 * layer}` && s.tap.side === 'activation');
      if (!spectrum) throw new Error(`gave no activation spectrum of layer ${2 * layer}`);
      const sum = spectrum.eigenvalues.reduce((total, v) => total + v, 0);
      const sumOfSquares = spectrum.eigenvalues.reduce((total, v) => total + v * v, 0);
      error = larger(error, Math.abs(sum / trace - 1));
      error = larger(error, Math.abs(sumOfSquares / squares - 1));
    });
    return { error, allowed: samples * 2 ** -53 };
  };
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
