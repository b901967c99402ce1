/** Small products, which go by tiles of 2 x 4, against sums in the order of k: the same bits. */
import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random';
import { multiply, type MatrixView } from '../../src/numerics/cpu/matmul';

describe('small matrix products', () => {
  const random = new Random(3);
  const view = (rows: number, columns: number, turned: boolean): MatrixView => ({
    values: random.normals(3 + rows * columns),
    offset: 3,
    rowStride: turned ? 1 : columns,
    columnStride: turned ? rows : 1,
  });
  const at = ({ values, offset, rowStride, columnStride }: MatrixView, i: number, j: number) => values[offset + i * rowStride + j * columnStride]!;

  it.each([[1, 1, 1], [2, 3, 4], [3, 5, 4], [2, 7, 5], [5, 1, 9], [8, 8, 8], [7, 20, 11]])('%i x %i x %i, plain and transposed', (m, k, n) => {
    for (const turnedA of [false, true]) {
      for (const turnedB of [false, true]) {
        const [a, b] = [view(m, k, turnedA), view(k, n, turnedB)];
        const before = random.normals(2 + m * n);
        const out = before.slice();
        multiply(a, b, out, 2, m, k, n);
        for (let i = 0; i < m; i++) {
          for (let j = 0; j < n; j++) {
            let sum = 0;
            for (let t = 0; t < k; t++) sum += at(a, i, t) * at(b, t, j);
            expect(out[2 + i * n + j]).toBe(sum);
          }
        }
        expect(out.subarray(0, 2)).toEqual(before.subarray(0, 2));
      }
    }
  });
});
