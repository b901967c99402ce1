/** What ours and the peers find of spectra over eighteen orders of magnitude: one row for each of them and each input. */
import { spawnSync } from 'node:child_process';
import { EigenvalueDecomposition, Matrix, SingularValueDecomposition } from 'ml-matrix';
import { gramOfRows } from '../../src/numerics/cpu/gram';
import { eigenvaluesOfGram } from '../../src/numerics/solve';
import type { Gram } from '../../src/numerics/types';
import { gradedFactor, gradedName } from '../oracle/graded';
import type { GradedCase } from '../oracle/graded';
import type { GramResult, Implementation } from './implementation';

export interface SmallEndRow {
  readonly input: string;
  readonly method: string;
  /** Decimal digits of the smallest eigenvalue that are right; 0 where there is none. */
  readonly digits: number;
  /** Eigenvalues that are right to 1 %. */
  readonly right: number;
  /** Largest relative error of an eigenvalue. */
  readonly error: number;
  readonly nonPositive: number;
  /** |error| of the sum of logarithms; null where an eigenvalue is not positive. */
  readonly logDeterminant: number | null;
}

/** Prints, as JSON, eigenvalues of X^T X and squared singular values of X, ascending, for the float64 X on standard input. */
const NUMPY = `
import json, sys
import numpy
x = numpy.frombuffer(sys.stdin.buffer.read()).reshape(int(sys.argv[1]), -1)
print(json.dumps([numpy.linalg.eigvalsh(x.T @ x).tolist(), (numpy.linalg.svd(x, compute_uv=False) ** 2).tolist()]))
`;

/** `float32Gram`: a peer whose Gram is float32. */
export async function smallEnd(one: GradedCase, float32Gram: Implementation | null): Promise<SmallEndRow[]> {
  const { rows, columns } = one;
  const x = gradedFactor(one);
  const gram = { ...gramOfRows(x, rows, columns), rows: 1 };
  const householder = (hi: ArrayLike<number>): ArrayLike<number> => {
    const word: Gram = { ...gram, hi: Float64Array.from(hi), lo: null, roundoff: 2 ** -53 };
    return eigenvaluesOfGram(word, { residuals: false }).values;
  };
  const found: [string, ArrayLike<number>][] = [
    ['deadreckon: hi + lo Gram', eigenvaluesOfGram(gram, { residuals: false }).values],
    ['deadreckon: the same, rounded to float64', householder(gram.hi)],
  ];
  const m = Matrix.from1DArray(rows, columns, x);
  const product = m.transpose().mmul(m);
  found.push(['ml-matrix: Gram, EVD', new EigenvalueDecomposition(product, { assumeSymmetric: true }).realEigenvalues]);
  found.push(['ml-matrix: Gram, SVD', new SingularValueDecomposition(product).diagonal]);
  found.push(['ml-matrix: SVD of the factor', new SingularValueDecomposition(m).diagonal.map((s) => s * s)]);
  if (float32Gram?.tasks['gram-f32']) {
    const job = await float32Gram.tasks['gram-f32']({ rows, columns, x: Float32Array.from(x) });
    const result: GramResult = await (await job.run()).result();
    job.dispose?.();
    found.push([`${float32Gram.name}: float32 Gram, our Householder + QL`, householder(result.hi)]);
  }
  const { status, stdout } = spawnSync('python3', ['-c', NUMPY, `${rows}`], { input: new Uint8Array(x.buffer), maxBuffer: 2 ** 26 });
  if (status === 0) {
    const [eigenvalues, squares] = JSON.parse(`${stdout}`) as [number[], number[]];
    found.push(['numpy: Gram, eigvalsh', eigenvalues], ['numpy: SVD of the factor', squares]);
  }
  return found.map(([method, values]) => rowOf(one, method, values));
}

function rowOf(one: GradedCase, method: string, found: ArrayLike<number>): SmallEndRow {
  const values = Float64Array.from(found).sort().reverse();
  const errors = one.eigenvalues.map((want, i) => Math.abs(values[i]! / Number(want) - 1));
  const nonPositive = values.filter((v) => !(v > 0)).length;
  const last = errors[errors.length - 1]!;
  return {
    input: gradedName(one),
    method,
    digits: Math.max(0, -Math.log10(Math.max(last, 2 ** -53))),
    right: errors.filter((e) => e < 0.01).length,
    error: Math.max(...errors),
    nonPositive,
    logDeterminant: nonPositive > 0 ? null : Math.abs(values.reduce((sum, v) => sum + Math.log(v), 0) - Number(one.logDeterminant)),
  };
}

/** Markdown. */
export function smallEndTable(rows: readonly SmallEndRow[]): string {
  const short = (v: number) => (v === 0 ? '0' : v.toExponential(0));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['input', 'method', 'digits of the smallest', 'right to 1 %', 'largest relative error', 'not positive', 'error of log det+']),
    line(Array(7).fill('---')),
    ...rows.map((r) =>
      line([r.input, r.method, r.digits.toFixed(1), `${r.right}`, short(r.error), `${r.nonPositive}`, r.logDeterminant === null ? 'undefined' : short(r.logDeterminant)]),
    ),
  ].join('\n');
}
