/** The exact Gram as integers on one thread, with its digest: the same bits as the GPU's. */
import { gramOfRowsAsync } from '../../../src/numerics/cpu/gram';
import { webAssembly } from '../../../src/numerics/wasm/instance';
import { useEngine } from '../../../src/numerics/workspace';
import type { PeerModule } from '../implementation';

export const open: PeerModule['open'] = async () => {
  const engine = webAssembly();
  if (!engine) throw new Error('there is no WebAssembly with SIMD here');
  return {
    name: 'deadreckon-integers',
    tasks: {
      'gram-exact': ({ x, rows, columns }) => ({
        roundoff: 2 ** -104,
        async run() {
          // The choice is global, and others take turns.
          useEngine(engine);
          const { hi, lo } = await gramOfRowsAsync(x, rows, columns);
          return { result: () => ({ hi, lo: lo! }) };
        },
      }),
    },
  };
};
