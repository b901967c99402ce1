/** What an analysis does with the hi + lo Gram of a tap: double-double Cholesky and the singular values of R. */
import { eigenvaluesOfGram } from '../../../src/numerics/solve';
import { webAssembly } from '../../../src/numerics/wasm/instance';
import { useEngine } from '../../../src/numerics/workspace';
import type { PeerModule } from '../implementation';

export const open: PeerModule['open'] = async () => {
  const engine = webAssembly();
  if (!engine) throw new Error('there is no WebAssembly with SIMD here');
  return {
    name: 'deadreckon-wasm-pairs',
    tasks: {
      eigenvalues: ({ a, n }) => {
        const gram = { dimension: n, rows: 1, hi: a, lo: new Float64Array(n * n), roundoff: 2 ** -104, digest: null };
        return {
          roundoff: 2 ** -53,
          async run() {
            useEngine(engine);
            const { values } = eigenvaluesOfGram(gram, { residuals: false });
            return { result: () => ({ values }) };
          },
        };
      },
    },
  };
};
