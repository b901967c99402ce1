/** The solver that runs where it is called: in Node, in tests, and inside a solver worker. */
import { eigenvalueSteps } from './solve';
import { runBreathing } from './stepwise';
import type { Solver } from './types';

let last: Promise<unknown> = Promise.resolve();

/** One at a time, in the order in which they come: each has the caches to itself. Lets events through and stops with AbortError. */
export const inlineSolver: Solver = {
  eigenvalues(gram, options = {}) {
    const result = last.then(() => runBreathing(eigenvalueSteps(gram, options.residuals), options.signal));
    last = result.catch(() => {});
    return result;
  },
};
