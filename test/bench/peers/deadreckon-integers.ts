/** The exact Gram as integers on one thread, with its digest: the same bits as the GPU's. */
import { gramOfRowsAsync } from '../../../src/numerics/cpu/gram';
import type { PeerModule } from '../implementation';

export const open: PeerModule['open'] = async () => ({
  name: 'deadreckon-integers',
  tasks: {
    'gram-exact': ({ x, rows, columns }) => ({
      roundoff: 2 ** -104,
      async run() {
        const { hi, lo } = await gramOfRowsAsync(x, rows, columns);
        return { result: () => ({ hi, lo: lo! }) };
      },
    }),
  },
});
