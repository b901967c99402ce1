/** LAPACK's measures of a symmetric eigendecomposition (dsyt21), with fast products. */
import { multiply } from '../../src/numerics/cpu/matmul';
import { exponentOf, largestMagnitude, scaledCopy } from '../../src/numerics/scaling';
import { symmetricEigen } from '../../src/numerics/symmetric-eigen';

const EPS = 2 ** -52;

/** |A V - V Lambda|_F / (|A|_F n eps) and |I - V^T V|_F / (n eps), in a scale where nothing overflows. */
export function eigenRatios(a: Float64Array, n: number): { residual: number; orthogonality: number; values: Float64Array } {
  const { values, vectors } = symmetricEigen(a, n, { vectors: true });
  const v = vectors!;
  const exponent = -exponentOf(largestMagnitude(a));
  const scaled = scaledCopy(a, exponent);
  const lambda = scaledCopy(values, exponent);
  const view = (array: Float64Array, rowStride: number, columnStride: number) => ({ values: array, offset: 0, rowStride, columnStride });
  // Rows of V are eigenvectors: (A V^T)^T = V A, and V V^T.
  const image = new Float64Array(n * n);
  multiply(view(v, n, 1), view(scaled, n, 1), image, 0, n, n, n);
  const overlap = new Float64Array(n * n);
  multiply(view(v, n, 1), view(v, 1, n), overlap, 0, n, n, n);
  let rest = 0;
  let norm = 0;
  let orthogonality = 0;
  for (let at = 0; at < n * n; at++) {
    const k = Math.floor(at / n);
    rest += (image[at]! - lambda[k]! * v[at]!) ** 2;
    norm += scaled[at]! ** 2;
    orthogonality += (overlap[at]! - (at % n === k ? 1 : 0)) ** 2;
  }
  return { residual: Math.sqrt(rest / (norm || 1)) / (n * EPS), orthogonality: Math.sqrt(orthogonality) / (n * EPS), values };
}
