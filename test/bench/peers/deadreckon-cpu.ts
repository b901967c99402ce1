/** Our float64 code on one thread, with one of its two engines. */
import { gramOfRows, plainGramOfRows } from '../../../src/numerics/cpu/gram';
import { symmetricEigen } from '../../../src/numerics/symmetric-eigen';
import { useEngine } from '../../../src/numerics/workspace';
import type { Engine } from '../../../src/numerics/workspace';
import type { Implementation, Job } from '../implementation';
import { analyzeHere } from './deadreckon-analysis';

const FLOAT64 = 2 ** -53;
const HI_LO = 2 ** -104;

export function cpuImplementation(name: string, engine: Engine): Implementation {
  /** `compute` with the engine put in place: the choice is global, and others take turns. */
  const job = <R>(roundoff: number, compute: () => R): Job<R> => ({
    roundoff,
    async run() {
      useEngine(engine);
      const result = compute();
      return { result: () => result };
    },
  });
  return {
    name,
    tasks: {
      'gram-f64': ({ x, rows, columns }) => {
        const wide = Float64Array.from(x);
        return job(FLOAT64, () => ({ hi: plainGramOfRows(wide, rows, columns).hi }));
      },
      'gram-exact': ({ x, rows, columns }) => {
        // float64 taps: TwoSum. float32 ones are summed as integers (deadreckon-integers).
        const values = Float64Array.from(x);
        return job(HI_LO, () => {
          const { hi, lo } = gramOfRows(values, rows, columns);
          return { hi, lo: lo! };
        });
      },
      eigenvalues: ({ a, n }) => job(FLOAT64, () => ({ values: symmetricEigen(a, n, { vectors: false }).values })),
      eigenvectors: ({ a, n }) =>
        job(FLOAT64, () => {
          const { values, vectors } = symmetricEigen(a, n, { vectors: true });
          return { values, vectors: vectors! };
        }),
      analysis: (problem) => ({
        roundoff: FLOAT64,
        async run() {
          useEngine(engine);
          const report = await analyzeHere(problem);
          return { result: () => report, phases: report.provenance.phases };
        },
      }),
    },
  };
}
