/** The exact Gram as integers on one thread: the same bits as the GPU's. */
import { integerGramSteps } from '../../../src/numerics/exact/exact-gram';
import { gramOfIntegers } from '../../../src/numerics/exact/integer-gram';
import { runAtOnce } from '../../../src/numerics/stepwise';
import type { PeerModule } from '../implementation';

export const open: PeerModule['open'] = async () => ({
  name: 'deadreckon-integers',
  tasks: {
    'gram-exact': ({ x, rows, columns }) => ({
      roundoff: 2 ** -104,
      async run() {
        const { hi, lo } = gramOfIntegers(runAtOnce(integerGramSteps(x, rows, columns)));
        return { result: () => ({ hi, lo: lo! }) };
      },
    }),
  },
});
