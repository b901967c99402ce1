/** ml-matrix: float64 in plain JavaScript. Its EVD has one mode, with vectors. */
import type { EigenProblem, EigenResult, Job, PeerModule } from '../implementation';

export const open: PeerModule['open'] = async () => {
  const { EigenvalueDecomposition, Matrix } = await import('ml-matrix');
  const roundoff = 2 ** -53;
  const eigen = ({ a: values, n }: EigenProblem): Job<EigenResult> => {
    const a = Matrix.from1DArray(n, n, values);
    return {
      roundoff,
      async run() {
        const found = new EigenvalueDecomposition(a, { assumeSymmetric: true });
        return {
          result: () => ({ values: found.realEigenvalues, vectors: Float64Array.from(found.eigenvectorMatrix.transpose().to1DArray()) }),
        };
      },
    };
  };
  return {
    name: 'ml-matrix',
    tasks: {
      'gram-f64': ({ x: values, rows, columns }) => {
        const x = Matrix.from1DArray(rows, columns, values);
        return {
          roundoff,
          async run() {
            const gram = x.transpose().mmul(x);
            return { result: () => ({ hi: Float64Array.from(gram.to1DArray()) }) };
          },
        };
      },
      eigenvalues: eigen,
      eigenvectors: eigen,
    },
  };
};
